# SPDX-License-Identifier: Apache-2.0
"""Planar arms of 4 to 10 joints under a normal prior: all that reaches a point, by every family."""

from vi_ik_ros.benchmarks.planar_inverse.planar_inverse import run

__all__ = ["run"]
