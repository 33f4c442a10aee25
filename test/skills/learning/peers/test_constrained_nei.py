# SPDX-License-Identifier: Apache-2.0
import numpy as np

from vi_ik_ros.skills.learning.peers.constrained_nei import ConstrainedNei
from vi_ik_ros.skills.learning.peers.eic import Eic


def test_likely_success_is_sought_before_the_first_one(toy) -> None:
    rng = np.random.default_rng(0)
    optimizers = [kind(toy.problem(), 0) for kind in (ConstrainedNei, Eic)]
    for x in rng.random((5, 3)):
        outcome = toy.outcome(np.array([0.5 + 0.5 * x[0], *x[1:]]), rng)
        for optimizer in optimizers:
            optimizer.observe(outcome)
    sampled, exact = (optimizer.suggest() for optimizer in optimizers)
    assert sampled.reason == exact.reason == "feasibility"
    assert sampled.probability >= 0.8 * exact.probability  # both maximise the same by other means


def test_improvement_is_sought_where_success_is_likely(toy) -> None:
    optimizer = ConstrainedNei(toy.problem(), 0, safe_point=toy.safe)
    toy.play(optimizer, 15)
    suggestion = optimizer.suggest()
    assert suggestion.reason == "acquisition"
    assert suggestion.probability > 0.2
