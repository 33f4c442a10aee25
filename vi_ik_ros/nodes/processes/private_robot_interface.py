# SPDX-License-Identifier: Apache-2.0
"""A robot interface node of one's own."""

from collections.abc import Mapping

from rclpy.client import Client

from vi_ik_ros.exceptions import NotNow
from vi_ik_ros.nodes.processes.blocking_client import BlockingClient
from vi_ik_ros.nodes.processes.private_process import PrivateProcess
from vi_ik_ros.srv import GoToConfiguration


class RobotInterfaceClient(BlockingClient):
    """Sends an arm to configurations; whatever else it is asked goes through a `TopicPlant`."""

    kind = "robot_interface"

    def __init__(self, server: str = "/robot_interface", domain_id: int | None = None) -> None:
        """Make the client; see `BlockingClient`."""
        super().__init__(server, domain_id)
        name = f"{self.server}/go_to_configuration"
        self._go_to: Client = self._node.create_client(GoToConfiguration, name)

    def go_to_configuration(
        self, positions: Mapping[str, float], *, speed: float = 0.0, timeout: float = 180.0
    ) -> None:
        """Move the arm, and wait until it is there.

        Args:
            positions: joint name to angle [rad], of every joint.
            speed: part of full speed; 0: the node's usual one.
            timeout: longest time until it is there [s].

        Raises:
            NotNow: the node refused, or the arm did not get there.
            NoAnswer: nothing came in time.
        """
        request = GoToConfiguration.Request(
            names=list(positions),
            positions=[float(angle) for angle in positions.values()],
            speed_scale=speed,
        )
        response = self._call(self._go_to, request, timeout)
        if response.error_code != response.NONE:
            raise NotNow(self._go_to.srv_name, f"error {response.error_code}", response.error_msg)

    def wait(self, timeout: float) -> bool:
        """Return whether the node is there; see `BlockingClient.wait`."""
        status = f"{self.server.rpartition('/')[0]}/status"
        return self._until(lambda: self._node.count_publishers(status) > 0, timeout)


class PrivateRobotInterface(PrivateProcess[RobotInterfaceClient]):
    """A robot interface node as a child process, in the namespace of `full_name`."""

    node = "robot_interface"

    def make_client(self, domain_id: int) -> RobotInterfaceClient:
        """See `PrivateProcess.make_client`."""
        return RobotInterfaceClient(self.full_name, domain_id)
