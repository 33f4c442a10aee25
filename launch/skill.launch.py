# SPDX-License-Identifier: Apache-2.0
"""Start the skill node: `ros2 launch vi_ik_ros skill.launch.py skill:=peg_in_hole`.

It needs a robot interface node in the same namespace, or one that `robot_prefix` names.
"""

from dataclasses import replace

from launch import LaunchDescription

from vi_ik_ros.nodes.launching.arguments import RVIZ, RVIZ_FRAME, Argument
from vi_ik_ros.nodes.launching.node_launch import launch_node
from vi_ik_ros.nodes.launching.rviz import rviz

ARGUMENTS = (
    Argument(
        "skill",
        "Skill of goals that name none: name or path; empty: as in params_file.",
        parameter="default_skill",
    ),
    Argument(
        "robot_prefix",
        "Prefix of the robot interface's names, such as /cell; empty: as in params_file.",
        parameter="robot",
    ),
    RVIZ,
    replace(RVIZ_FRAME, default="base_link"),
)


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments, start RViz, if asked to, and the node."""
    return launch_node("skill", ARGUMENTS, before=[rviz()])
