# SPDX-License-Identifier: Apache-2.0
"""Starts of a refiner for poses of the Panda: every family beside simple ones."""

from vi_ik_ros.benchmarks.panda_pose.panda_pose import run

__all__ = ["run"]
