# SPDX-License-Identifier: Apache-2.0
"""One primitive of a skill file."""

from collections.abc import Mapping

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.control.set_values import AXES
from vi_ik_ros.skills.execution.graph.names import Names, Number, Template
from vi_ik_ros.skills.execution.graph.objective import Objective
from vi_ik_ros.skills.execution.graph.predicates import KINDS, Predicate
from vi_ik_ros.skills.execution.graph.primitive import AxisNumbers, Conditions, Primitive
from vi_ik_ros.skills.execution.graph.sections.shape import (
    list_of,
    mapping_of,
    one_of,
    truth_of,
)
from vi_ik_ros.skills.execution.graph.task import TARGETS
from vi_ik_ros.skills.plants.scene.reading import nearest

OPTIONAL = (
    *("velocity", "force", "gain", "target", "preconditions", "success", "errors", "skip_if"),
    *("linger", "tare", "objective", "next", "travel_from", "allow_feedforward"),
)


def read_primitive(values: object, path: str, following: str, names: Names) -> Primitive:
    """Make a primitive.

    Args:
        values: the mapping.
        path: where it stands, for errors.
        following: name of the next one, unless the mapping says another.
        names: that may stand for numbers.

    Raises:
        InvalidInput: something in it is wrong.
    """
    said = mapping_of(values, path, ("name",), OPTIONAL)
    name = str(said["name"])
    force = _axis_numbers(said.get("force", {}), f"{path}.force", names)
    target = said.get("target")
    return Primitive(
        name=name,
        velocity=_axis_numbers(said.get("velocity", {}), f"{path}.velocity", names),
        force=force,
        gain=_gains(said.get("gain", {}), f"{path}.gain", tuple(force), names),
        target="" if target is None else one_of(target, f"{path}.target", TARGETS),
        preconditions=_conditions(said, "preconditions", path, names),
        success=_conditions(said, "success", path, names),
        errors=_conditions(said, "errors", path, names),
        skip_if=_conditions(said, "skip_if", path, names),
        linger=_at_least_0(said.get("linger", 0.0), f"{path}.linger", names),
        tare=truth_of(said.get("tare", False), f"{path}.tare"),
        objective=_objective(said.get("objective"), f"{path}.objective", names),
        next=str(said.get("next", following)),
        travel_from=str(said.get("travel_from", name)),
        allow_feedforward=truth_of(
            said.get("allow_feedforward", False), f"{path}.allow_feedforward"
        ),
    )


def _axis_numbers(values: object, path: str, names: Names) -> AxisNumbers:
    """Return numbers by axis."""
    said = mapping_of(values, path, (), AXES)
    return {axis: names.number(value, f"{path}.{axis}") for axis, value in said.items()}


def _gains(values: object, path: str, axes: tuple[str, ...], names: Names) -> AxisNumbers:
    """Return a gain for each axis with a force; one number is for all of them."""
    if not isinstance(values, Mapping):
        values = dict.fromkeys(axes, values)
    for axis in values:
        if axis in AXES and axis not in axes:
            raise InvalidInput(f"{path}.{axis}", values[axis], f"no gain without a force on {axis}")
    said = mapping_of(values, path, axes)
    return {axis: _at_least_0(value, f"{path}.{axis}", names) for axis, value in said.items()}


def _conditions(said: Mapping[str, object], key: str, path: str, names: Names) -> Conditions:
    """Return the predicates of a list."""
    listed = list_of(said.get(key, ()), f"{path}.{key}")
    return tuple(_condition(one, f"{path}.{key}[{i}]", names) for i, one in enumerate(listed))


def _condition(values: object, path: str, names: Names) -> Template[Predicate]:
    """Return a predicate from a mapping of its kind to its numbers."""
    if not isinstance(values, Mapping) or len(values) != 1:
        raise InvalidInput(path, values, f"one predicate: {', '.join(KINDS)}")
    ((kind, numbers),) = values.items()
    if kind not in KINDS:
        raise InvalidInput(f"{path}.{kind}", "an unknown predicate", nearest(str(kind), [*KINDS]))
    return Template.read(KINDS[kind], numbers, f"{path}.{kind}", names)


def _objective(values: object, path: str, names: Names) -> Objective[Number]:
    """Return a share of the objective: {weight, parameter} or {weight, time}."""
    if values is None:
        return Objective(weight=0.0, value=1.0, upper=1.0, time=0.0)
    said = mapping_of(values, path, ("weight",), ("parameter", "time"))
    weight = _at_least_0(said["weight"], f"{path}.weight", names)
    if isinstance(weight, str):
        raise InvalidInput(f"{path}.weight", weight, "a number; weights are not learned")
    if ("parameter" in said) == ("time" in said):
        raise InvalidInput(path, dict(said), "either parameter or time")
    if "time" in said:
        time = names.number(said["time"], f"{path}.time")
        if min(names.ends(time)) <= 0.0:
            raise InvalidInput(f"{path}.time", said["time"], "more than 0 s")
        return Objective(weight=weight, value=1.0, upper=1.0, time=time)
    parameter = one_of(said["parameter"], f"{path}.parameter", names.space.names)
    upper = names.space[parameter].upper
    if upper <= 0.0:
        raise InvalidInput(f"{path}.parameter", parameter, "an upper bound above 0")
    return Objective(weight=weight, value=parameter, upper=upper, time=0.0)


def _at_least_0(value: object, path: str, names: Names) -> Number:
    """Return a number that is not negative."""
    number = names.number(value, path)
    if not 0.0 <= min(names.ends(number)) < float("inf"):
        raise InvalidInput(path, value, "a number of at least 0")
    return number
