# SPDX-License-Identifier: Apache-2.0
"""What a simulation holds: one description for all of them, read from YAML."""

from vi_ik_ros.skills.plants.scene.scene import Scene
from vi_ik_ros.skills.plants.scene.scene_file import load_scene

__all__ = ["Scene", "load_scene"]
