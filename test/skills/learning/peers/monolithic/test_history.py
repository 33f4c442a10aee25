# SPDX-License-Identifier: Apache-2.0
import dataclasses

import numpy as np
import pytest

from vi_ik_ros.skills.learning.peers.monolithic.history import History

INSIDE, TOO_FAST, MISSED = [0.1, 0.6, 0.4], [0.8, 0.6, 0.4], [0.1, 0.1, 0.1]


@pytest.fixture
def outcomes(toy):
    rng = np.random.default_rng(0)
    return [toy.outcome(np.array(x), rng) for x in (TOO_FAST, MISSED, INSIDE, TOO_FAST)]


def test_arrays_are_in_the_order_of_episodes(toy, outcomes) -> None:
    history = History.of(outcomes, toy.problem())
    assert history.success.tolist() == [False, False, True, False]
    assert history.progress.tolist() == [0, 1, 2, 0]
    np.testing.assert_array_equal(np.isnan(history.cost), ~history.success)
    assert history.cost[2] == outcomes[2].cost(toy.problem().weights)
    assert (history.best, history.farthest) == (2, 2)
    assert len(history.first(2)) == 2
    assert history.first(2).best is None
    assert history.first(1).farthest == 0


def test_violation_is_the_largest_of_all_factors(toy, outcomes) -> None:
    history = History.of(outcomes, toy.problem())
    largest = [np.nanmax(outcome.constraints) for outcome in outcomes]
    np.testing.assert_array_equal(history.violation, largest)
    assert history.violation[2] < 0.0


@pytest.mark.parametrize("seen", [np.nan, -0.1, -np.inf, np.inf])
def test_metric_that_does_not_explain_a_failure_is_a_gap(toy, outcomes, seen) -> None:
    blind = dataclasses.replace(outcomes[0], constraints=np.array([seen, np.nan]))
    history = History.of([blind, *outcomes[1:]], toy.problem())
    assert np.isnan(history.violation[0])
    filled = history.completed_violation()
    assert filled[0] == np.median(history.violation[[1, 3]])
    np.testing.assert_array_equal(filled[1:], history.violation[1:])


def test_gaps_without_any_metric_say_only_the_label(toy, outcomes) -> None:
    none = np.full(2, np.nan)
    blind = [dataclasses.replace(outcome, constraints=none) for outcome in outcomes]
    filled = History.of(blind, toy.problem()).completed_violation()
    assert filled.tolist() == [1.0, 1.0, -1.0, 1.0]


def test_no_episodes_have_no_rows(toy) -> None:
    history = History.of([], toy.problem())
    assert history.x.shape == (0, 3)
    assert len(history) == 0
