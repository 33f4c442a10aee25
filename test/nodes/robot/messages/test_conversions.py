# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from builtin_interfaces.msg import Time

from vi_ik_ros.kinematics.pose import pose_to_matrix
from vi_ik_ros.nodes.robot.messages.conversions import (
    joints_to_msg,
    pose_from_msg,
    pose_to_msg,
    time_from_msg,
    time_to_msg,
    twist_from_msg,
    twist_to_msg,
    wrench_from_msg,
    wrench_to_msg,
)
from vi_ik_ros.skills.plants.plant import Twist

STAMP = Time(sec=3, nanosec=5)


def test_a_twist_comes_back():
    twist = Twist(np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0]), "tcp")
    message = twist_to_msg(twist, STAMP)
    assert (message.header.frame_id, message.header.stamp) == ("tcp", STAMP)
    back = twist_from_msg(message)
    np.testing.assert_array_equal(back.linear, twist.linear)
    np.testing.assert_array_equal(back.angular, twist.angular)


@pytest.mark.parametrize(
    ("told", "known"),
    [("tool0", "tcp"), ("tcp", "tcp"), ("base_link", "base_link"), ("", ""), ("world", "world")],
)
def test_the_flange_frame_is_the_tools_and_unknown_ones_stay(told, known):
    message = twist_to_msg(Twist.zero(), STAMP)
    message.header.frame_id = told
    assert twist_from_msg(message).frame == known


def test_a_wrench_a_pose_and_joints_come_back():
    wrench = np.arange(6.0)
    message = wrench_to_msg(wrench, STAMP)
    assert message.header.frame_id == "ft_sensor"
    np.testing.assert_array_equal(wrench_from_msg(message), wrench)
    T = pose_to_matrix(np.array([0.1, 0.2, 0.3, 0.5, -0.5, 0.5, 0.5]))
    pose = pose_to_msg(T, STAMP)
    assert pose.header.frame_id == "base_link"
    np.testing.assert_allclose(pose_from_msg(pose), T, atol=1e-15)
    joints = joints_to_msg(("a", "b"), np.array([1.0, 2.0]), STAMP)
    assert (joints.name, [*joints.position]) == (["a", "b"], [1.0, 2.0])


def test_times_keep_their_nanoseconds():
    now = 1_795_000_000_123_456_789
    assert time_from_msg(time_to_msg(now)) == now
