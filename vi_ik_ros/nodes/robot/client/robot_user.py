# SPDX-License-Identifier: Apache-2.0
"""A user of a robot for programs that are no nodes themselves."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import rclpy
from geometry_msgs.msg import PoseStamped
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

from vi_ik_ros.nodes.robot.client.robot_client import POSES, RobotClient
from vi_ik_ros.nodes.robot.messages.conversions import time_from_msg
from vi_ik_ros.nodes.topic_plant import TopicPlant

SPIN = 0.1  # [s], so that it ends soon


class RobotUser:
    """A node in a context of its own, and the thread that spins it.

    Use it in a `with` statement; whoever does so may wait.

    Args:
        namespace: of the robot interface node.
        domain_id: ROS 2 domain; None: that of the environment.
        on_pose: called in the spinning thread with the stamp of every pose [ns since the epoch].

    Attributes:
        plant: the robot.
    """

    def __init__(
        self,
        namespace: str,
        domain_id: int | None = None,
        on_pose: Callable[[int], None] = lambda stamp: None,
    ) -> None:
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain_id)
        self._node = Node(
            "robot_user", context=self._context, namespace=namespace, enable_rosout=False
        )
        self._node.create_subscription(
            PoseStamped, "tcp_pose", lambda m: on_pose(time_from_msg(m.header.stamp)), POSES
        )
        self.plant = TopicPlant(self._node)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._spin, name="robot user", daemon=True)

    def make_client(self) -> RobotClient:
        """Return another end of the same topics, which does not wait for poses; close it."""
        return RobotClient(self._node)

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hold the tool, and leave ROS 2."""
        self.plant.close()
        self._ends.set()  # An executor must not be shut down while another thread waits in it.
        self._thread.join()
        self._executor.shutdown()
        self._node.destroy_node()
        self._context.try_shutdown()

    def _spin(self) -> None:
        try:
            while not self._ends.is_set():
                self._executor.spin_once(timeout_sec=SPIN)
        except ExternalShutdownException:  # Ctrl-C
            pass
