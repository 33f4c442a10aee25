# SPDX-License-Identifier: Apache-2.0
"""Start a scene in Gazebo Sim, and its bridge: `ros2 launch vi_ik_ros gazebo.launch.py`.

Needs ros_gz_sim and ros_gz_bridge, which were not at hand where this was written: validated
statically only, with stand-ins for both; it has never started a Gazebo. See docs/gazebo.md.
"""

import shlex
from pathlib import Path

from ament_index_python import packages
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

SHARE = Path(packages.get_package_share_directory("vi_ik_ros"))


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments and start simulator and bridge."""
    arguments = [
        ("scene", "screw_slot", "Which world: the name of its files without their endings."),
        ("worlds", str(SHARE / "worlds"), "Folder with SCENE.sdf and SCENE_bridge.yaml."),
        ("gz_args", "-r", "Options of `gz sim`: -r runs at once, -s opens no window."),
        ("namespace", "gazebo", "Namespace of the topics, all but /clock."),
        ("log_level", "info", "debug, info, warn, error or fatal; of the bridge."),
    ]
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, default, description in arguments
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=_start)])


def _start(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Start both on the files of the scene; the end of the simulator ends the bridge."""
    folder = Path(LaunchConfiguration("worlds").perform(context))
    scene = LaunchConfiguration("scene").perform(context)
    options = LaunchConfiguration("gz_args").perform(context)
    gz_sim = Path(packages.get_package_share_directory("ros_gz_sim"))
    world = shlex.quote(str(folder / f"{scene}.sdf"))
    simulator = IncludeLaunchDescription(
        str(gz_sim / "launch/gz_sim.launch.py"),
        launch_arguments=[("gz_args", f"{world} {options}"), ("on_exit_shutdown", "true")],
    )
    bridge = Node(
        package="ros_gz_bridge",
        executable="parameter_bridge",
        name="bridge",
        namespace=LaunchConfiguration("namespace"),
        parameters=[{"config_file": str(folder / f"{scene}_bridge.yaml")}],
        ros_arguments=["--log-level", LaunchConfiguration("log_level")],
        output="screen",
    )
    return [simulator, bridge]
