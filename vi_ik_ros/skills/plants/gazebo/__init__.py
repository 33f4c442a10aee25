# SPDX-License-Identifier: Apache-2.0
"""A scene for Gazebo: a world (SDF) and what ros_gz_bridge carries (YAML), as text."""

from vi_ik_ros.skills.plants.gazebo.bridge_yaml import bridge_yaml
from vi_ik_ros.skills.plants.gazebo.world_sdf import world_sdf

__all__ = ["bridge_yaml", "world_sdf"]
