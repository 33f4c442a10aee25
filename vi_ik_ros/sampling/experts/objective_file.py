# SPDX-License-Identifier: Apache-2.0
"""Objectives files: from YAML, or the same mapping, to a product of experts."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.context_entry import ContextEntry, read_context
from vi_ik_ros.sampling.experts.densities import DENSITIES, NormalCdf
from vi_ik_ros.sampling.experts.expert import Expert
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.experts.transforms import TRANSFORMS, Distance
from vi_ik_ros.sampling.experts.yaml_document import read_yaml


@dataclass(frozen=True)
class Objectives:
    """An objectives file, read and checked.

    Attributes:
        robot_spec: the robot as the file names it.
        robot: the robot.
        product: the target density.
        context_entries: what a context row fills, in order; empty without context.
        document: the file as plain values with every default filled in.
        digest: sha256 of the document in canonical JSON; equal for equal targets in other words
            (order of keys, comments, 1 or 1.0), different for another robot name.
    """

    robot_spec: str | Mapping
    robot: RobotModel
    product: ProductOfExperts
    context_entries: tuple[ContextEntry, ...]
    document: Mapping[str, object]
    digest: str


def load_objectives(
    source: str | Path | Mapping,
    *,
    robot: RobotModel | None = None,
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
) -> Objectives:
    """Read objectives from a YAML file or from a mapping of the same form.

    Args:
        source: path of a YAML file, or its contents as a mapping.
        robot: the robot to use in place of the one that the file names.
        dtype: dtype of the configurations that the product will judge.
        device: their device.

    Raises:
        ObjectiveError: Something is wrong; its field is the place in the file.
        RobotError: The robot cannot be loaded.
    """
    fields = Fields(source if isinstance(source, Mapping) else read_yaml(Path(source)))
    fields.allow("robot", "objectives", "context")
    spec = fields.values.get("robot")
    if not spec or not isinstance(spec, str | Mapping):
        fields.fail("robot", "a robot's alias, path or mapping")
    robot = RobotModel.load(spec) if robot is None else robot
    experts = _read_experts(fields, robot)
    entries = read_context(fields.children("context"), experts, robot.root)
    _refuse_open_fields(experts, entries)
    document = _normalised(fields, entries)
    return Objectives(
        robot_spec=spec,
        robot=robot,
        product=ProductOfExperts(robot, experts, entries, dtype=dtype, device=device),
        context_entries=entries,
        document=document,
        digest=document_digest(document),
    )


def document_digest(document: Mapping[str, object]) -> str:
    """Return the sha256 of a normalised document in canonical JSON."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _read_experts(fields: Fields, robot: RobotModel) -> tuple[Expert, ...]:
    """Read the list `objectives`, at least one."""
    items = fields.children("objectives")
    if not items:
        fields.fail("objectives", "at least one objective")
    experts: list[Expert] = []
    for item in items:
        expert = _read_expert(item, robot)
        if expert.name in (other.name for other in experts):
            item.fail("name", "a name that no other objective has")
        experts.append(expert)
    if all(expert.priority > 0 for expert in experts):
        items[0].fail("priority", "0, the first priority, for at least one objective")
    return tuple(experts)


def _read_expert(item: Fields, robot: RobotModel) -> Expert:
    """Read one objective."""
    item.allow("name", "transform", "density", "priority")
    name = item.text("name")
    try:
        return _read_named_expert(name, item, robot)
    except ObjectiveError as error:
        expected = f"{error.expected} (objective {name})"
        raise ObjectiveError(error.field, error.value, expected) from None


def _read_named_expert(name: str, item: Fields, robot: RobotModel) -> Expert:
    """Read what stands under the name of an objective."""
    transform_fields, density_fields = item.child("transform"), item.child("density")
    transform_type = TRANSFORMS[transform_fields.name("type", tuple(TRANSFORMS))]
    density_type = DENSITIES[density_fields.name("type", tuple(DENSITIES))]
    transform = transform_type.from_fields(transform_fields, robot)
    density = density_type.from_fields(density_fields, transform)
    if isinstance(transform, Distance) and transform.num_random is not None:
        if not isinstance(density, NormalCdf) or density.directions is not None:
            transform_fields.fail("num_random", "a normal_cdf without directions beside it")
    return Expert(name, transform, density, item.integer("priority", default=0))


def _refuse_open_fields(experts: tuple[Expert, ...], entries: tuple[ContextEntry, ...]) -> None:
    """Refuse an objective without a field that no context entry fills."""
    filled = {(entry.objective, entry.field) for entry in entries}
    for index, expert in enumerate(experts):
        for field in expert.density.conditionable:
            if getattr(expert.density, field) is None and (expert.name, field) not in filled:
                size = expert.transform.size
                expected = f"{size} numbers here, or a context entry for {expert.name}"
                raise ObjectiveError(f"objectives[{index}].density.{field}", "nothing", expected)


def _normalised(fields: Fields, entries: tuple[ContextEntry, ...]) -> dict[str, object]:
    """Fill in the defaults of objectives and context; every number but a priority is a float."""
    objectives = [
        {**_plain_mapping(item.values), "priority": item.integer("priority", default=0)}
        for item in fields.children("objectives")
    ]
    context = [
        {**_plain_mapping(item.values), "name": entry.name, "field": entry.field}
        for item, entry in zip(fields.children("context"), entries, strict=True)
    ]
    return {"robot": _plain(fields.values["robot"]), "objectives": objectives, "context": context}


def _plain_mapping(values: Mapping[str, object]) -> dict[str, object]:
    """Copy a mapping as plain values."""
    return {str(key): _plain(entry) for key, entry in values.items()}


def _plain(value: object) -> object:
    """Copy nested values as dictionaries, lists, texts, floats and truth values.

    An infinite bound is none, which JSON can hold.
    """
    if isinstance(value, Mapping):
        return _plain_mapping(value)
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if math.isfinite(value) else None
    return str(value) if isinstance(value, Path) else value
