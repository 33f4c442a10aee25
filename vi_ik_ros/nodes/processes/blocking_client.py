# SPDX-License-Identifier: Apache-2.0
"""What the clients of all nodes share: a context of their own, and calls that wait."""

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import rclpy
from rclpy.client import Client
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from vi_ik_ros.exceptions import InvalidInput, NoAnswer

_FULL_NAME = re.compile(r"/?[A-Za-z_]\w*(/[A-Za-z_]\w*)*", re.ASCII)
_SPIN = 0.1  # [s], so that Ctrl-C is heard soon


def check_full_name(server: str, kind: str) -> None:
    """Raise InvalidInput unless a node of a kind, as in `NODES`, can have that full name."""
    if not _FULL_NAME.fullmatch(server):
        raise InvalidInput(kind, server, f"the full name of a node, such as /cell/{kind}")


class BlockingClient(ABC):
    """Talks to one node, for programs that are no nodes themselves.

    It has its own context, so it lives beside any other use of rclpy in the same process.

    Attributes:
        server: full name of the node.
    """

    kind = ""  # of node, as in `NODES`

    def __init__(self, server: str, domain_id: int | None = None) -> None:
        """Join ROS 2.

        Args:
            server: full name of the node.
            domain_id: ROS 2 domain; None: that of the environment.

        Raises:
            InvalidInput: no node can have that name.
        """
        check_full_name(server, self.kind)
        self.server = f"/{server.strip('/')}"
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain_id)
        self._node = Node(f"{self.kind}_client", context=self._context, enable_rosout=False)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)

    @abstractmethod
    def wait(self, timeout: float) -> bool:
        """Return whether the node is there, after at most `timeout` [s]."""

    def close(self) -> None:
        """Leave ROS 2."""
        self._executor.shutdown()
        self._node.destroy_node()
        self._context.try_shutdown()

    def _call(self, client: Client, request: object, timeout: float) -> Any:  # noqa: ANN401
        """Return the response of a service.

        Raises:
            NoAnswer: nothing came within `timeout` [s].
        """
        end = time.monotonic() + timeout
        if not self._until(client.service_is_ready, timeout):
            raise NoAnswer(f"{self.server}: no {self.kind} node after {timeout:g} s")
        future = client.call_async(request)
        if not self._until(future.done, end - time.monotonic()):
            client.remove_pending_request(future)
            raise NoAnswer(f"{self.server}: no answer within {timeout:g} s")
        return future.result()

    def _until(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Spin until a condition holds; return whether it does after at most `timeout` [s]."""
        end = time.monotonic() + timeout
        while not condition():
            left = end - time.monotonic()
            if left <= 0.0:
                return False
            self._executor.spin_once(timeout_sec=min(left, _SPIN))
        return True

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()
