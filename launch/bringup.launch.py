# SPDX-License-Identifier: Apache-2.0
"""Start sampler and trainer and show the answers: `ros2 launch vi_ik_ros bringup.launch.py`.

Takes the arguments of sampler.launch.py and trainer.launch.py. Where robot_state_publisher is
installed, the sampler's best configurations become transforms, so that RViz shows the robot.
"""

from pathlib import Path

from ament_index_python import packages
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import (
    DeclareLaunchArgument,
    GroupAction,
    IncludeLaunchDescription,
    LogInfo,
    OpaqueFunction,
)
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

SHARE = Path(packages.get_package_share_directory("vi_ik_ros"))


def generate_launch_description() -> LaunchDescription:
    """Include the nodes, each with its own defaults, and add the state publisher."""
    arguments = [
        ("robot", "panda", "Robot of models and transforms: alias or path."),
        ("namespace", "", "Namespace of all nodes."),
        ("use_sim_time", "false", "true: take the time from /clock."),
    ]
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, default, description in arguments
    ]
    nodes = [
        GroupAction([IncludeLaunchDescription(str(SHARE / "launch" / f"{name}.launch.py"))])
        for name in ("sampler", "trainer")
    ]
    return LaunchDescription([*declared, *nodes, OpaqueFunction(function=_show)])


def _show(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Publish the transforms of the robot, if that is possible here."""
    robot = LaunchConfiguration("robot").perform(context)
    files = [path for path in (Path(robot), SHARE / "urdf" / f"{robot}.urdf") if path.is_file()]
    if "robot_state_publisher" not in packages.get_packages_with_prefixes():
        return [LogInfo(msg="No transforms: the package robot_state_publisher is not installed.")]
    if not files:
        return [LogInfo(msg=f"No transforms: {robot} is neither a path nor a file in urdf/.")]
    sim_time = LaunchConfiguration("use_sim_time").perform(context) == "true"
    node = Node(
        package="robot_state_publisher",
        executable="robot_state_publisher",
        namespace=LaunchConfiguration("namespace"),
        parameters=[{"robot_description": files[0].read_text(), "use_sim_time": sim_time}],
        remappings=[("joint_states", "sampler/sampled_joint_states")],
    )
    return [node]
