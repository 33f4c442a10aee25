# SPDX-License-Identifier: Apache-2.0
import dataclasses

import numpy as np

from vi_ik_ros.skills.learning.peers.gpcr import Gpcr


def test_metrics_of_failures_are_not_seen(toy) -> None:
    rng = np.random.default_rng(0)
    outcomes = [toy.outcome(x, rng) for x in [toy.safe, toy.safe + 0.05, *rng.random((6, 3))]]
    suggested = []
    for factor in (1.0, 10.0):
        optimizer = Gpcr(toy.problem(), 0)
        for one in outcomes:
            scale = 1.0 if one.success else factor
            optimizer.observe(dataclasses.replace(one, constraints=scale * one.constraints))
        suggested.append(optimizer.suggest().x)
    np.testing.assert_array_equal(*suggested)


def test_failures_are_believed(toy) -> None:
    optimizer = Gpcr(toy.problem(), 0)
    rng = np.random.default_rng(0)
    fast = np.array([0.9, 0.6, 0.4])
    for x in (toy.safe, fast, toy.safe + 0.03, fast - 0.02, toy.safe - 0.03, fast + 0.02):
        optimizer.observe(toy.outcome(x, rng))
    safe, unsafe = np.exp(optimizer.belief().success.log_probability(np.array([toy.safe, fast])))
    assert safe > 0.7 > 0.3 > unsafe
