# SPDX-License-Identifier: Apache-2.0
"""RViz beside the nodes, where the argument `rviz` is true."""

from launch import LaunchContext, LaunchDescriptionEntity
from launch.actions import OpaqueFunction
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.nodes.launching.actions import value_of
from vi_ik_ros.nodes.launching.arguments import RVIZ, RVIZ_FRAME, SKILL_BASE


def rviz() -> Node:
    """Start RViz in the namespace of the nodes, which its relative topics need."""
    config = str(share_dir() / "config" / "vi_ik.rviz")
    return Node(
        package="rviz2",
        executable="rviz2",
        name="rviz",
        namespace=LaunchConfiguration("namespace"),
        arguments=["-d", config, "-f", LaunchConfiguration(RVIZ_FRAME.name)],
        parameters=[{"use_sim_time": LaunchConfiguration("use_sim_time")}],
        condition=IfCondition(LaunchConfiguration(RVIZ.name)),
    )


def skill_base() -> OpaqueFunction:
    """Place the base of the skill's robot in the fixed frame of RViz, as `SKILL_BASE` says."""
    return OpaqueFunction(function=_place, condition=IfCondition(LaunchConfiguration(RVIZ.name)))


def _place(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    numbers = value_of(context, SKILL_BASE.name).split()
    if not numbers:
        return []
    flags = ("--x", "--y", "--z", "--yaw", "--pitch", "--roll")
    pairs = zip(flags, numbers, strict=True)
    frames = ("--frame-id", value_of(context, RVIZ_FRAME.name), "--child-frame-id", "base_link")
    node = Node(
        package="tf2_ros",
        executable="static_transform_publisher",
        name="skill_base",
        namespace=LaunchConfiguration("namespace"),
        arguments=[*(word for pair in pairs for word in pair), *frames],
    )
    return [node]
