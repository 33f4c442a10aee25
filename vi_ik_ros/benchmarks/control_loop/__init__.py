# SPDX-License-Identifier: Apache-2.0
"""Whether a robot interface node keeps its control period, and skills work across topics."""

from vi_ik_ros.benchmarks.control_loop.control_loop import NAME, run

__all__ = ["NAME", "run"]
