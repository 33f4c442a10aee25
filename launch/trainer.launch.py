# SPDX-License-Identifier: Apache-2.0
"""Start the trainer node: `ros2 launch vi_ik_ros trainer.launch.py device:=cpu`."""

from launch import LaunchDescription

from vi_ik_ros.nodes.launching.arguments import Argument
from vi_ik_ros.nodes.launching.node_launch import launch_node

ARGUMENTS = (
    Argument(
        "device",
        "What trainings compute on: auto, cpu or cuda; empty: as in params_file.",
        parameter="device",
    ),
)


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments and start the node."""
    return launch_node("trainer", ARGUMENTS)
