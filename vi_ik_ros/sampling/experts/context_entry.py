# SPDX-License-Identifier: Apache-2.0
"""Task parameters: which field of which objective a context fills, and from where."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.sampling.experts.expert import Expert
from vi_ik_ros.sampling.experts.fields import Fields, is_list

DISTRIBUTIONS = ("reachable", "uniform")
BOX = 6  # bounds of a position and a rotation vector


@dataclass(frozen=True)
class ContextDistribution:
    """p(y) of one context entry.

    Attributes:
        type: `reachable`, the values that configurations of the product reach, or `uniform`.
        lower, upper: bounds of a uniform one, for the entries outside a quaternion; a quaternion
            is then uniform over all orientations. Of a pose there may be six: the position, then
            the rotation vector [rad]. Empty when reachable.
    """

    type: str
    lower: tuple[float, ...] = ()
    upper: tuple[float, ...] = ()

    @property
    def is_box(self) -> bool:
        """Whether it bounds a whole pose, by position and rotation vector."""
        return len(self.lower) == BOX


@dataclass(frozen=True)
class ContextEntry:
    """Some columns of a context row and the field that they fill.

    Attributes:
        name: how the entry is called in `model.json` and on the command line.
        kind: pose, position, orientation, configuration or vector.
        size: number of columns, in wire form.
        frame: frame in which the value is given, the robot's root unless the transform says so.
        unit: its unit.
        objective: name of the objective.
        field: field of that objective's density, or of its transform.
        distribution: p(y).
    """

    name: str
    kind: str
    size: int
    frame: str
    unit: str
    objective: str
    field: str
    distribution: ContextDistribution

    def describe(self, lower: np.ndarray, upper: np.ndarray) -> dict[str, object]:
        """Return the entry as `model.json` holds it.

        Args:
            lower: (size,) smallest value of each column that the model was trained on.
            upper: (size,) largest value.
        """
        words = ("name", "kind", "size", "frame", "unit", "objective", "field")
        bounds = [[float(entry) for entry in row] for row in (lower, upper)]
        return {word: getattr(self, word) for word in words} | {"range": bounds}


def read_context(
    items: Sequence[Fields], experts: Sequence[Expert], frame: str
) -> tuple[ContextEntry, ...]:
    """Read the `context` list of an objectives file.

    Args:
        items: its mappings.
        experts: the experts of the same file.
        frame: the robot's root frame.
    """
    entries: list[ContextEntry] = []
    for item in items:
        entry = _read_entry(item, experts, frame)
        if entry.name in (other.name for other in entries):
            raise ObjectiveError(item.at("name"), entry.name, "a name of its own")
        if (entry.objective, entry.field) in ((o.objective, o.field) for o in entries):
            item.fail("field", f"each field of {entry.objective} at most once")
        entries.append(entry)
    return tuple(entries)


def _read_entry(item: Fields, experts: Sequence[Expert], frame: str) -> ContextEntry:
    """Read one mapping of the list."""
    item.allow("name", "objective", "field", "distribution")
    objective = item.name("objective", [expert.name for expert in experts])
    expert = next(expert for expert in experts if expert.name == objective)
    transform = expert.transform
    valid = (*expert.density.conditionable, *transform.conditionable)
    if not valid:
        item.fail("objective", f"an objective with a field for a context, unlike {objective}")
    field = item.name("field", valid, default=valid[0])
    if field not in expert.open_fields:
        item.fail("field", f"a field that {objective} leaves out: remove it here or there")
    default_name = objective if field == valid[0] else f"{objective}_{field}"
    of_transform, distribution = field in transform.conditionable, item.child("distribution")
    return ContextEntry(
        name=item.text("name", default=default_name),
        kind="vector" if of_transform else transform.kind,
        size=transform.conditionable[field] if of_transform else transform.size,
        frame=transform.expressed_in or frame,
        unit=transform.unit,
        objective=objective,
        field=field,
        distribution=_read_uniform(distribution, transform.conditionable[field])
        if of_transform
        else _read_distribution(distribution, expert),
    )


def _read_uniform(fields: Fields, size: int) -> ContextDistribution:
    """Read bounds of what no configuration reaches, so that it can only be uniform."""
    kind = fields.name("type", DISTRIBUTIONS[1:])
    fields.allow("type", "lower", "upper")
    return ContextDistribution(kind, *_read_bounds(fields, size, box=False))


def _read_distribution(fields: Fields, expert: Expert) -> ContextDistribution:
    """Read where the values of an entry come from."""
    kind = fields.name("type", DISTRIBUTIONS)
    if kind == "reachable":
        fields.allow("type")
        return ContextDistribution(kind)
    quaternion, size = expert.transform.quaternion, expert.transform.size
    if quaternion is not None:
        size -= quaternion.stop - quaternion.start
    if size == 0:
        fields.allow("type")
        return ContextDistribution(kind)
    fields.allow("type", "lower", "upper")
    given = fields.values.get("lower")
    box = expert.transform.kind == "pose" and is_list(given) and len(given) == BOX
    size = BOX if box else size
    return ContextDistribution(kind, *_read_bounds(fields, size, box=box))


def _read_bounds(
    fields: Fields, size: int, *, box: bool
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Read `lower` and `upper`; those of a box may be equal."""
    lower, upper = (fields.numbers(key, size) for key in ("lower", "upper"))
    if lower is None or upper is None:
        fields.fail("lower" if lower is None else "upper", f"{size} finite numbers")
    ordered = [low < high or (box and low == high) for low, high in zip(lower, upper, strict=True)]
    if not all(ordered):
        fields.fail("upper", f"bounds above lower, {list(lower)}")
    return lower, upper
