# SPDX-License-Identifier: Apache-2.0
"""Start a scene in Gazebo Sim, and its bridge: `ros2 launch vi_ik_ros gazebo.launch.py`.

Needs ros_gz_sim and ros_gz_bridge, which were not at hand where this was written: validated
statically only, with stand-ins for both; it has never started a Gazebo. See docs/gazebo.md.
"""

import shlex
from pathlib import Path

from ament_index_python import packages
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import IncludeLaunchDescription, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.nodes.launching.actions import declared, value_of
from vi_ik_ros.nodes.launching.arguments import Argument

ARGUMENTS = (
    Argument("scene", "Which world: the name of its files without their endings.", "screw_slot"),
    Argument("worlds", "Folder with SCENE.sdf and SCENE_bridge.yaml.", str(share_dir() / "worlds")),
    Argument("gz_args", "Options of `gz sim`: -r runs at once, -s opens no window.", "-r"),
    Argument("namespace", "Namespace of the topics, all but /clock.", "gazebo"),
    Argument("log_level", "debug, info, warn, error or fatal; of the bridge.", "info"),
)


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments and start simulator and bridge."""
    return LaunchDescription([*declared(ARGUMENTS), OpaqueFunction(function=_start)])


def _start(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Start both on the files of the scene; the end of the simulator ends the bridge."""
    folder = Path(value_of(context, "worlds"))
    scene = value_of(context, "scene")
    options = value_of(context, "gz_args")
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
