# SPDX-License-Identifier: Apache-2.0
"""What `model.json` holds, key by key."""

from collections.abc import Mapping
from typing import TypedDict

DOCUMENT_FILE = "model.json"
WEIGHTS_FILE = "weights.safetensors"
SCHEMA_VERSION = 1


class RobotEntry(TypedDict):
    """The robot that a model was trained for; limits in rad or m, one for each joint."""

    name: str
    spec: str | Mapping
    root: str
    tip: str
    digest: str
    joint_names: list[str]
    lower: list[float]
    upper: list[float]


class ContextEntry(TypedDict):
    """Some columns of a context row; `range` is [[lowest ...], [highest ...]] in training."""

    name: str
    kind: str
    size: int
    frame: str
    unit: str
    range: list[list[float]]
    objective: str
    field: str


class WeightsEntry(TypedDict):
    """The weights file, as it was written."""

    file: str
    sha256: str
    bytes: int


class ModelDocument(TypedDict):
    """All of `model.json`."""

    schema_version: int
    name: str
    family: str
    robot: RobotEntry
    num_dims: int
    num_components: int
    context: list[ContextEntry]
    options: dict[str, object]
    objectives: dict[str, object]
    objectives_digest: str
    training: dict[str, object]
    scores: dict[str, float]
    versions: dict[str, str]
    weights: WeightsEntry
    bound: bool
