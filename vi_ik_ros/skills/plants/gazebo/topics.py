# SPDX-License-Identifier: Apache-2.0
"""What worlds and their topics are called inside of Gazebo."""

import re

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.plants.scene import Scene

JOINTS = {  # name of a command's axis -> joint of the flange that it moves
    "x": "slide_x",
    "y": "slide_y",
    "z": "slide_z",
    "rx": "turn_x",
    "ry": "turn_y",
    "rz": "turn_z",
}


def world_name(scene: Scene) -> str:
    """Return the name of the world, of its files and before its topics: that of the scene.

    Raises:
        InvalidInput: the name is not made for all of these.
    """
    if not re.fullmatch(r"[A-Za-z]\w{0,63}", scene.name, re.ASCII):
        expected = "a letter, then at most 63 letters, digits and underscores"
        raise InvalidInput("scene.name", scene.name, expected)
    return scene.name


def command_topic(scene: Scene, axis: str) -> str:
    """Return the topic of one reference, of an axis in JOINTS."""
    return f"/{world_name(scene)}/cmd_{axis}"


def wrench_topic(scene: Scene) -> str:
    """Return the topic of the force/torque sensor."""
    return f"/{world_name(scene)}/wrench"


def joint_states_topic(scene: Scene) -> str:
    """Return the topic of all joints."""
    return f"/{world_name(scene)}/joint_states"
