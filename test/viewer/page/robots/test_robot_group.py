# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.viewer.page.robots.capsule_shapes import capsule_shapes
from vi_ik_ros.viewer.page.robots.link_shapes import shape_poses
from vi_ik_ros.viewer.page.robots.robot_group import RobotGroup
from vi_ik_ros.viewer.palette import component_colors


@pytest.fixture(scope="module")
def robot():
    return RobotModel.load("panda")


@pytest.fixture
def group(server, robot):
    return RobotGroup(server, "/robots", robot, capsule_shapes(robot), opacity=0.4)


def configurations(robot, n, seed=0):
    return np.random.default_rng(seed).uniform(robot.lower, robot.upper, (n, robot.nq))


def shown(group):
    """Return T_root_shape (n, 4, 4) of each batch in the scene."""
    poses = []
    for handle in group.handles:
        T = np.tile(np.eye(4), (len(handle.batched_positions), 1, 1))
        T[:, :3, 3] = handle.batched_positions
        T[:, :3, :3] = Rotation.from_quat(handle.batched_wxyzs[:, [1, 2, 3, 0]]).as_matrix()
        poses.append(T)
    return poses


def test_the_scene_holds_each_shape_of_each_robot(group, robot):
    q = configurations(robot, 5)
    group.show(q, component_colors(np.arange(5)))
    expected = shape_poses(robot, capsule_shapes(robot), q)
    for T, T_expected in zip(shown(group), expected, strict=True):
        np.testing.assert_allclose(T, T_expected, atol=1e-5)
    assert all(handle.opacity == 0.4 for handle in group.handles)


def test_as_many_robots_move_without_being_made_again(group, robot, server):
    group.show(configurations(robot, 5), component_colors(np.arange(5)))
    handles = list(group.handles)
    q, colors = configurations(robot, 5, seed=1), component_colors(np.arange(5) + 7)
    group.show(q, colors)
    assert group.handles == handles
    expected = shape_poses(robot, capsule_shapes(robot), q)
    np.testing.assert_allclose(shown(group)[-1], expected[-1], atol=1e-5)
    np.testing.assert_array_equal(group.handles[-1].batched_colors, np.round(255 * colors))


@pytest.mark.parametrize("count", [0, 2])
def test_another_number_replaces_them(group, robot, server, count):
    group.show(configurations(robot, 5), component_colors(np.arange(5)))
    group.show(configurations(robot, count), component_colors(np.arange(count)))
    assert group.count == count
    assert {len(T) for T in shown(group)} == ({1, count} if count else set())
    group.clear()
    assert server.scene.get_handle_by_name("/robots/to_link_panda_link8") is None
