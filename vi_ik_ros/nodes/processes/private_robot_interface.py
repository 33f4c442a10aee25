# SPDX-License-Identifier: Apache-2.0
"""A robot interface node of one's own."""

from vi_ik_ros.nodes.processes.blocking_client import BlockingClient
from vi_ik_ros.nodes.processes.private_process import PrivateProcess


class RobotInterfaceClient(BlockingClient):
    """Waits for a robot interface node; whatever else it is asked goes through a `TopicPlant`."""

    kind = "robot_interface"

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
