# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.viewer.skeleton import skeleton


@pytest.mark.parametrize("name", ["panda", "planar3", "racer5"])
def test_skeleton_ends_where_forward_kinematics_ends(name):
    robot = RobotModel.load(name)
    q = np.random.default_rng(1).uniform(robot.lower, robot.upper, (5, robot.nq))
    arm = skeleton(robot.serial_chain(), q)
    np.testing.assert_allclose(arm.points[:, -1], robot.forward(q)[:, :3, 3], atol=1e-9)
    np.testing.assert_allclose(arm.points[:, 0], 0.0)


def test_joint_axes_are_unit_and_first_points_do_not_move():
    robot = RobotModel.load("panda")
    q = np.random.default_rng(2).uniform(robot.lower, robot.upper, (4, robot.nq))
    arm = skeleton(robot.serial_chain(), q)
    np.testing.assert_allclose(np.linalg.norm(arm.axes, axis=-1), 1.0)
    assert np.ptp(arm.points[:, 1], axis=0).max() < 1e-12


def test_prismatic_joint_moves_along_its_axis():
    chain = RobotModel.load("panda").serial_chain()
    sliding = type(chain)(**{**vars(chain), "prismatic": np.ones(7, bool)})
    zero, moved = skeleton(sliding, np.zeros((1, 7))), skeleton(sliding, np.eye(7)[:1])
    np.testing.assert_allclose(moved.points[0, -1] - zero.points[0, -1], zero.axes[0, 0])
