# SPDX-License-Identifier: Apache-2.0
"""Who may see the requests and answers of a service: ROS 2's own service introspection."""

from rclpy.node import Node
from rclpy.service import Service
from rclpy.service_introspection import ServiceIntrospectionState as State

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.nodes.qos import requests

AUTO = "auto"
STATES = {"off": State.OFF, "metadata": State.METADATA, "contents": State.CONTENTS}
PERIOD = 0.5  # [s] between two looks at who listens


def event_topic(service_name: str) -> str:
    """Return the topic on which ROS 2 publishes the events of a service."""
    return f"{service_name}/_service_event"


class ServiceIntrospection:
    """Publishes requests and answers of a service as the mode says; `auto` while somebody listens.

    A service publishes nothing, and has no publisher, until it is told to: `auto` sees a reader
    that comes before it. A recorder that waits for the topic to appear needs `contents`.
    """

    def __init__(self, node: Node, service: Service, mode: str) -> None:
        """Set the mode.

        Args:
            node: of the service.
            service: whose calls are published.
            mode: auto, or a key of `STATES`.

        Raises:
            InvalidInput: there is no such mode.
        """
        if mode != AUTO and mode not in STATES:
            expected = f"one of {', '.join((AUTO, *STATES))}"
            raise InvalidInput("parameter service_introspection", mode, expected)
        self._node, self._service, self._state = node, service, State.OFF
        self._topic = event_topic(service.service_name)
        if mode == AUTO:
            node.create_timer(PERIOD, self._look)
        else:
            self._set(STATES[mode])

    def _look(self) -> None:
        """Publish contents while somebody listens."""
        listened = self._node.count_subscribers(self._topic) > 0
        self._set(State.CONTENTS if listened else State.OFF)

    def _set(self, state: State) -> None:
        if state != self._state:
            self._service.configure_introspection(self._node.get_clock(), requests(), state)
            self._state = state
