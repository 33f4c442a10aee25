# SPDX-License-Identifier: Apache-2.0
"""Start the cell of examples/screw_cell.py: `ros2 launch vi_ik_ros screw_cell.launch.py`.

All nodes for a Racer-5 and a screw beside it; then run the example. Others: bringup.launch.py.
"""

from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription
from launch.substitutions import LaunchConfiguration

from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.nodes.launching.actions import declared
from vi_ik_ros.nodes.launching.arguments import EVERY, RVIZ, Argument

ARGUMENTS = (
    Argument("backend", "What is behind the robot interface: analytic, mujoco or comau."),
    Argument("comau_file", "Parameters of a COMAU cell (YAML), for that backend."),
    RVIZ,
    *EVERY,
)
CELL = {  # what is given to the bringup besides
    "model": "racer5_pose",
    "robot": "racer5",
    "scene": "screw_cell",
    "skill": "screw_insertion",
    "rviz_frame": "base_link",
    "skill_base": "",
}


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments and include the bringup."""
    given = {one.name: LaunchConfiguration(one.name) for one in ARGUMENTS} | CELL
    path = str(share_dir() / "launch" / "bringup.launch.py")
    bringup = IncludeLaunchDescription(path, launch_arguments=given.items())
    return LaunchDescription([*declared(ARGUMENTS), bringup])
