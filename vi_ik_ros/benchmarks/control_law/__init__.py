# SPDX-License-Identifier: Apache-2.0
"""Whether the force controller does on a spring what its equations say."""

from vi_ik_ros.benchmarks.control_law.control_law import NAME, run

__all__ = ["NAME", "run"]
