# SPDX-License-Identifier: Apache-2.0
"""A mixture of stances of a humanoid, and what its fit costs."""

from vi_ik_ros.benchmarks.talos_stance.talos_stance import run

__all__ = ["run"]
