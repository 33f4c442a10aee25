# SPDX-License-Identifier: Apache-2.0
"""What a robot publishes: each control period, on change, and from time to time."""

import numpy as np
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PoseStamped, WrenchStamped
from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from std_msgs.msg import Header

from vi_ik_ros.nodes.qos import latched, sensor_data
from vi_ik_ros.nodes.robot.backends.backend import Backend
from vi_ik_ros.nodes.robot.messages.conversions import (
    joints_to_msg,
    pose_to_msg,
    time_to_msg,
    wrench_to_msg,
)
from vi_ik_ros.nodes.robot.messages.status_messages import RobotStatus, status_to_msg
from vi_ik_ros.skills.plants.plant import TickResult

WRENCHES = 50  # depth of the queue
POSES = 10


class RobotTopics:
    """The publishers of a robot.

    Args:
        node: whose topics they are.
        backend: whose joints and clock are told.
    """

    def __init__(self, node: Node, backend: Backend) -> None:
        self._node, self._joint_names = node, backend.robot.joint_names
        self._wrenches = node.create_publisher(WrenchStamped, "wrench", sensor_data(WRENCHES))
        self._poses = node.create_publisher(PoseStamped, "tcp_pose", POSES)
        self._joints = node.create_publisher(JointState, "joint_states", POSES)
        self._states = node.create_publisher(DiagnosticStatus, "status", latched())
        self._diagnostics = node.create_publisher(DiagnosticArray, "/diagnostics", POSES)
        self._clock = None
        if backend.is_simulation:
            self._clock = node.create_publisher(Clock, "clock", sensor_data(1))
        self._told: tuple | None = None
        self._seq = 0

    def publish(self, result: TickResult, now: int) -> None:
        """Publish what was measured; the pose comes last, so that its reader has all the rest.

        Args:
            result: of a control period.
            now: its end [ns since the epoch].
        """
        if self._clock is not None:
            self._clock.publish(Clock(clock=time_to_msg(now)))
        for message in wrenches_to_msgs(result, now):
            self._wrenches.publish(message)
        if not np.isfinite(result.T_base_tcp).all():  # a robot that has not told yet
            return
        stamp = _stamp(result, result.pose_time, now)
        if result.q is not None:
            self._joints.publish(joints_to_msg(self._joint_names, result.q, stamp))
        self._poses.publish(pose_to_msg(result.T_base_tcp, stamp))

    def tell(self, status: RobotStatus, *, again: bool = False) -> None:
        """Publish the status if it has changed, or `again`."""
        changes = status.changes()
        if again or changes != self._told:
            self._told, self._seq = changes, self._seq + 1
            self._states.publish(self.status_to_msg(status))

    def diagnose(self, status: RobotStatus) -> None:
        """Publish the diagnostics."""
        header = Header(stamp=self._node.get_clock().now().to_msg())
        message = DiagnosticArray(header=header, status=[self.status_to_msg(status)])
        self._diagnostics.publish(message)

    def status_to_msg(self, status: RobotStatus) -> DiagnosticStatus:
        """Return a status with the number of the newest message."""
        return status_to_msg(status, self._node.get_fully_qualified_name(), self._seq)


def wrenches_to_msgs(result: TickResult, now: int) -> list[WrenchStamped]:
    """Return one message for each sample, at its own time; see `RobotTopics.publish`."""
    samples = zip(result.wrenches, result.wrench_times.tolist(), strict=True)
    return [wrench_to_msg(wrench, _stamp(result, time, now)) for wrench, time in samples]


def _stamp(result: TickResult, time: float, now: int) -> Time:
    """Return when something was measured, by the time since then."""
    return time_to_msg(now - round(1e9 * (result.time - time)))
