# SPDX-License-Identifier: Apache-2.0
"""Where the parameters of a contact skill stop working."""

from vi_ik_ros.benchmarks.skill_boundaries.skill_boundaries import run

__all__ = ["run"]
