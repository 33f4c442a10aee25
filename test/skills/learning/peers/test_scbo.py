# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.skills.learning.peers.monolithic.history import History
from vi_ik_ros.skills.learning.peers.scbo import (
    FIRST_LENGTH,
    MANY_SUCCESSES,
    Scbo,
    TrustRegion,
)


def history(costs, violations):
    """Episodes at 0.01, 0.02, ...; those with a violation failed."""
    violations = np.array(violations, dtype=float)
    n = len(violations)
    success = violations <= 0.0
    x = np.repeat(0.01 * np.arange(1, n + 1)[:, None], 2, axis=1)
    cost = np.where(success, np.array(costs, dtype=float), np.nan)
    return History(x, success, cost, violations, np.where(success, 2, 0))


def region(costs, violations, num_initial=1):
    return TrustRegion.of(history(costs, violations), num_initial)


def test_centre_is_the_least_violation_before_a_success() -> None:
    found = region([0.0] * 3, [3.0, 1.0, 2.0])
    np.testing.assert_allclose(found.centre, 0.02)


def test_any_success_beats_every_failure_then_cost_decides() -> None:
    found = region([0.9, 0.0, 0.4, 0.6], [-1.0, 0.01, -0.1, -5.0])
    np.testing.assert_allclose(found.centre, 0.03)


def test_improvements_in_a_row_double_the_box() -> None:
    costs = [1.0 - 0.1 * i for i in range(MANY_SUCCESSES + 1)]
    assert region(costs, [-1.0] * len(costs)).length == 2.0 * FIRST_LENGTH
    assert region(costs[:-1], [-1.0] * (len(costs) - 1)).length == FIRST_LENGTH


def test_misses_in_a_row_halve_the_box() -> None:
    assert region([0.5] * 5, [-1.0] * 5).length == 0.5 * FIRST_LENGTH
    assert region([0.5] * 4, [-1.0] * 4).length == FIRST_LENGTH


def test_tiny_box_begins_anew() -> None:
    lengths = [region([0.5] * n, [-1.0] * n).length for n in range(1, 40)]
    assert min(lengths) >= 0.5**7
    assert lengths[-1] > min(lengths)


def test_initial_episodes_do_not_count() -> None:
    assert region([0.5] * 5, [-1.0] * 5, num_initial=5).length == FIRST_LENGTH


def test_samples_lie_in_the_box_and_in_the_cube() -> None:
    box = TrustRegion(np.array([0.05, 0.5]), 0.2)
    points = box.sample(np.random.default_rng(0), 500)
    assert (points >= [0.0, 0.4]).all()
    assert (points <= [0.15, 0.6]).all()
    assert points[:, 0].max() == pytest.approx(0.15, abs=0.01)


def test_suggestions_stay_in_the_trust_region(toy) -> None:
    optimizer = Scbo(toy.problem(), 0, safe_point=toy.safe)
    toy.play(optimizer, 12)
    found = TrustRegion.of(optimizer.belief().history, 4)
    distance = np.abs(optimizer.suggest().x - found.centre)
    assert (distance <= 0.5 * found.length + 1e-9).all()
