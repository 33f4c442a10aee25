# SPDX-License-Identifier: Apache-2.0
"""The topics and services of a robot from the other side, for a node whose executor spins."""

import threading
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PoseStamped, TwistStamped, WrenchStamped
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.client import Client
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import SetBool, Trigger

from vi_ik_ros.exceptions import NoAnswer, NotNow
from vi_ik_ros.nodes.qos import latched, requests, sensor_data
from vi_ik_ros.nodes.robot.client.inbox import Inbox
from vi_ik_ros.nodes.robot.messages.conversions import (
    pose_from_msg,
    time_from_msg,
    twist_to_msg,
    wrench_from_msg,
)
from vi_ik_ros.nodes.robot.messages.status_messages import status_from_msg
from vi_ik_ros.skills.plants.plant import Twist
from vi_ik_ros.srv import ResetSimulation

WRENCHES = 200  # depth of the queue
POSES = 20  # deep enough to count those that nobody was in time for


class RobotClient:
    """Publishes commands, keeps what comes, and calls.

    Every call waits, so none may come from the thread of an executor that has only one. A callback
    of an executor with several threads may call, if its callback group is another one.

    Args:
        node: whose executor spins, in another thread.
        prefix: of all names, such as `/cell`; empty: they are relative to the node's namespace.

    Attributes:
        inbox: what has come.
    """

    def __init__(self, node: Node, prefix: str = "") -> None:
        self._node, self._prefix = node, f"{prefix.rstrip('/')}/" if prefix else ""
        self.inbox = Inbox()
        self._hearing = MutuallyExclusiveCallbackGroup()
        self._answering = ReentrantCallbackGroup()
        self._commands = node.create_publisher(
            TwistStamped, f"{self._prefix}cmd_twist", requests(1)
        )
        self._subscriptions = [
            self._hear(PoseStamped, "tcp_pose", self._on_pose, requests(POSES)),
            self._hear(WrenchStamped, "wrench", self._on_wrench, sensor_data(WRENCHES)),
            self._hear(DiagnosticStatus, "status", self._on_status, latched()),
        ]
        self._clients: dict[str, Client] = {}

    @property
    def is_there(self) -> bool:
        """Whether somebody publishes poses."""
        return self._node.count_publishers(self._subscriptions[0].topic_name) > 0

    def command(self, twist: Twist) -> None:
        """Publish a command."""
        self._commands.publish(twist_to_msg(twist, self._node.get_clock().now().to_msg()))

    def trigger(self, name: str, timeout: float) -> str:
        """Call a service without arguments; return what it says.

        Raises:
            NotNow: it was refused.
            NoAnswer: nothing came within `timeout` [s].
        """
        return _said(name, self._call(Trigger, name, Trigger.Request(), timeout))

    def enable(self, on: bool, timeout: float) -> str:
        """Let commands be taken, or not; see `trigger`."""
        return _said("enable", self._call(SetBool, "enable", SetBool.Request(data=on), timeout))

    def reset_simulation(self, seed: int, numbers: list[float], timeout: float) -> None:
        """Begin an episode of a simulation; see `trigger`."""
        request = ResetSimulation.Request(seed=seed, scene=numbers)
        response = self._call(ResetSimulation, "sim/reset", request, timeout)
        if response.error_code != response.NONE:
            raise NotNow("sim/reset", f"error {response.error_code}", response.error_msg)

    def close(self) -> None:
        """Take everything off the node."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        for client in self._clients.values():
            self._node.destroy_client(client)
        self._node.destroy_publisher(self._commands)

    def _hear(self, kind: type, name: str, callback: Any, qos: Any) -> Any:  # noqa: ANN401
        group = self._hearing
        return self._node.create_subscription(
            kind, f"{self._prefix}{name}", callback, qos, callback_group=group
        )

    def _on_pose(self, message: PoseStamped) -> None:
        is_single = isinstance(self._node.executor, SingleThreadedExecutor)
        self.inbox.hearing = threading.get_ident() if is_single else None
        self.inbox.put_pose(pose_from_msg(message), time_from_msg(message.header.stamp))

    def _on_wrench(self, message: WrenchStamped) -> None:
        self.inbox.put_wrench(wrench_from_msg(message), time_from_msg(message.header.stamp))

    def _on_status(self, message: DiagnosticStatus) -> None:
        self.inbox.put_status(status_from_msg(message))

    def _call(self, kind: type, name: str, request: Any, timeout: float) -> Any:  # noqa: ANN401
        """Return the response of a service."""
        client = self._clients.get(name)
        if client is None:
            client = self._clients[name] = self._node.create_client(
                kind, f"{self._prefix}{name}", callback_group=self._answering
            )
        if not client.wait_for_service(timeout):
            raise NoAnswer(f"{client.service_name}: no such service after {timeout:g} s")
        answered, future = threading.Event(), client.call_async(request)
        future.add_done_callback(lambda _: answered.set())
        return _waited(client, future, answered, timeout)


def _waited(client: Client, future: Future, answered: threading.Event, timeout: float) -> Any:  # noqa: ANN401
    if not answered.wait(timeout):
        client.remove_pending_request(future)
        raise NoAnswer(f"{client.service_name}: no answer within {timeout:g} s")
    return future.result()


def _said(name: str, response: Any) -> str:  # noqa: ANN401
    """Return the message of a response, or raise it as the refusal it is."""
    if not response.success:
        raise NotNow(name, "a refusal", response.message)
    return response.message
