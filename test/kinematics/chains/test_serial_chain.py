# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pinocchio as pin
import pytest

from vi_ik_ros.exceptions import RobotError
from vi_ik_ros.kinematics.chains.serial_chain import SerialChain


def tip_pose(chain: SerialChain, q: np.ndarray) -> np.ndarray:
    """The formula in SerialChain's docstring."""
    T = np.eye(4)
    for T_parent_joint, prismatic, value in zip(
        chain.T_parent_joint, chain.prismatic, q[chain.columns], strict=True
    ):
        motion = np.eye(4)
        if prismatic:
            motion[2, 3] = value
        else:
            motion[:3, :3] = pin.exp3(np.array([0.0, 0.0, value]))
        T = T @ T_parent_joint @ motion
    return T @ chain.T_last_tip


@pytest.mark.parametrize("root", ["trunk", "z_arm", "z_hand", "a_arm"])
@pytest.mark.parametrize("tip", ["trunk", "z_slide", "z_hand", "a_tool"])
@pytest.mark.parametrize("name", ["tree", "tree_floating"])
def test_chain_equals_pinocchio_up_and_down_the_tree(robots, draw, name, root, tip):
    robot = robots[name]
    if robot.frame(root)[0] == robot.frame(tip)[0]:
        return
    chain = robot.serial_chain(tip, root)
    for q in draw(robot, 3):
        expected = np.linalg.inv(robot.forward(q, root)) @ robot.forward(q, tip)
        np.testing.assert_allclose(tip_pose(chain, q), expected, atol=1e-12)


@pytest.mark.parametrize("name", ["panda", "racer5", "planar10", "kinova"])
def test_default_chain_is_the_arm(robots, draw, name):
    robot = robots[name]
    chain = robot.serial_chain()
    assert chain.columns.tolist() == list(range(robot.nq))
    np.testing.assert_array_equal(chain.lower, robot.lower)
    np.testing.assert_array_equal(chain.upper, robot.upper)
    np.testing.assert_array_equal(chain.continuous, robot.continuous)
    for q in draw(robot, 3):
        np.testing.assert_allclose(tip_pose(chain, q), robot.forward(q), atol=1e-12)


def test_joints_off_the_path_are_left_out(tree_robot):
    assert tree_robot.serial_chain("a_tool").columns.tolist() == [3]
    chain = tree_robot.serial_chain("a_tool", "z_slide")
    assert chain.columns.tolist() == [1, 0, 3]
    assert chain.prismatic.tolist() == [True, False, False]
    assert chain.continuous.tolist() == [False, False, True]


def test_columns_count_the_floating_base(robots):
    assert robots["tree_floating"].serial_chain("a_tool", "trunk").columns.tolist() == [9]


def test_a_path_over_the_floating_base_is_refused(robots):
    with pytest.raises(RobotError, match="floating base"):
        robots["tree_floating"].serial_chain("a_tool")


def test_a_path_without_a_joint_is_refused(tree_robot):
    with pytest.raises(RobotError, match="tip: got a_tool, .*free joint"):
        tree_robot.serial_chain("a_tool", "a_arm")
