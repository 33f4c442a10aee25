# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from vi_ik_ros.skills.plants.comau.wire.units import (
    angles_from_controller,
    angles_to_controller,
    deviation_from_controller,
    deviation_to_controller,
    pose_from_controller,
    pose_to_controller,
)

RNG = np.random.default_rng(4)


def about(axis: str, degrees: float) -> np.ndarray:
    return Rotation.from_euler(axis, degrees, degrees=True).as_matrix()


def random_pose(angle: float = np.pi) -> np.ndarray:
    T = np.eye(4)
    turn = RNG.normal(size=3)
    T[:3, :3] = Rotation.from_rotvec(
        turn / np.linalg.norm(turn) * RNG.uniform(0, angle)
    ).as_matrix()
    T[:3, 3] = RNG.normal(size=3)
    return T


@pytest.mark.parametrize("_", range(20))
def test_the_fourth_number_turns_about_z_the_sixth_about_x(_):
    numbers = np.concatenate([RNG.normal(size=3) * 500, RNG.uniform(-180, 180, 3)])
    e4, e5, e6 = numbers[3:]
    T = pose_from_controller(numbers)
    expected = about("x", e6) @ about("y", e5) @ about("z", e4)
    np.testing.assert_allclose(T[:3, :3], expected, atol=1e-12)
    np.testing.assert_allclose(T[:3, 3], numbers[:3] / 1000, atol=1e-12)
    assert np.abs(about("z", e4) @ about("y", e5) @ about("x", e6) - T[:3, :3]).max() > 1e-3


@pytest.mark.parametrize("_", range(20))
def test_poses_come_back(_):
    T = random_pose()
    np.testing.assert_allclose(pose_from_controller(pose_to_controller(T)), T, atol=1e-9)


@pytest.mark.parametrize("middle", [90.0, -90.0])
def test_poses_come_back_where_two_axes_fall_together(middle):
    T = pose_from_controller([1.0, 2.0, 3.0, 20.0, middle, 50.0])
    numbers = pose_to_controller(T)
    assert numbers[3] == 0.0
    np.testing.assert_allclose(pose_from_controller(numbers), T, atol=1e-9)


def test_a_tool_that_points_down_has_no_negative_zero_trouble():
    T = np.diag([-1.0, 1.0, -1.0, 1.0])
    np.testing.assert_allclose(pose_from_controller(pose_to_controller(T)), T, atol=1e-12)


@pytest.mark.parametrize("order", ["xyz", "zyx"])
@pytest.mark.parametrize("_", range(10))
def test_deviations_come_back(order, _):
    delta = random_pose(angle=0.5)
    unit = RNG.uniform(0.01, 1.0)
    numbers = deviation_to_controller(delta, order, unit)
    np.testing.assert_allclose(deviation_from_controller(numbers, order, unit), delta, atol=1e-12)


def test_orders_differ_in_which_number_turns_about_x():
    delta = np.eye(4)
    delta[:3, :3] = about("x", 0.1)
    in_degrees = np.pi / 180
    first = deviation_to_controller(delta, "xyz", in_degrees)
    last = deviation_to_controller(delta, "zyx", in_degrees)
    np.testing.assert_allclose(first, [0, 0, 0, 0.1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(last, [0, 0, 0, 0, 0, 0.1], atol=1e-12)
    assert not deviation_to_controller(delta, "none", in_degrees).any()


def test_angles_are_degrees_there():
    q = RNG.normal(size=6)
    np.testing.assert_allclose(angles_to_controller(q), q * 180 / np.pi)
    np.testing.assert_allclose(angles_from_controller(angles_to_controller(q)), q)
