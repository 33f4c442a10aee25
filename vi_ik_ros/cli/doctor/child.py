# SPDX-License-Identifier: Apache-2.0
"""Code that may end its process, tried in one that may end."""

import re
import subprocess
import sys

from vi_ik_ros.exceptions import ViIkError

PATIENCE = 120.0  # [s]
LOG_PREFIX = r"^(\[[^\]]*\] ?)+: "  # level, time and name of a logger
IMPORT_ROS = "import rclpy"  # ends the process where the middleware that is named is not there
MIDDLEWARE = "from rclpy.utilities import get_rmw_implementation_identifier as name; print(name())"


def in_child(code: str) -> str:
    """Run Python code in a process of its own.

    Returns:
        What it printed.

    Raises:
        ViIkError: It ended with an error; the message has its last line.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        raise ViIkError(f"no end after {PATIENCE:.0f} s") from None
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        line = re.sub(LOG_PREFIX, "", lines[-1]) if lines else ""
        raise ViIkError(line or f"ended with exit code {done.returncode}")
    return done.stdout.strip()
