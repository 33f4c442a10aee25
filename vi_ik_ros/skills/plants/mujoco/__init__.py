# SPDX-License-Identifier: Apache-2.0
"""The simulation with MuJoCo, which benchmarks use; the package mujoco is imported when needed."""

from vi_ik_ros.skills.plants.mujoco.mujoco_plant import MujocoPlant

__all__ = ["MujocoPlant"]
