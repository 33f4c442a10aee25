# SPDX-License-Identifier: Apache-2.0
"""Models that are trained, exchanged and served at the same time."""

from vi_ik_ros.benchmarks.hot_reload.hot_reload import NAME, run

__all__ = ["NAME", "run"]
