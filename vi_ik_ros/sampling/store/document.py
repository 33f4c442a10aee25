# SPDX-License-Identifier: Apache-2.0
"""The contents of `model.json`: built from a model, checked before it is trusted."""

import json
from collections.abc import Mapping
from typing import Protocol, cast

import numpy as np

from vi_ik_ros.exceptions import InvalidInput, ModelRefused, NewerModel
from vi_ik_ros.sampling.models.model import ConditionalModel
from vi_ik_ros.sampling.store.schema import SCHEMA_VERSION, WEIGHTS_FILE, ModelDocument, RobotEntry

LIMIT_TOLERANCE = 1e-6  # [rad or m], below which two joint limits are the same

_KINDS: dict[str, tuple[type, str]] = {
    "name": (str, "a text"),
    "family": (str, "a text"),
    "robot": (dict, "a mapping"),
    "num_dims": (int, "a whole number"),
    "num_components": (int, "a whole number"),
    "context": (list, "a list"),
    "options": (dict, "a mapping"),
    "objectives": (dict, "a mapping"),
    "objectives_digest": (str, "a text"),
    "training": (dict, "a mapping"),
    "scores": (dict, "a mapping"),
    "versions": (dict, "a mapping"),
    "weights": (dict, "a mapping"),
    "bound": (bool, "true or false"),
}
_ROBOT_KEYS = ("name", "root", "tip", "joint_names", "lower", "upper")
_CONTEXT_KEYS = ("name", "kind", "size", "frame", "unit", "objective", "field")


class Robot(Protocol):
    """What the store reads from a robot."""

    name: str
    spec: str | Mapping
    root: str
    tip: str
    digest: str
    joint_names: tuple[str, ...]
    lower: np.ndarray
    upper: np.ndarray


def describe_robot(robot: Robot) -> RobotEntry:
    """Return the entry `robot` of a document."""
    return {
        "name": robot.name,
        "spec": robot.spec,
        "root": robot.root,
        "tip": robot.tip,
        "digest": robot.digest,
        "joint_names": list(robot.joint_names),
        "lower": [float(bound) for bound in robot.lower],
        "upper": [float(bound) for bound in robot.upper],
    }


def complete_document(
    document: Mapping[str, object],
    name: str,
    model: ConditionalModel,
    weights: Mapping[str, object],
) -> dict[str, object]:
    """Add what the store knows itself to what the caller says about a model.

    Args:
        document: robot, context, objectives, objectives_digest, training, scores, versions and
            bound; all but the robot may be left out.
        name: the model's name.
        model: gives family, sizes and options.
        weights: file, sha256 and bytes of the weights.
    """
    defaults: dict[str, object] = {
        "context": [],
        "objectives": {},
        "objectives_digest": "",
        "training": {},
        "scores": {},
        "versions": {},
        "bound": True,
    }
    return {
        "schema_version": SCHEMA_VERSION,
        **defaults,
        **document,
        "name": name,
        "family": model.family,
        "num_dims": model.num_dims,
        "num_components": model.num_components,
        "options": dict(model.options()),
        "weights": dict(weights),
    }


def document_bytes(document: Mapping[str, object]) -> bytes:
    """Return the bytes of `model.json`.

    Raises:
        InvalidInput: A value is nothing that JSON can hold, such as NaN.
    """
    try:
        return json.dumps(document, indent=1, allow_nan=False).encode() + b"\n"
    except (TypeError, ValueError) as error:
        expected = "texts, finite numbers, lists and mappings; null where there is none"
        raise InvalidInput("model document", str(error), expected) from None


