# SPDX-License-Identifier: Apache-2.0
import dataclasses

import numpy as np
import pytest

from vi_ik_ros.skills.learning.graph_optimizer.assignment import Assigned, assign, constraint_data
from vi_ik_ros.skills.learning.graph_optimizer.naive_bayes import (
    naive_bayes_outcome,
    naive_bayes_problem,
)
from vi_ik_ros.skills.learning.graph_optimizer.settings import GraphSettings
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome

N, S, F, A = Assigned.NOTHING, Assigned.SAFE, Assigned.FAILED, Assigned.ASSUMED
LETTERS = {"-": N, "s": S, "f": F, "a": A}

# Screw insertion: approach, correction, search, align, insert; the last two share a factor.
FACTORS = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 1, 0]], dtype=bool)
ACTIVITY = np.array(
    [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1]], dtype=bool
)
SCOPES = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 1], [0, 1, 0], [0, 1, 0]], dtype=bool)


@pytest.fixture
def screw(toy):
    small = toy.problem()
    return dataclasses.replace(
        small,
        primitives=("approach", "correction", "search", "align", "insert"),
        factors=("impact", "correction", "search", "insert"),
        weights=np.full(5, 0.2),
        scopes=SCOPES,
        adjacency=FACTORS,
        activity=ACTIVITY,
    )


def episode(last: int, fired: list[int], x=(0.5, 0.5, 0.5)) -> EpisodeOutcome:
    """An episode of the screw that failed in a primitive, or succeeded if that is 5."""
    violated = np.isin(np.arange(4), fired)
    reached = ACTIVITY[: last + 1].any(0)
    return EpisodeOutcome(
        x=np.array(x),
        success=last == 5,
        last_primitive=last,
        costs=np.where(np.arange(5) < last, 0.5, np.nan),
        constraints=np.where(reached, np.where(violated, 0.1, -0.3), np.nan),
        kept=np.where(reached, np.where(violated, 0.0, 1.0), np.nan),
        fired=violated,
    )


@pytest.mark.parametrize(
    ("last", "fired", "off", "same_cause", "everything"),
    [
        (0, [0], "f---", "fa--", "fa--"),  # an approach explores the first parameter only
        (1, [1], "sf--", "sfaa", "sfaa"),  # the correction shares its gain with all that follow
        (2, [2], "ssf-", "ssfa", "ssfa"),
        (3, [3], "sssf", "sssf", "sssf"),
        (4, [3], "sssf", "sssf", "sssf"),
        (5, [], "ssss", "ssss", "ssss"),
        (0, [], "f---", "fa--", "fa--"),  # of unknown cause: whatever was active
        (4, [], "sssf", "sssf", "sssf"),
    ],
)
def test_factor_graph_table(screw, last, fired, off, same_cause, everything) -> None:
    for switch, row in (("off", off), ("same_cause", same_cause), ("all", everything)):
        expected = tuple(LETTERS[letter] for letter in row)
        assert assign(episode(last, fired), screw, switch) == expected


@pytest.mark.parametrize(
    ("last", "off", "everything"),
    [
        (0, "f----", "f----"),
        (1, "sf---", "sfaaa"),
        (2, "ssf--", "ssfaa"),
        (3, "sssf-", "sssfa"),
        (4, "ssssf", "ssssf"),
        (5, "sssss", "sssss"),
    ],
)
def test_naive_bayes_table(screw, last, off, everything) -> None:
    chain = naive_bayes_problem(screw)
    fired = [] if last == 5 else list(np.flatnonzero(ACTIVITY[last]))
    outcome = naive_bayes_outcome(episode(last, fired), screw)
    for switch, row in (("off", off), ("all", everything)):
        assert assign(outcome, chain, switch) == tuple(LETTERS[letter] for letter in row)


def test_same_cause_is_narrower_than_all_that_was_explored(screw) -> None:
    outcome = episode(1, [1])
    elsewhere = dataclasses.replace(
        screw, adjacency=np.array([[1, 0, 0], [0, 1, 0], [1, 0, 1], [0, 0, 1]], dtype=bool)
    )
    assert assign(outcome, elsewhere, "same_cause") == (S, F, N, N)
    assert assign(outcome, elsewhere, "all") == (S, F, A, N)


def test_factor_that_fired_fails_though_it_was_active_before(screw) -> None:
    early = dataclasses.replace(screw, activity=ACTIVITY | np.eye(5, 4, dtype=bool))
    spread = early.activity.copy()
    spread[0, 3] = True
    assert assign(episode(4, [3]), dataclasses.replace(screw, activity=spread), "off")[3] is F


def test_factor_broken_off_by_the_failure_of_another_is_censored(screw) -> None:
    activity = ACTIVITY.copy()
    activity[2, 3] = True  # the last factor is active in the search as well
    problem = dataclasses.replace(screw, activity=activity)
    assert assign(episode(2, [2]), problem, "all") == (S, S, F, N)


def test_factor_that_pauses_in_the_failed_primitive_was_kept_so_far(screw) -> None:
    activity = ACTIVITY.copy()
    activity[1, 3] = True  # active before the search and after it
    problem = dataclasses.replace(screw, activity=activity)
    assert assign(episode(2, [2]), problem, "all") == (S, S, F, S)


def test_factor_that_is_active_nowhere_learns_nothing_of_failures(screw) -> None:
    problem = dataclasses.replace(screw, activity=ACTIVITY & (np.arange(4) != 1))
    assert assign(episode(2, [2]), problem, "all")[1] is N


def test_data_have_the_metrics_that_belong_to_them(screw) -> None:
    outcomes = [episode(5, []), episode(2, [2]), episode(2, [])]
    data = constraint_data(outcomes, screw, GraphSettings())
    np.testing.assert_array_equal(data[2].safe.outputs, [-0.3])
    np.testing.assert_array_equal(data[2].failed.outputs, [0.1, -0.3])
    assert len(data[3].failed.outputs) == 0


def test_successes_without_a_metric_are_left_out(screw) -> None:
    outcome = dataclasses.replace(episode(5, []), constraints=np.full(4, np.nan))
    assert [
        len(one.safe.outputs) for one in constraint_data([outcome], screw, GraphSettings())
    ] == [0] * 4


def test_assumed_failures_are_noisier_and_have_no_metric(screw) -> None:
    settings = GraphSettings(assign_unreached="all", assumed_noise=7.0)
    failed = constraint_data([episode(1, [1])], screw, settings)[3].failed
    np.testing.assert_array_equal(failed.relative_noise, [7.0])
    assert np.isnan(failed.outputs).all()


def test_success_nearby_removes_assumed_failures_and_no_others(screw) -> None:
    settings = GraphSettings(assign_unreached="all")
    near, far = (0.9, 0.52, 0.1), (0.9, 0.8, 0.1)  # the last factor sees the gain alone
    assumed = episode(1, [1])
    assert not len(
        constraint_data([assumed, episode(5, [], near)], screw, settings)[3].failed.outputs
    )
    assert len(constraint_data([assumed, episode(5, [], far)], screw, settings)[3].failed.outputs)
    observed = [episode(4, [3]), episode(5, [], near)]
    assert len(constraint_data(observed, screw, settings)[3].failed.outputs)
