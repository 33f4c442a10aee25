# SPDX-License-Identifier: Apache-2.0
"""A discovery server of Fast DDS on this machine, where its program is installed."""

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PROGRAM = "fast-discovery-server"
SERVE = "42"  # how the tool `fastdds discovery` of Fast DDS 3 tells its program to be a server
STARTED = "Server started"


@contextmanager
def discovery_server() -> Iterator[Mapping[str, str] | None]:
    """Run one inside a `with` statement.

    Yields:
        The variables of the environment that make ROS 2 use it; None where it cannot be run.
    """
    beside = Path(sys.executable).with_name(PROGRAM)
    program = str(beside) if beside.exists() else shutil.which(PROGRAM)
    if program is None:
        yield None
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [program, SERVE, "-l", "127.0.0.1", "-p", str(port)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    process = subprocess.Popen(words, env=_environment(), **pipes)  # type: ignore[call-overload]
    try:
        is_up = any(STARTED in line for line in process.stdout)
        yield {"ROS_DISCOVERY_SERVER": f"127.0.0.1:{port}"} if is_up else None
    finally:
        process.terminate()
        process.communicate()


def _environment() -> dict[str, str]:
    """Return an environment in which the program of the wheels finds its libraries."""
    site = Path(sysconfig.get_path("platlib"))
    folders = [Path(sys.prefix) / "lib", site / "ros_fastdds.libs"]
    before = os.environ.get("LD_LIBRARY_PATH")
    paths = [str(folder) for folder in folders] + ([before] if before else [])
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(paths)}