def parse_document(content: bytes, place: str) -> ModelDocument:
    """Read and check the bytes of a `model.json`.

    Args:
        content: the file.
        place: the model's name or directory, for the error.

    Raises:
        ModelRefused: The document is damaged, foreign, or lacks something.
        NewerModel: It has a newer schema.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise ModelRefused(place, "a model.json that is no JSON", "an undamaged model") from None
    if not isinstance(document, dict) or "schema_version" not in document:
        expected = "a model of vi_ik_ros (a model.json with schema_version)"
        raise ModelRefused(place, "a foreign directory", expected)
    version = document["schema_version"]
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise ModelRefused(f"{place} schema_version", version, f"1 to {SCHEMA_VERSION}")
    if version > SCHEMA_VERSION:
        expected = f"at most {SCHEMA_VERSION}: the model was written by a newer vi_ik_ros"
        raise NewerModel(f"{place} schema_version", version, expected)
    _check_types(document, place)
    checked = cast(ModelDocument, document)
    _check_robot(checked, place)
    _check_context(checked, place)
    _check_weights(checked, place)
    return checked


def check_robot(document: ModelDocument, robot: Robot, place: str) -> None:
    """Refuse a model whose joints or limits are not those of a robot.

    Raises:
        ModelRefused: Names the first joint that differs.
    """
    trained = document["robot"]
    if list(trained["joint_names"]) != list(robot.joint_names):
        got = f"a model for the joints {', '.join(trained['joint_names'])}"
        expected = f"{', '.join(robot.joint_names)} (robot {robot.name})"
        raise ModelRefused(f"{place} robot.joint_names", got, expected)
    sides = {"lower": (trained["lower"], robot.lower), "upper": (trained["upper"], robot.upper)}
    for side, (model_limits, robot_limits) in sides.items():
        limits = zip(robot.joint_names, model_limits, robot_limits, strict=True)
        for joint, ours, theirs in limits:
            if not np.isclose(ours, theirs, rtol=0.0, atol=LIMIT_TOLERANCE):
                expected = f"{float(theirs):.6g} as in the loaded robot {robot.name}"
                raise ModelRefused(f"{place} robot.{side} of {joint}", f"{ours:.6g}", expected)


def _check_types(document: Mapping[str, object], place: str) -> None:
    """Check that every key is there with a value of its type."""
    for key, (kind, word) in _KINDS.items():
        value = document.get(key)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ModelRefused(f"{place} {key}", document.get(key, "nothing"), word)


def _check_robot(document: ModelDocument, place: str) -> None:
    """Check that joints and limits belong together."""
    robot = document["robot"]
    for key in _ROBOT_KEYS:
        if key not in robot:
            raise ModelRefused(f"{place} robot.{key}", "nothing", "an entry of the robot")
    names, size = robot["joint_names"], document["num_dims"]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ModelRefused(f"{place} robot.joint_names", names, "a list of names")
    if len(names) != size:
        raise ModelRefused(f"{place} num_dims", size, f"{len(names)}, one for each joint")
    for key, row in (("lower", robot["lower"]), ("upper", robot["upper"])):
        is_row = isinstance(row, list) and len(row) == size
        if not is_row or not all(isinstance(b, int | float) for b in row):
            raise ModelRefused(f"{place} robot.{key}", row, f"{size} numbers")


def _check_context(document: ModelDocument, place: str) -> None:
    """Check that every context entry says what it is."""
    for index, entry in enumerate(document["context"]):
        for key in _CONTEXT_KEYS:
            if not isinstance(entry, dict) or key not in entry:
                raise ModelRefused(f"{place} context[{index}].{key}", "nothing", "an entry")
        size = entry["size"]
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise ModelRefused(f"{place} context[{index}].size", size, "1 or more")


def _check_weights(document: ModelDocument, place: str) -> None:
    """Check that the weights are the one file of the format."""
    weights = document["weights"]
    if weights.get("file") != WEIGHTS_FILE:
        raise ModelRefused(f"{place} weights.file", weights.get("file"), WEIGHTS_FILE)
    if not isinstance(weights.get("bytes"), int) or not isinstance(weights.get("sha256"), str):
        raise ModelRefused(f"{place} weights", weights, "their file, bytes and sha256")
