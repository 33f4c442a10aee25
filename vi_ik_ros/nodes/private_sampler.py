# SPDX-License-Identifier: Apache-2.0
"""A sampler node of one's own: a process in a private domain, and a client that talks to it."""

import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from vi_ik_ros.nodes.processes import NodeProcess, private_environment, stop
from vi_ik_ros.nodes.sampler_client import NoAnswer, SamplerClient


class PrivateSampler:
    """A sampler node as a child process, for demos, benchmarks and examples.

    Use it in a `with` statement: the node runs inside and has ended after it.

    Attributes:
        client: asks the node.
        pid: process id of the node.
        startup: time from start until the node answered [s].
        exit_code: of the node, after the `with` statement.
    """

    def __init__(
        self, parameters: Mapping[str, bool | int | float | str], timeout: float = 120.0
    ) -> None:
        """Prepare; nothing runs yet.

        Args:
            parameters: parameters of the node.
            timeout: longest time until it is ready [s].
        """
        self._parameters, self._timeout = parameters, timeout
        self.exit_code: int | None = None

    def __enter__(self) -> Self:
        """Start the node and wait until it answers.

        Raises:
            NoAnswer: it ended or did not come up in time; the message has its last line.
        """
        environment = private_environment()
        # The client must look in the same place; rclpy reads this when the context is made.
        os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = environment["ROS_AUTOMATIC_DISCOVERY_RANGE"]
        os.environ.setdefault("ROS_LOG_DIR", environment["ROS_LOG_DIR"])
        namespace = f"/private_{os.getpid()}"
        node = NodeProcess("sampler", self._parameters, None, namespace, environment)
        self._log = tempfile.NamedTemporaryFile("w+", prefix="vi_ik_sampler_", suffix=".log")
        started = time.monotonic()
        self._process = node.start(self._log)
        self.pid = self._process.pid
        domain = int(environment["ROS_DOMAIN_ID"])
        try:
            self.client = SamplerClient(f"{namespace}/sampler", domain)
            self._wait(started)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self.startup = time.monotonic() - started
        return self

    def _wait(self, started: float) -> None:
        while not self.client.wait(0.2):
            if self._process.poll() is not None:
                raise NoAnswer(f"the sampler node ended: {self.last_line()}")
            if time.monotonic() - started > self._timeout:
                raise NoAnswer(f"no sampler node after {self._timeout:.0f} s: {self.last_line()}")

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
