# SPDX-License-Identifier: Apache-2.0
from types import SimpleNamespace

import numpy as np

from vi_ik_ros.benchmarks.skill_learning.measures.warm_start import (
    first,
    staying,
    warm_start_rows,
)

MARKS = np.array([1, 2, 3, 4])
GOOD = np.array(
    [
        [True, True, True, True],
        [False, True, False, True],
        [False, False, False, False],
        [True, True, True, False],
    ]
)


def test_the_first_good_recommendation_counts_or_all_and_one_more():
    np.testing.assert_array_equal(first(GOOD, MARKS), [1, 2, 5, 1])


def test_to_stay_good_is_more():
    np.testing.assert_array_equal(staying(GOOD, MARKS), [1, 4, 5, 5])


def test_an_optimum_is_valid_and_near_and_the_goal_is_that_of_warm_starts():
    run = SimpleNamespace(
        marks=MARKS,
        feasible=np.array([[0.0], [1.0], [1.0], [1.0]]),
        passed=np.array([[0.0], [9.0], [7.0], [8.0]]),
        true_costs=np.array([[0.3], [0.5], [0.32], [0.32]]),
    )
    rows = warm_start_rows("task", {"cold start": [run], "warm start": [run]}, 0.7)
    found = {row.metric: row for row in rows if row.case.startswith("task, warm")}
    assert found["episodes to a valid recommendation, median"].value == 2.0
    assert found["episodes until feasible to stay, median"].value == 2.0
    assert found["episodes to a valid optimum, regret 0.05, median"].value == 4.0
    assert found["episodes until regret 0.05 to stay, median"].value == 3.0
    goals = {row.case for row in rows if row.reference is not None}
    assert goals == {"task, warm start, p 0.8"}
