# SPDX-License-Identifier: Apache-2.0
"""A humanoid that stands and reaches: where starts of the whole-body refiner come from."""

from vi_ik_ros.benchmarks.talos_reach.talos_reach import run

__all__ = ["run"]
