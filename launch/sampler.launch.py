# SPDX-License-Identifier: Apache-2.0
"""Start the sampler node: `ros2 launch vi_ik_ros sampler.launch.py model:=panda_pose`."""

from launch import LaunchDescription

from vi_ik_ros.nodes.launching.arguments import RVIZ, RVIZ_FRAME, Argument
from vi_ik_ros.nodes.launching.node_launch import launch_node
from vi_ik_ros.nodes.launching.rviz import rviz

ARGUMENTS = (
    Argument(
        "model",
        "Model of requests that name none; empty: as in params_file.",
        parameter="default_model",
    ),
    Argument(
        "robot",
        "Robot that models must fit, alias or path; empty: the model's own.",
        parameter="robot",
    ),
    RVIZ,
    RVIZ_FRAME,
)


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments, start RViz, if asked to, and the node."""
    shown_by = "publish_robot_description"
    return launch_node("sampler", ARGUMENTS, before=[rviz()], shown_by=shown_by)
