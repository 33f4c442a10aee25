# SPDX-License-Identifier: Apache-2.0
"""Read a model's directory, or say in one line why it cannot be used."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np

from vi_ik_ros.exceptions import InvalidInput, ModelRefused, NewerModel
from vi_ik_ros.sampling.models.model import ConditionalModel
from vi_ik_ros.sampling.store.atomic_directory import file_size, read_directory, read_file
from vi_ik_ros.sampling.store.document import (
    Robot,
    check_robot,
    parse_document,
)
from vi_ik_ros.sampling.store.schema import DOCUMENT_FILE, WEIGHTS_FILE, ModelDocument
from vi_ik_ros.sampling.store.weights import unpack_weights

T = TypeVar("T")


@dataclass(frozen=True)
class StoredModel:
    """A model as it was read from disk.

    Attributes:
        name: its name, that of the directory.
        path: the directory.
        document: the contents of `model.json`.
        digest: sha256 over the bytes of `model.json` and the sha256 of the weights.
        model: the density.
        extras: arrays that came with the weights; their names start with `extra.`.
    """

    name: str
    path: Path
    document: ModelDocument
    digest: str
    model: ConditionalModel
    extras: Mapping[str, np.ndarray] = field(default_factory=dict)


def read_model(directory: Path, name: str, robot: Robot | None = None) -> StoredModel:
    """Read a model and check it whole.

    Args:
        directory: the model's directory.
        name: the model's name.
        robot: whose joints and limits the model must have; unchecked if None.

    Raises:
        ModelRefused: It is damaged, foreign, newer, or made for another robot.
    """
    content, packed = _snapshot(
        directory, name, lambda d: (read_file(d, DOCUMENT_FILE), read_file(d, WEIGHTS_FILE))
    )
    document = parse_document(content, name)
    if robot is not None:
        check_robot(document, robot, name)
    _check_size(document, len(packed), name)
    sha256 = hashlib.sha256(packed).hexdigest()
    if sha256 != document["weights"]["sha256"]:
        expected = f"{document['weights']['sha256'][:12]}...: the file is damaged"
        raise ModelRefused(f"{name} weights sha256", f"{sha256[:12]}...", expected)
    weights = unpack_weights(packed, name)
    model = _build_model(document, weights.tensors, name)
    digest = model_digest(content, sha256)
    return StoredModel(name, directory, document, digest, model, weights.extras)


def read_document(directory: Path, name: str) -> ModelDocument:
    """Read `model.json` and compare the size of the weights with it, without reading them.

    Raises:
        ModelRefused: The model is damaged or foreign.
        NewerModel: It has a newer schema.
    """
    try:
        content, size = _snapshot(
            directory, name, lambda d: (read_file(d, DOCUMENT_FILE), file_size(d, WEIGHTS_FILE))
        )
    except ModelRefused as refusal:
        raise _newer(directory, name) or refusal from None
    document = parse_document(content, name)
    _check_size(document, size, name)
    return document


def model_digest(document: bytes, weights_sha256: str) -> str:
    """Return the digest of a model: sha256 over its `model.json` and its weights' sha256."""
    return hashlib.sha256(document + weights_sha256.encode()).hexdigest()


def _newer(directory: Path, name: str) -> NewerModel | None:
    """Return the refusal of a newer schema, which may have other files; None if it is none."""
    try:
        parse_document(_snapshot(directory, name, lambda d: read_file(d, DOCUMENT_FILE)), name)
    except NewerModel as refusal:
        return refusal
    except ModelRefused:
        pass
    return None


def _snapshot(directory: Path, name: str, read: Callable[[int], T]) -> T:
    """Read from a model's directory at one moment."""
    try:
        return read_directory(directory, read)
    except FileNotFoundError as error:
        missing = Path(error.filename or directory).name
        raise ModelRefused(name, f"no {missing} in {directory}", "a whole model") from None
    except OSError as error:
        raise ModelRefused(name, f"{directory}: {error.strerror}", "a readable model") from None


def _check_size(document: ModelDocument, size: int, name: str) -> None:
    """Refuse weights that are shorter or longer than they were written."""
    if size != document["weights"]["bytes"]:
        expected = f"{document['weights']['bytes']} bytes: the file is damaged or truncated"
        raise ModelRefused(f"{name} weights", f"{size} bytes", expected)


def _build_model(
    document: ModelDocument, tensors: Mapping[str, np.ndarray], name: str
) -> ConditionalModel:
    """Build the density and compare its sizes with the document."""
    # Listing the store must not wait for the numerical libraries that the families need.
    from vi_ik_ros.sampling.models.families import FAMILIES

    family = document["family"]
    if family not in FAMILIES:
        raise ModelRefused(f"{name} family", family, f"one of {', '.join(sorted(FAMILIES))}")
    try:
        model = FAMILIES[family].from_tensors(document["options"], tensors)
    except InvalidInput as error:
        raise ModelRefused(f"{name} {error.field}", error.value, error.expected) from None
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise ModelRefused(f"{name} weights", reason, f"the tensors of family {family}") from None
    context_size = sum(entry["size"] for entry in document["context"])
    said = (document["num_dims"], document["num_components"], context_size)
    built = (model.num_dims, model.num_components, model.context_size)
    if said != built:
        field = "(num_dims, num_components, context size)"
        raise ModelRefused(f"{name} {field}", said, f"{built} as in the weights")
    return model
