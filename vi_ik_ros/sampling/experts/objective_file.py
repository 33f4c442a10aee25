# SPDX-License-Identifier: Apache-2.0
"""Objectives files: from YAML, or the same mapping, to a product of experts."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.kinematics.recordings.configuration_file import read_configurations
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.context_entry import ContextEntry, read_context
from vi_ik_ros.sampling.experts.densities import DENSITIES, NormalCdf
from vi_ik_ros.sampling.experts.documents.normal_form import normal_form
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
        document: the file as plain values in their normal form, which reads as the file does.
        digest: sha256 of the document in canonical JSON; equal for equal targets in other words
            (order of keys, comments, 1, 1.0 or [1.0]), different for another robot name.
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
    spec = _robot_spec(fields)
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


def read_configurations_for(document: Mapping, path: Path) -> np.ndarray:
    """Read configurations (n, nq) [rad, m] of the robot that an objectives file names.

    Args:
        document: the objectives file as plain values; only its robot is read.
        path: see `read_configurations`.

    Raises:
        InvalidInput: The configurations cannot be used.
        ObjectiveError: The file names no robot.
        RobotError: The robot cannot be loaded.
    """
    return read_configurations(path, RobotModel.load(_robot_spec(Fields(document))))


def document_digest(document: Mapping[str, object]) -> str:
    """Return the sha256 of a normalised document in canonical JSON."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _robot_spec(fields: Fields) -> str | Mapping:
    """Read what `RobotModel.load` takes."""
    spec = fields.values.get("robot")
    if not spec or not isinstance(spec, str | Mapping):
        fields.fail("robot", "a robot's alias, path or mapping")
    return spec


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
        for field in expert.open_fields:
            if (expert.name, field) in filled:
                continue
            sizes = expert.transform.conditionable
            part, size = (
                ("transform", sizes[field])
                if field in sizes
                else ("density", expert.transform.size)
            )
            expected = f"{size} numbers here, or a context entry for {expert.name}"
            raise ObjectiveError(f"objectives[{index}].{part}.{field}", "nothing", expected)


def _normalised(fields: Fields, entries: tuple[ContextEntry, ...]) -> dict[str, object]:
    """Return the file in its normal form, with priorities and the names of the context filled in.

    Every number but a priority is a float.
    """
    objectives = [
        normal_form(item.values) | {"priority": item.integer("priority", default=0)}
        for item in fields.children("objectives")
    ]
    context = [
        normal_form(item.values) | {"name": entry.name, "field": entry.field}
        for item, entry in zip(fields.children("context"), entries, strict=True)
    ]
    robot = fields.values["robot"]
    named = normal_form(robot) if isinstance(robot, Mapping) else robot
    return {"robot": named, "objectives": objectives, "context": context}
