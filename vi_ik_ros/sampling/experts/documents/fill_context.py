# SPDX-License-Identifier: Apache-2.0
"""Fixed values in place of a context: conditional objectives become unconditional ones."""

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vi_ik_ros.exceptions import ContextError
from vi_ik_ros.sampling.experts.fields import Fields, is_list

_SIZES = {"pose": 7, "orientation": 4, "pose_matrix": 12}  # numbers of a value in wire form
_BY_AXES = ("position", "relative_position", "center_of_mass")
_DEFAULT_FIELD = "mean"
_CENTER = re.compile(r"obstacles\[(\d+)\]\.center")


@dataclass(frozen=True)
class _Gap:
    """A field that a context fills.

    Attributes:
        holder: mapping that holds the field, usually the density.
        field: its key.
        name: `objective.field`.
        size: how many numbers it takes; None where only the robot can tell.
    """

    holder: dict
    field: str
    name: str
    size: int | None


def fill_context(document: Mapping[str, object], values: Sequence[float]) -> dict[str, object]:
    """Return the objectives with a context row written into the densities, and no context.

    Args:
        document: the contents of an objectives file.
        values: the entries of its context one after the other, in wire form.

    Raises:
        ContextError: the count of values is not that of the context.
        ObjectiveError: the context names no objective, or a field that is not left open.
    """
    filled = copy.deepcopy(dict(document))
    gaps = [_gap(filled, entry) for entry in Fields(filled).children("context")]
    if not gaps:
        raise ContextError("context", _count(len(values)), "none: the objectives have no context")
    start = 0
    for gap, size in zip(gaps, _complete(gaps, len(values)), strict=True):
        gap.holder[gap.field] = [float(value) for value in values[start : start + size]]
        start += size
    return filled | {"context": []}


def _gap(document: Mapping[str, object], entry: Fields) -> _Gap:
    """Return the field that a context entry fills, which has to be empty."""
    objective = _objective(document, entry)
    field, name = entry.text("field", default=_DEFAULT_FIELD), objective.text("name")
    transform, center = objective.child("transform"), _CENTER.fullmatch(field)
    fields, key, size = objective.child("density"), field, None
    if center is not None:
        obstacles = transform.children("obstacles")
        if int(center[1]) >= len(obstacles):
            entry.fail("field", f"one of the {len(obstacles)} obstacles of {name}")
        fields, key, size = obstacles[int(center[1])], "center", 3
    holder: dict = fields.values  # type: ignore[assignment]  # of our copy
    if key in holder:
        entry.fail("field", f"a field that {name} leaves out, once")
    holder[key] = None  # so that no other entry fills it
    return _Gap(holder, key, f"{name}.{field}", size or _size(transform))


def _objective(document: Mapping[str, object], entry: Fields) -> Fields:
    """Return the objective that a context entry names."""
    objectives = {item.text("name"): item for item in Fields(document).children("objectives")}
    return objectives[entry.name("objective", tuple(objectives))]


def _size(transform: Fields) -> int | None:
    """Return how many numbers a value has; None where only the robot can tell."""
    kind = transform.text("type")
    if kind == "projection":
        return _size(transform.child("transform"))
    if kind in _BY_AXES:
        axes = transform.values.get("axes", ("x", "y", "z"))
        return len(axes) if is_list(axes) else None
    joints = transform.values.get("joints")
    return len(joints) if kind == "configuration" and is_list(joints) else _SIZES.get(kind)


def _complete(gaps: Sequence[_Gap], num_values: int) -> list[int]:
    """Return the size of each gap; that of the one which is not known is what the others leave."""
    known = sum(gap.size for gap in gaps if gap.size is not None)
    unknown = [gap.name for gap in gaps if gap.size is None]
    if len(unknown) > 1:
        raise ContextError("context", " and ".join(unknown), "at most one entry of all joints")
    if not (num_values > known if unknown else num_values == known):
        parts = ", ".join(f"{gap.name} {gap.size or 'the rest'}" for gap in gaps)
        expected = f"{'more than ' if unknown else ''}{known} ({parts})"
        raise ContextError("context", _count(num_values), expected)
    return [num_values - known if gap.size is None else gap.size for gap in gaps]


def _count(num_values: int) -> str:
    return f"{num_values} number{'s' * (num_values != 1)}"
