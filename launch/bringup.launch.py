# SPDX-License-Identifier: Apache-2.0
"""Start the sampler and show its answers: `ros2 launch vi_ik_ros bringup.launch.py`.

Takes the arguments of sampler.launch.py. Where robot_state_publisher is installed, it turns the
sampler's best configurations into transforms, so that RViz shows the robot.
"""

from pathlib import Path

from ament_index_python.packages import (
    PackageNotFoundError,
    get_package_prefix,
    get_package_share_directory,
)
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, LogInfo, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

SHARE = Path(get_package_share_directory("vi_ik_ros"))


def generate_launch_description() -> LaunchDescription:
    """Include the sampler and add the state publisher."""
    robot = DeclareLaunchArgument(
        "robot", default_value="panda", description="Robot of models and transforms: alias or path."
    )
    sampler = IncludeLaunchDescription(str(SHARE / "launch" / "sampler.launch.py"))
    return LaunchDescription([robot, sampler, OpaqueFunction(function=_show)])


def _show(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Publish the transforms of the robot, if that is possible here."""
    robot = LaunchConfiguration("robot").perform(context)
    files = [path for path in (Path(robot), SHARE / "urdf" / f"{robot}.urdf") if path.is_file()]
    try:
        get_package_prefix("robot_state_publisher")
    except PackageNotFoundError:
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
