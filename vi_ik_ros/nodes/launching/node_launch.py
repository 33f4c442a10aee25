# SPDX-License-Identifier: Apache-2.0
"""The launch description of one node."""

from collections.abc import Sequence
from functools import partial

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.nodes.launching.actions import declared, is_true, value_of
from vi_ik_ros.nodes.launching.arguments import EVERY, Argument


def launch_node(
    name: str,
    arguments: Sequence[Argument],
    *,
    before: Sequence[LaunchDescriptionEntity] = (),
    shown_by: str = "",
) -> LaunchDescription:
    """Declare the arguments of a node, those that every node has included, and start it.

    Args:
        name: key of `NODES` of the node processes, also the name of the node.
        arguments: those that only this node has.
        before: what else is started. It comes first: where it cannot be started, launch ends at
            once and would leave a node behind.
        shown_by: parameter of the node that is true where the argument `rviz` is; '' = none.
    """
    start = partial(_start, name=name, arguments=arguments, shown_by=shown_by)
    everything = declared([*arguments, *EVERY])
    return LaunchDescription([*everything, *before, OpaqueFunction(function=start)])


def _start(
    context: LaunchContext, name: str, arguments: Sequence[Argument], shown_by: str
) -> list[Node]:
    """Start a node with what was given: an empty argument must not hide what the file says."""
    given: dict[str, ParameterValue | bool] = {
        one.parameter: ParameterValue(value, value_type=str)
        for one in arguments
        if one.parameter and (value := value_of(context, one.name))
    }
    given["use_sim_time"] = is_true(context, "use_sim_time")
    if shown_by and is_true(context, "rviz"):
        given[shown_by] = True
    default = share_dir() / "config" / f"{name}.yaml"
    params_file = value_of(context, "params_file") or str(default)
    node = Node(
        package="vi_ik_ros",
        executable=f"{name}_node",
        name=name,
        namespace=LaunchConfiguration("namespace"),
        parameters=[params_file, given],
        ros_arguments=["--log-level", LaunchConfiguration("log_level")],
        output="screen",
    )
    return [node]
