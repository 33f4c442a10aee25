# SPDX-License-Identifier: Apache-2.0
"""The parameters of each node as one frozen dataclass, and how a node declares them."""

from dataclasses import Field, dataclass, field, fields
from typing import TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node

from vi_ik_ros.exceptions import InvalidInput

Parameters = TypeVar("Parameters")
Value = TypeVar("Value", bool, int, float, str)


def parameter(
    default: Value, description: str, *, minimum: float | None = None, maximum: float | None = None
) -> Value:
    """Describe one parameter: its default, what it means with its unit, and its range."""
    about = {"description": description, "minimum": minimum, "maximum": maximum}
    return field(default=default, metadata=about)


@dataclass(frozen=True)
class SamplerParameters:
    """What the sampler node can be told at start; restart it to change one."""

    default_model: str = parameter(
        "panda_pose", "Name of the model that answers requests whose field model is empty."
    )
    model_store: str = parameter(
        "", "Directory with one folder per model; empty: $XDG_DATA_HOME/vi_ik_ros/models."
    )
    models_topic: str = parameter(
        "/trainer/models", "Topic (ModelInfo, latched) that says a model has been written."
    )
    check_period: float = parameter(
        1.0, "Time between two looks at the model store [s].", minimum=0.05, maximum=3600.0
    )
    robot: str = parameter(
        "", "Robot that every model is checked against: alias or path; empty: the model's own."
    )
    robot_description: str = parameter(
        "", "URDF text of that robot, in place of the parameter robot; empty: not used."
    )
    robot_description_topic: str = parameter(
        "", "Latched topic (std_msgs/String) with that URDF text; empty: not subscribed."
    )
    max_num_samples: int = parameter(
        100_000, "Largest num_samples of one request (per target).", minimum=1, maximum=10_000_000
    )
    max_targets: int = parameter(
        10_000, "Largest number of targets or context rows of one request.", minimum=1
    )
    max_rows: int = parameter(1_000_000, "Largest num_samples x targets of one request.", minimum=1)
    max_obstacles: int = parameter(
        100, "Largest number of obstacles of one request.", minimum=0, maximum=10_000
    )
    threads: int = parameter(
        0, "Threads of the refiner; 0: as many as the machine has.", minimum=0, maximum=1024
    )
    publish_markers: bool = parameter(
        True, "Publish the robots of the last answer on ~/markers while somebody listens."
    )
    max_markers: int = parameter(
        50, "Largest number of robots drawn on ~/markers.", minimum=1, maximum=1000
    )
    publish_joint_states: bool = parameter(
        True, "Publish the shown configuration of the last answer on ~/sampled_joint_states."
    )
    publish_robot_description: bool = parameter(
        False,
        "Publish the URDF of the model's robot on robot_description (latched); where a robot's own "
        "driver does that, it stays false.",
    )
    tf_prefix: str = parameter(
        "sampled",
        "Before the link names of the shown configuration on /tf_static, where tf2_msgs is "
        "installed; empty: no transforms.",
    )
    service_introspection: str = parameter(
        "auto",
        "What ~/sample/_service_event tells of each call: off, metadata, contents; auto: contents "
        "while somebody subscribes.",
    )
    position_ik: bool = parameter(
        True, "Offer ~/compute_ik (GetPositionIK) where moveit_msgs is installed."
    )
    position_ik_groups: str = parameter(
        "",
        "Which group of a planner asks which model, as in panda_arm=panda_pose, with commas; "
        "empty: groups are named as the models.",
    )
    position_ik_samples: int = parameter(
        20,
        "Configurations among which ~/compute_ik takes the nearest to the seed state.",
        minimum=1,
        maximum=1000,
    )


@dataclass(frozen=True)
class TrainerParameters:
    """What the trainer node can be told at start; restart it to change one."""

    model_store: str = parameter(
        "", "Directory with one folder per model; empty: $XDG_DATA_HOME/vi_ik_ros/models."
    )
    work_directory: str = parameter(
        "", "Directory of checkpoints and demonstrations; empty: $XDG_DATA_HOME/vi_ik_ros/trainer."
    )
    device: str = parameter(
        "auto", "What a training computes on: auto (an accelerator if there is one), cpu or cuda."
    )
    time_limit: float = parameter(
        600.0, "Longest training of a set that names no limit [s].", minimum=1.0, maximum=604_800.0
    )
    threads: int = parameter(1, "Threads of a training.", minimum=1, maximum=1024)
    nice: int = parameter(
        19, "Niceness of a training: 19 lets everything else go first.", minimum=0, maximum=19
    )
    status_period: float = parameter(
        0.25, "Time between two messages on ~/status [s].", minimum=0.05, maximum=0.5
    )
    check_period: float = parameter(
        1.0, "Time between two looks at the model store [s].", minimum=0.05, maximum=3600.0
    )
    demonstration_distance: float = parameter(
        0.02,
        "Least joint difference [rad, m] of a demonstration to all that are recorded.",
        minimum=0.0,
        maximum=10.0,
    )
    max_demonstrations: int = parameter(
        10_000, "Most demonstrations that are recorded.", minimum=1, maximum=1_000_000
    )


def declare(node: Node, parameters: type[Parameters]) -> Parameters:
    """Declare every field of a parameter class read-only on a node and return the values.

    Args:
        node: the node that gets the parameters.
        parameters: a frozen dataclass whose fields were made by `parameter`.

    Raises:
        InvalidInput: a value from outside has the wrong type or is out of its range.
    """
    described = fields(parameters)  # type: ignore[arg-type]
    return parameters(**{entry.name: _declare_one(node, entry) for entry in described})


def _declare_one(node: Node, entry: Field) -> bool | int | float | str:
    try:
        return node.declare_parameter(entry.name, entry.default, _descriptor(entry)).value
    except (InvalidParameterTypeException, InvalidParameterValueException) as error:
        value = node._parameter_overrides[entry.name].value  # rclpy shows it nowhere else.
        raise InvalidInput(f"parameter {entry.name}", value, _expected(entry)) from error


def _descriptor(entry: Field) -> ParameterDescriptor:
    about = entry.metadata
    descriptor = ParameterDescriptor(description=about["description"], read_only=True)
    if about["minimum"] is None:
        return descriptor
    if isinstance(entry.default, float):
        highest = 1e308 if about["maximum"] is None else float(about["maximum"])
        span = FloatingPointRange(from_value=float(about["minimum"]), to_value=highest)
        descriptor.floating_point_range = [span]
    else:
        highest = 2**63 - 1 if about["maximum"] is None else int(about["maximum"])
        descriptor.integer_range = [
            IntegerRange(from_value=int(about["minimum"]), to_value=highest, step=1)
        ]
    return descriptor


def _expected(entry: Field) -> str:
    kind = {bool: "true or false", int: "an integer", float: "a real number", str: "a text"}
    words = kind[type(entry.default)]
    lowest, highest = entry.metadata["minimum"], entry.metadata["maximum"]
    if lowest is None:
        return words
    return f"{words} of {lowest} or more" + ("" if highest is None else f", up to {highest}")
