# SPDX-License-Identifier: Apache-2.0
"""Arms that nothing was tuned for: from a URDF alone to warm starts."""

from vi_ik_ros.benchmarks.new_robot.new_robot import run

__all__ = ["run"]
