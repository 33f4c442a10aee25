# SPDX-License-Identifier: Apache-2.0
"""Whether any sequence of commands gets beyond a limit of the safety gate."""

from vi_ik_ros.benchmarks.safety_gate.safety_gate import NAME, run

__all__ = ["NAME", "run"]
