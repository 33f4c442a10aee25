# SPDX-License-Identifier: Apache-2.0
"""Nodes as processes, where `ros2 launch` is not installed: which there are, start, stop."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

NODES: dict[str, str] = {  # name -> module with main()
    "robot_interface": "vi_ik_ros.nodes.robot_interface_node",
    "sampler": "vi_ik_ros.nodes.sampler_node",
    "skill": "vi_ik_ros.nodes.skill_node",
    "trainer": "vi_ik_ros.nodes.trainer_node",
}


@dataclass(frozen=True)
class NodeProcess:
    """What to run: one node of the table, and how to tell it its parameters.

    Attributes:
        name: key of `NODES`, also the name of the node.
        parameters: values that go before those of the file.
        params_file: ROS 2 parameter file (YAML), or None.
        namespace: ROS 2 namespace such as `/demo`, or empty.
        environment: the whole environment of the process; None: this process's.
    """

    name: str
    parameters: Mapping[str, bool | int | float | str] = field(default_factory=dict)
    params_file: Path | None = None
    namespace: str = ""
    environment: Mapping[str, str] | None = None

    def command(self) -> Sequence[str]:
        """Return the command line that runs the node in this very Python."""
        words = [sys.executable, "-m", "vi_ik_ros.nodes", self.name, "--ros-args"]
        if self.params_file is not None:
            words += ["--params-file", str(self.params_file)]
        for name, value in self.parameters.items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            words += ["-p", f"{name}:={text}"]
        if self.namespace:
            words += ["-r", f"__ns:={self.namespace}"]
        return words

    def start(self, log: IO | None = None) -> subprocess.Popen:
        """Start the process in its own session, so that Ctrl-C reaches it once, through us.

        Args:
            log: file that takes what it prints; None: it prints where this process does.
        """
        error = None if log is None else subprocess.STDOUT
        return subprocess.Popen(
            self.command(), env=self.environment, start_new_session=True, stdout=log, stderr=error
        )


def stop(processes: Sequence[subprocess.Popen], patience: float = 2.0) -> list[int]:
    """End processes as Ctrl-C does, then more firmly.

    Args:
        processes: what to end; those that have ended already are only read.
        patience: time before SIGTERM, and again before SIGKILL [s].

    Returns:
        The exit code of each; -9 of one that had to be killed.
    """
    for firmness in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        running = [process for process in processes if process.poll() is None]
        for process in running:
            process.send_signal(firmness)
        for process in running:
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                continue
    return [process.returncode for process in processes]


@contextmanager
def running(node: NodeProcess) -> Iterator[subprocess.Popen]:
    """Run a node inside a `with` statement."""
    process = node.start()
    try:
        yield process
    finally:
        stop([process])


def private_environment() -> dict[str, str]:
    """Return an environment whose ROS 2 traffic stays on this machine and in its own domain."""
    return {
        **os.environ,
        "ROS_DOMAIN_ID": str(1 + os.getpid() % 101),  # 1..101 are free of other port ranges.
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "ROS_LOG_DIR": os.environ.get("ROS_LOG_DIR", tempfile.gettempdir()),
    }
