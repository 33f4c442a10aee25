# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.warm_start.distinct import distinct, leaders_by_group


def slow_leaders(q: np.ndarray, tolerance: float) -> list[int]:
    leaders: list[int] = []
    for i, row in enumerate(q):
        if all(np.abs(row - q[k]).max() > tolerance for k in leaders):
            leaders.append(i)
    return leaders


@pytest.mark.parametrize("tolerance", [0.05, 0.2, 1.0, 10.0])
def test_equals_the_definition(tolerance: float) -> None:
    q = np.random.default_rng(0).uniform(-1, 1, (300, 3))
    assert distinct(q, tolerance).tolist() == slow_leaders(q, tolerance)


def test_leaders_are_apart_and_every_row_is_near_one() -> None:
    q = np.random.default_rng(1).normal(size=(500, 4))
    leaders = q[distinct(q, 0.5)]
    gaps = np.abs(q[:, None] - leaders).max(axis=2)
    assert (gaps.min(axis=1) <= 0.5).all()
    among = np.abs(leaders[:, None] - leaders).max(axis=2) + 10 * np.eye(len(leaders))
    assert among.min() > 0.5


def test_continuous_joints_wrap() -> None:
    q = np.array([[np.pi - 0.05, 0.0], [-np.pi + 0.05, 0.0], [0.0, 0.0]])
    assert distinct(q, 0.2).tolist() == [0, 1, 2]
    assert distinct(q, 0.2, np.array([True, False])).tolist() == [0, 2]


def test_zero_keeps_all_and_a_limit_stops() -> None:
    q = np.zeros((5, 2))
    assert distinct(q, 0.0).tolist() == [0, 1, 2, 3, 4]
    assert distinct(np.eye(5), 0.2, max_leaders=2).tolist() == [0, 1]
    assert distinct(np.empty((0, 3))).tolist() == []


def test_groups_do_not_see_each_other() -> None:
    q = np.random.default_rng(2).uniform(-1, 1, (120, 2))
    groups = np.repeat([0, 3, 4], 40)
    together = leaders_by_group(q, groups, 0.3, None, 100)
    for group in (0, 3, 4):
        rows = groups == group
        assert np.flatnonzero(together[rows]).tolist() == distinct(q[rows], 0.3).tolist()


def test_bad_input_is_named() -> None:
    with pytest.raises(InvalidInput, match="tolerance"):
        distinct(np.zeros((2, 2)), -0.1)
    with pytest.raises(InvalidInput, match="tolerance"):
        distinct(np.zeros((2, 2)), float("nan"))
    with pytest.raises(InvalidInput, match="q: got"):
        distinct(np.zeros(3))
