# SPDX-License-Identifier: Apache-2.0
"""A node of one's own: a process in a private domain, and a client that talks to it."""

import os
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

from vi_ik_ros.exceptions import NoAnswer
from vi_ik_ros.nodes.processes.blocking_client import BlockingClient
from vi_ik_ros.nodes.processes.node_process import NodeProcess, private_environment, stop

C = TypeVar("C", bound=BlockingClient)


class PrivateProcess(ABC, Generic[C]):
    """A node as a child process, for demos, benchmarks and examples.

    Use it in a `with` statement: the node runs inside and has ended after it. A subclass names
    the node and makes its client.

    Attributes:
        client: talks to the node.
        full_name: of the node, its namespace included.
        pid: process id of the node.
        startup: time from start until the node answered [s].
        exit_code: of the node, after the `with` statement.
    """

    node = ""  # its key in `NODES`

    def __init__(
        self,
        parameters: Mapping[str, bool | int | float | str],
        timeout: float = 120.0,
        *,
        namespace: str = "",
        wait: bool = True,
    ) -> None:
        """Prepare; nothing runs yet.

        Args:
            parameters: parameters of the node.
            timeout: longest time until it is ready [s].
            namespace: such as `/left`; '' = one that belongs to this process.
            wait: until the node answers; otherwise it is only started, and `startup` is not known.
        """
        self._parameters, self._timeout, self._does_wait = parameters, timeout, wait
        self._namespace = namespace or f"/private_{os.getpid()}"
        self.full_name = f"{self._namespace}/{self.node}"
        self.exit_code: int | None = None

    @abstractmethod
    def make_client(self, domain_id: int) -> C:
        """Return a client of `full_name` in a ROS 2 domain."""

    def __enter__(self) -> Self:
        """Start the node and wait until it answers, unless that was not wanted.

        Raises:
            NoAnswer: it ended or did not come up in time; the message has its last line.
        """
        environment = private_environment()
        # The client must look in the same place; rclpy reads this when the context is made.
        os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = environment["ROS_AUTOMATIC_DISCOVERY_RANGE"]
        os.environ.setdefault("ROS_LOG_DIR", environment["ROS_LOG_DIR"])
        node = NodeProcess(self.node, self._parameters, None, self._namespace, environment)
        self._log = tempfile.NamedTemporaryFile("w+", prefix=f"vi_ik_{self.node}_", suffix=".log")
        started = time.monotonic()
        self._process = node.start(self._log)
        self.pid = self._process.pid
        try:
            self.client = self.make_client(int(environment["ROS_DOMAIN_ID"]))
            if self._does_wait:
                self._wait(started)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self.startup = time.monotonic() - started
        return self

    def _wait(self, started: float) -> None:
        while not self.client.wait(0.2):
            if self._process.poll() is not None:
                raise NoAnswer(f"the {self.node} node ended: {self.last_line()}")
            if time.monotonic() - started > self._timeout:
                waited = f"{self._timeout:.0f} s"
                raise NoAnswer(f"no {self.node} node after {waited}: {self.last_line()}")

    def kill(self) -> None:
        """End the node as `kill -9` does; the rest of the `with` statement finds it dead."""
        self._process.kill()
        self._process.wait()

    def last_line(self) -> str:
        """Return the last line that the node has written."""
        lines = Path(self._log.name).read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it wrote nothing"

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave ROS 2, end the node as Ctrl-C does, keep its exit code."""
        if hasattr(self, "client"):
            self.client.close()
        self.exit_code = stop([self._process])[0]
        self._log.close()
