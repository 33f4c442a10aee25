# SPDX-License-Identifier: Apache-2.0
"""Start all nodes, and RViz if asked to: `ros2 launch vi_ik_ros bringup.launch.py rviz:=true`.

Sampler, trainer, and a simulated or real arm with its skills, each as its own launch file says.
"""

from launch import LaunchDescription
from launch.actions import GroupAction, IncludeLaunchDescription
from launch.substitutions import LaunchConfiguration

from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.nodes.launching.actions import declared
from vi_ik_ros.nodes.launching.arguments import EVERY, RVIZ, RVIZ_FRAME, SKILL_BASE, Argument
from vi_ik_ros.nodes.launching.rviz import skill_base

ARGUMENTS = (
    Argument("model", "Model of the sampler's requests that name none."),
    Argument("robot", "Robot of the sampler's models, alias or path; empty: the model's own."),
    Argument("device", "What trainings compute on: auto, cpu or cuda."),
    Argument("backend", "What is behind the robot interface: analytic, mujoco or comau."),
    Argument("scene", "What the skills act on: name in config/scenes or a path."),
    Argument("comau_file", "Parameters of a COMAU cell (YAML), for that backend."),
    Argument("skill", "Skill of goals that name none: name or path."),
    RVIZ,
    RVIZ_FRAME,
    SKILL_BASE,
    *EVERY,
)
NODES = {  # and which arguments go on to it, besides those that every node has
    "sampler": ("model", "robot", "rviz", "rviz_frame"),
    "trainer": ("device",),
    "robot_interface": ("backend", "scene", "comau_file"),
    "skill": ("skill",),
}
OWN = {  # what a node gets in place of what was given
    "robot_interface": {"use_sim_time": "false"},  # It makes the time.
    "skill": {"rviz": "false"},  # The sampler has it.
}


def generate_launch_description() -> LaunchDescription:
    """Include the nodes, each with a scope of its own."""
    nodes = [GroupAction([_include(name)]) for name in NODES]
    return LaunchDescription([*declared(ARGUMENTS), skill_base(), *nodes])


def _include(name: str) -> IncludeLaunchDescription:
    """Include the launch file of a node, with what is said of it here."""
    words = (*NODES[name], *(one.name for one in EVERY))
    given = {word: LaunchConfiguration(word) for word in words} | OWN.get(name, {})
    path = str(share_dir() / "launch" / f"{name}.launch.py")
    return IncludeLaunchDescription(path, launch_arguments=given.items())
