# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.skills.learning.peers.pibu import Pibu, PibuSettings


def test_without_a_success_it_seeks_uncertainty(toy) -> None:
    optimizer = Pibu(toy.problem(), 0)
    rng = np.random.default_rng(0)
    for x in rng.random((6, 3)):
        optimizer.observe(toy.outcome(np.array([0.9, *x[1:]]), rng))
    suggestion = optimizer.suggest()
    assert suggestion.reason == "uncertainty"
    assert suggestion.probability < 0.2


def test_from_a_safe_start_it_stays_near_what_succeeded(toy) -> None:
    optimizer = Pibu(toy.problem(), 0, PibuSettings(num_initial=1), safe_point=toy.safe)
    rng = np.random.default_rng(0)
    reasons, seen = set(), []
    for _ in range(12):
        suggestion = optimizer.suggest()
        if seen:
            reasons.add(suggestion.reason)
            nearest = min(np.linalg.norm(suggestion.x - x) for x in seen)
            assert nearest < 0.2
        outcome = toy.outcome(suggestion.x, rng)
        optimizer.observe(outcome)
        seen += [outcome.x] if outcome.success else []
    assert reasons == {"improvement", "boundary"} or reasons == {"boundary"}
    assert len(seen) >= 6


def test_suggestions_are_inside_or_on_the_boundary(toy) -> None:
    optimizer = Pibu(toy.problem(), 0, safe_point=toy.safe)
    toy.play(optimizer, 10)
    suggestion = optimizer.suggest()
    least = {"improvement": 0.55, "boundary": 0.45}[suggestion.reason]
    assert suggestion.probability >= least - 1e-9
    if suggestion.reason == "boundary":
        assert suggestion.probability <= 0.55


@pytest.mark.parametrize("prior_mean", [-7.0, 7.0])
def test_prior_mean_decides_about_the_unknown(toy, prior_mean) -> None:
    optimizer = Pibu(toy.problem(), 0, PibuSettings(prior_mean=prior_mean))
    optimizer.observe(toy.outcome(np.zeros(3), np.random.default_rng(0)))
    unknown = optimizer.belief().success.log_probability(np.ones((1, 3)))
    assert (np.exp(unknown[0]) > 0.5) == (prior_mean > 0.0)
