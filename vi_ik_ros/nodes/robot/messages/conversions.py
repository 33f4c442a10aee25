# SPDX-License-Identifier: Apache-2.0
"""Twists, wrenches, poses and joint states: between messages and numpy."""

from collections.abc import Sequence

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import (
    Point,
    Pose,
    PoseStamped,
    Quaternion,
    TwistStamped,
    Vector3,
    Wrench,
    WrenchStamped,
)
from geometry_msgs.msg import Twist as TwistMsg
from sensor_msgs.msg import JointState
from std_msgs.msg import Header

from vi_ik_ros.kinematics.pose import matrix_to_pose, pose_to_matrix
from vi_ik_ros.skills.plants.plant import Twist

BASE_FRAME = "base_link"
SENSOR_FRAME = "ft_sensor"
TOOL_FRAMES = ("tcp", "tool0")  # two names of one frame


def twist_from_msg(message: TwistStamped) -> Twist:
    """Return a command; a frame that nobody knows is kept, for the gate to refuse."""
    frame = message.header.frame_id
    twist = message.twist
    return Twist(
        np.array([twist.linear.x, twist.linear.y, twist.linear.z]),
        np.array([twist.angular.x, twist.angular.y, twist.angular.z]),
        "tcp" if frame in TOOL_FRAMES else frame,
    )


def twist_to_msg(twist: Twist, stamp: Time) -> TwistStamped:
    """Return the message of a command."""
    linear, angular = _vector(twist.linear), _vector(twist.angular)
    header = Header(stamp=stamp, frame_id=twist.frame)
    return TwistStamped(header=header, twist=TwistMsg(linear=linear, angular=angular))


def wrench_from_msg(message: WrenchStamped) -> np.ndarray:
    """Return force [N] and torque [Nm] (6,)."""
    force, torque = message.wrench.force, message.wrench.torque
    return np.array([force.x, force.y, force.z, torque.x, torque.y, torque.z])


def wrench_to_msg(wrench: np.ndarray, stamp: Time) -> WrenchStamped:
    """Return the message of force and torque (6,)."""
    header = Header(stamp=stamp, frame_id=SENSOR_FRAME)
    parts = Wrench(force=_vector(wrench[:3]), torque=_vector(wrench[3:]))
    return WrenchStamped(header=header, wrench=parts)


def pose_from_msg(message: PoseStamped) -> np.ndarray:
    """Return T (4, 4)."""
    p, o = message.pose.position, message.pose.orientation
    return pose_to_matrix(np.array([p.x, p.y, p.z, o.x, o.y, o.z, o.w]))


def pose_to_msg(T_base_tcp: np.ndarray, stamp: Time) -> PoseStamped:
    """Return the message of T (4, 4) in the base."""
    x, y, z, qx, qy, qz, qw = matrix_to_pose(T_base_tcp).tolist()
    pose = Pose(position=Point(x=x, y=y, z=z), orientation=Quaternion(x=qx, y=qy, z=qz, w=qw))
    return PoseStamped(header=Header(stamp=stamp, frame_id=BASE_FRAME), pose=pose)


def joints_to_msg(names: Sequence[str], q: np.ndarray, stamp: Time) -> JointState:
    """Return the message of a configuration (nq,) [rad]."""
    return JointState(header=Header(stamp=stamp), name=list(names), position=q.tolist())


def time_to_msg(nanoseconds: int) -> Time:
    """Return the message of a time since the epoch [ns]."""
    seconds, rest = divmod(nanoseconds, 10**9)
    return Time(sec=seconds, nanosec=rest)


def time_from_msg(stamp: Time) -> int:
    """Return the time since the epoch [ns]."""
    return stamp.sec * 10**9 + stamp.nanosec


def _vector(values: np.ndarray) -> Vector3:
    x, y, z = values.tolist()
    return Vector3(x=x, y=y, z=z)
