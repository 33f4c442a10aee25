# SPDX-License-Identifier: Apache-2.0
"""How arguments are declared and read."""

from collections.abc import Iterable

from launch import LaunchContext
from launch.actions import DeclareLaunchArgument
from launch.conditions import evaluate_condition_expression
from launch.substitutions import LaunchConfiguration

from vi_ik_ros.nodes.launching.arguments import Argument


def declared(arguments: Iterable[Argument]) -> list[DeclareLaunchArgument]:
    """Return the actions that declare arguments."""
    return [
        DeclareLaunchArgument(one.name, default_value=one.default, description=one.description)
        for one in arguments
    ]


def value_of(context: LaunchContext, name: str) -> str:
    """Return what was given for an argument, or its default."""
    return LaunchConfiguration(name).perform(context)


def is_true(context: LaunchContext, name: str) -> bool:
    """Return the value of an argument that is true or false."""
    return evaluate_condition_expression(context, [LaunchConfiguration(name)])
