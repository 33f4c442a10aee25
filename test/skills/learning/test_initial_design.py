# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.learning.initial_design import initial_points, sobol_points


@pytest.mark.parametrize("n", [0, 1, 3, 4, 5, 60])
def test_fewer_points_begin_the_same_sequence(n) -> None:
    points = initial_points(3, 7, n)
    assert points.shape == (n, 3)
    np.testing.assert_array_equal(points, sobol_points(3, 7, 64)[:n])


def test_points_depend_on_the_seed_alone() -> None:
    np.testing.assert_array_equal(initial_points(4, 1), initial_points(4, 1))
    assert (initial_points(4, 1) != initial_points(4, 2)).any()


def test_points_fill_the_cube() -> None:
    points = sobol_points(3, 0, 64)
    assert ((points >= 0.0) & (points < 1.0)).all()
    counts = [np.histogram(column, 8, (0.0, 1.0))[0] for column in points.T]
    assert (np.array(counts) == 8).all()


def test_safe_point_takes_the_first_episode() -> None:
    safe = np.array([0.1, 0.2, 0.3])
    points = initial_points(3, 0, 4, safe_point=safe)
    np.testing.assert_array_equal(points[0], safe)
    np.testing.assert_array_equal(points[1:], initial_points(3, 0, 4)[1:])


@pytest.mark.parametrize("point", [[0.5, 0.5], [0.1, 0.2, 1.2], [0.1, 0.2, float("nan")]])
def test_safe_point_outside_the_cube_is_refused(point) -> None:
    with pytest.raises(InvalidInput, match="safe_point"):
        initial_points(3, 0, 4, safe_point=point)
