# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.benchmarks.skill_learning.tasks.best_point import best_point
from vi_ik_ros.benchmarks.skill_learning.tasks.surrogate import (
    ADJACENCY,
    FACTOR_OF,
    SPACE,
    Surrogate,
)
from vi_ik_ros.benchmarks.skill_learning.tasks.surrogate_constants import SurrogateConstants

SAFE = SPACE.to_unit(np.array([[p.default for p in SPACE.parameters]]))[0]


@pytest.fixture(scope="module")
def surrogate():
    return Surrogate()


def test_five_to_ten_percent_of_the_box_are_feasible(surrogate):
    x = np.random.default_rng(0).random((100_000, 3))
    assert 0.05 < surrogate.truths(x)[1].mean() < 0.10


def test_constraints_depend_on_what_the_adjacency_says_and_on_nothing_else(surrogate):
    x = np.random.default_rng(1).random((200, 3))
    before = surrogate.excesses(x)
    for d in range(3):
        moved = x.copy()
        moved[:, d] = np.random.default_rng(2).random(200)
        changed = (surrogate.excesses(moved) != before).any(0)  # (8,)
        by_factor = np.array([changed[j == FACTOR_OF].any() for j in range(4)])
        np.testing.assert_array_equal(by_factor, np.array(ADJACENCY, dtype=bool)[:, d])


def test_the_told_probability_is_the_share_of_noisy_successes(surrogate):
    for x in (
        best_point(surrogate, 0.8).x,
        best_point(surrogate, 0.5).x,
        np.array([0.26, 0.7, 0.7]),
    ):
        share = np.mean([surrogate.execute(x, seed).success for seed in range(2000)])
        assert share == pytest.approx(surrogate.truth(x).probability, abs=0.04)


def test_mean_cost_of_successes_is_the_true_cost(surrogate):
    outcomes = [surrogate.execute(SAFE, seed) for seed in range(500)]
    costs = [one.cost(surrogate.problem.weights) for one in outcomes]
    assert np.mean(costs) == pytest.approx(surrogate.truth(SAFE).cost, abs=2e-3)


def test_every_primitive_fails_somewhere_and_nothing_is_known_of_what_follows(surrogate):
    rng = np.random.default_rng(0)
    seen = set()
    for seed in range(400):
        outcome = surrogate.execute(rng.random(3), seed)
        last = outcome.last_primitive
        seen.add(last)
        assert outcome.success == (last == 4) == (not outcome.fired.any())
        assert np.isnan(outcome.kept[last + 1 :]).all()
        assert np.isnan(outcome.constraints[last + 1 :]).all()
        assert (outcome.kept[:last] == 1.0).all() and (outcome.constraints[:last] <= 0.0).all()
        assert np.isnan(outcome.costs[last:]).all() and not np.isnan(outcome.costs[:last]).any()
        if not outcome.success:
            assert outcome.fired.nonzero()[0].tolist() == [last]
            assert outcome.kept[last] == 0.0 and outcome.constraints[last] > 0.0
    assert seen == {0, 1, 2, 3, 4}


def test_an_episode_is_decided_by_its_seed(surrogate):
    first, again, other = (surrogate.execute(SAFE, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.constraints, again.constraints)
    assert not np.array_equal(first.constraints, other.constraints)


def test_the_defaults_are_safe(surrogate):
    assert surrogate.truth(SAFE).probability > 0.999


def test_nothing_feasible_is_better_than_the_optimum(surrogate):
    x = np.random.default_rng(3).random((50_000, 3))
    cost, feasible, probability = surrogate.truths(x)
    for required, allowed in ((None, feasible), (0.8, probability >= 0.8)):
        best = best_point(surrogate, required)
        least = cost[allowed].min()
        assert least - 0.03 < best.cost <= least
    assert best.probability == pytest.approx(0.8, abs=1e-3)


def test_a_stiffer_contact_allows_less(surrogate):
    stiff = Surrogate(replace(SurrogateConstants(), stiffness=11000.0))
    assert best_point(stiff).x[0] < best_point(surrogate).x[0]
