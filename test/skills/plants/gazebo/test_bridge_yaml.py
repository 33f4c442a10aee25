# SPDX-License-Identifier: Apache-2.0
import pytest
import yaml

from vi_ik_ros.skills.plants.gazebo import bridge_yaml

TYPES = {  # name in ROS -> type in ROS, type in Gazebo, direction
    "/clock": ("rosgraph_msgs/msg/Clock", "gz.msgs.Clock", "GZ_TO_ROS"),
    "wrench": ("geometry_msgs/msg/WrenchStamped", "gz.msgs.Wrench", "GZ_TO_ROS"),
    "joint_states": ("sensor_msgs/msg/JointState", "gz.msgs.Model", "GZ_TO_ROS"),
} | {
    f"cmd_{axis}": ("std_msgs/msg/Float64", "gz.msgs.Double", "ROS_TO_GZ")
    for axis in ("x", "y", "z", "rx", "ry", "rz")
}


@pytest.fixture
def entries(scene):
    return {entry["ros_topic_name"]: entry for entry in yaml.safe_load(bridge_yaml(scene))}


def test_each_topic_has_its_types_and_its_direction(entries):
    keys = ("ros_type_name", "gz_type_name", "direction")
    assert {name: tuple(e[key] for key in keys) for name, e in entries.items()} == TYPES


def test_the_topics_are_those_of_the_world(entries, tool):
    topics = {name: entry["gz_topic_name"] for name, entry in entries.items()}
    assert topics.pop("/clock") == "/clock"
    assert topics.pop("wrench") == tool.findtext("joint/sensor/topic")
    in_world = {p.findtext("joint_name"): p.findtext("topic") for p in tool.findall("plugin")}
    assert topics.pop("joint_states") == in_world.pop(None)
    assert topics == {
        f"cmd_{axis}": in_world[f"{kind}_{axis[-1]}"]
        for kind, prefix in (("slide", ""), ("turn", "r"))
        for axis in (f"{prefix}{letter}" for letter in "xyz")
    }


def test_an_old_command_waits_nowhere(entries):
    queues = [
        (entry["subscriber_queue"], entry["publisher_queue"])
        for entry in entries.values()
        if entry["direction"] == "ROS_TO_GZ"
    ]
    assert queues == [(1, 1)] * 6
