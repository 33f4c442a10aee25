# SPDX-License-Identifier: Apache-2.0
"""Where the package keeps its data files: config/ and urdf/."""

import os
import sys
from pathlib import Path

from vi_ik_ros.exceptions import RobotError


def share_dir() -> Path:
    """Find the directory that holds config/ and urdf/.

    A checkout (config/ beside vi_ik_ros/) wins, then share/vi_ik_ros of each prefix in
    AMENT_PREFIX_PATH, then that of the Python installation.

    Returns:
        The first candidate that has config/robots.yaml.

    Raises:
        RobotError: If no candidate has it.
    """
    checkout = Path(__file__).resolve().parents[2]
    prefixes = [p for p in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if p]
    candidates = [checkout] + [Path(p) / "share" / "vi_ik_ros" for p in (*prefixes, sys.prefix)]
    for candidate in candidates:
        if (candidate / "config" / "robots.yaml").is_file():
            return candidate
    places = ", ".join(str(c) for c in candidates)
    raise RobotError("share directory", "nothing found", f"config/robots.yaml in one of {places}")
