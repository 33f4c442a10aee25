# SPDX-License-Identifier: Apache-2.0
"""Start the robot interface: `ros2 launch vi_ik_ros robot_interface.launch.py backend:=mujoco`.

The node makes the time of a simulation: it refuses `use_sim_time:=true` and ends.
"""

from launch import LaunchDescription

from vi_ik_ros.nodes.launching.arguments import Argument
from vi_ik_ros.nodes.launching.node_launch import launch_node

ARGUMENTS = (
    Argument(
        "backend",
        "What is behind it: analytic, mujoco or comau; empty: as in params_file.",
        parameter="backend",
    ),
    Argument(
        "scene",
        "Name in config/scenes or a path; empty: as in params_file.",
        parameter="scene",
    ),
    Argument(
        "arm",
        "Robot whose joints follow the tool, alias or path; empty: as in params_file.",
        parameter="robot",
    ),
    Argument(
        "comau_file",
        "Parameters of a COMAU cell (YAML); empty: as in params_file.",
        parameter="comau_file",
    ),
)


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments and start the node."""
    return launch_node("robot_interface", ARGUMENTS)
