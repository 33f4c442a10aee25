# SPDX-License-Identifier: Apache-2.0
"""Signed distances between shapes on the robot's links and what they must not touch."""

from vi_ik_ros.sampling.experts.transforms.distance.distance import Distance

__all__ = ["Distance"]
