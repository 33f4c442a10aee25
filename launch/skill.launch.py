# SPDX-License-Identifier: Apache-2.0
"""Start the skill node: `ros2 launch vi_ik_ros skill.launch.py skill:=peg_in_hole`.

It needs a robot interface node in the same namespace, or one that the parameter robot names.
"""

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

# launch argument -> parameter
PARAMETERS = {"skill": "default_skill", "robot": "robot"}


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments and start the node."""
    params_file = PathJoinSubstitution([FindPackageShare("vi_ik_ros"), "config", "skill.yaml"])
    arguments = [
        ("skill", "", "Skill of goals that name none: name or path; empty: as in the file."),
        ("robot", "", "Prefix of the robot interface's names; empty: as in the file."),
        ("namespace", "", "Namespace of the node."),
        ("use_sim_time", "false", "true: stamps are of the time on /clock."),
        ("params_file", params_file, "Parameters of the node (YAML)."),
        ("log_level", "info", "debug, info, warn, error or fatal."),
    ]
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, default, description in arguments
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=_start)])


def _start(context: LaunchContext) -> list[Node]:
    """Start the node with the parameters that were given: an empty one must not hide the file's."""
    given = {
        parameter: ParameterValue(value, value_type=str)
        for argument, parameter in PARAMETERS.items()
        if (value := LaunchConfiguration(argument).perform(context))
    }
    given["use_sim_time"] = ParameterValue(LaunchConfiguration("use_sim_time"), value_type=bool)
    node = Node(
        package="vi_ik_ros",
        executable="skill_node",
        name="skill",
        namespace=LaunchConfiguration("namespace"),
        parameters=[LaunchConfiguration("params_file"), given],
        ros_arguments=["--log-level", LaunchConfiguration("log_level")],
        output="screen",
    )
    return [node]
