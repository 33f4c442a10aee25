# SPDX-License-Identifier: Apache-2.0
"""Which topics of a world ros_gz_bridge carries, and which way."""

from vi_ik_ros.skills.plants.gazebo.topics import (
    JOINTS,
    command_topic,
    joint_states_topic,
    world_name,
    wrench_topic,
)
from vi_ik_ros.skills.plants.scene import Scene

WRENCH_QUEUE = 50  # samples that may wait


def bridge_yaml(scene: Scene) -> str:
    """Write the bridge's configuration.

    Names on the side of ROS are relative, so that the bridge's namespace goes before them; only
    the clock is the same for all. A command waits in no queue: an old one is harmful.

    Args:
        scene: whose world the topics are of.

    Raises:
        InvalidInput: its name is not made for topics.
    """
    wrench = _entry("wrench", wrench_topic(scene), "geometry_msgs/msg/WrenchStamped", "Wrench")
    wrench += f"  subscriber_queue: {WRENCH_QUEUE}\n  publisher_queue: {WRENCH_QUEUE}\n"
    states = _entry(
        "joint_states", joint_states_topic(scene), "sensor_msgs/msg/JointState", "Model"
    )
    entries = [_entry("/clock", "/clock", "rosgraph_msgs/msg/Clock", "Clock"), wrench, states]
    entries += [_command(scene, axis) for axis in JOINTS]
    return "".join([_header(scene), *entries])


def _header(scene: Scene) -> str:
    """Say where the file comes from."""
    return f"""\
# SPDX-License-Identifier: Apache-2.0
# Generated from the scene {world_name(scene)} by `vi-ik world`: change that and write this anew.
# For parameter_bridge of ros_gz_bridge. Topics, units and signs: docs/gazebo.md.
"""


def _entry(name: str, gz_topic: str, ros_type: str, gz_type: str, way: str = "GZ_TO_ROS") -> str:
    """Write one topic."""
    return f"""
- ros_topic_name: {name}
  gz_topic_name: {gz_topic}
  ros_type_name: {ros_type}
  gz_type_name: gz.msgs.{gz_type}
  direction: {way}
"""


def _command(scene: Scene, axis: str) -> str:
    """Write the topic of one reference."""
    topic = command_topic(scene, axis)
    entry = _entry(f"cmd_{axis}", topic, "std_msgs/msg/Float64", "Double", "ROS_TO_GZ")
    return entry + "  subscriber_queue: 1\n  publisher_queue: 1\n"
