# SPDX-License-Identifier: Apache-2.0
"""Scenes as YAML files: those of config/scenes/ by name, others by path."""

from pathlib import Path

from vi_ik_ros.skills.plants.scene.reading import read
from vi_ik_ros.skills.plants.scene.scene import Scene
from vi_ik_ros.skills.plants.scene.yaml_file import file_names, load_yaml


def load_scene(path_or_name: str | Path) -> Scene:
    """Read a scene.

    Args:
        path_or_name: of a YAML file, or the name of one in config/scenes/ without its ending.

    Raises:
        InvalidInput: there is no such scene, or something in it is wrong.
    """
    return read(Scene, load_yaml("scene", path_or_name), "scene")


def scene_names() -> list[str]:
    """Return the names of the scenes in config/scenes/."""
    return file_names("scene")
