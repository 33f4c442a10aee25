# SPDX-License-Identifier: Apache-2.0
"""Where trained models lie: a directory that is written, over the one that is shipped."""

import hashlib
import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from vi_ik_ros.exceptions import InvalidInput, ModelNotFound, ModelRefused, NewerModel
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.models.model import ConditionalModel
from vi_ik_ros.sampling.store.atomic_directory import (
    check_writable,
    remove_unfinished,
    write_directory,
)
from vi_ik_ros.sampling.store.curves.curve_file import CURVE_FILE, curve_bytes, read_curve
from vi_ik_ros.sampling.store.curves.training_curve import TrainingCurve
from vi_ik_ros.sampling.store.document import (
    Robot,
    complete_document,
    document_bytes,
    parse_document,
)
from vi_ik_ros.sampling.store.model_reader import (
    StoredModel,
    model_digest,
    read_document,
    read_model,
)
from vi_ik_ros.sampling.store.schema import DOCUMENT_FILE, WEIGHTS_FILE, ModelDocument
from vi_ik_ros.sampling.store.weights import pack_weights

FREE_BYTES = 200_000_000  # on the disk, before a model is trained; the largest ones take 30 MB

NAME_WORDS = "1 to 64 of a-z, 0-9 and _"

_NAME = re.compile(r"[a-z0-9_]{1,64}")


class ModelStore:
    """Models by name in two layers: the writable one hides a shipped model of the same name."""

    def __init__(self, root: Path | None = None, shipped: Path | None = None) -> None:
        """Name the two directories; neither has to exist yet.

        Args:
            root: the writable layer, $XDG_DATA_HOME/vi_ik_ros/models by default.
            shipped: the read-only layer, the models of this package by default.
        """
        self.root = default_root() if root is None else Path(root)
        self.shipped = share_dir() / "config" / "models" if shipped is None else Path(shipped)

    def names(self) -> tuple[str, ...]:
        """List the names in both layers, whether the models are usable or not."""
        return tuple(sorted(self._directories()))

    def documents(self) -> dict[str, ModelDocument | ModelRefused]:
        """Read every `model.json`: name to the document, or to the reason for its refusal."""
        return {name: _document(path, name) for name, path in sorted(self._directories().items())}

    def document(self, name: str) -> ModelDocument | ModelRefused | None:
        """Read one `model.json`, or the reason for its refusal; None if there is no such name."""
        directory = self._directories().get(name)
        return None if directory is None else _document(directory, name)

    def fingerprints(self) -> dict[str, tuple[int, ...]]:
        """Return name to numbers that change when the model is written again; reads no file."""
        result: dict[str, tuple[int, ...]] = {}
        for name, directory in self._directories().items():
            try:
                status = (directory / DOCUMENT_FILE).stat()
            except OSError:
                result[name] = ()
            else:
                result[name] = (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)
        return result

    def load(self, name_or_directory: str | Path, robot: Robot | None = None) -> StoredModel:
        """Read a model and check it whole.

        Args:
            name_or_directory: a name in the store, or a model's directory.
            robot: whose joints and limits the model must have; unchecked if None.

        Raises:
            ModelNotFound: There is no such name or directory.
            ModelRefused: It is damaged, foreign, newer, or made for another robot.
        """
        directory, name = self._find(name_or_directory)
        return read_model(directory, name, robot)

    def describe(self, name_or_directory: str | Path) -> ModelDocument:
        """Read the `model.json` of a model, without its weights.

        Raises:
            ModelNotFound: There is no such name or directory.
            ModelRefused: It is damaged, foreign or newer.
        """
        return read_document(*self._find(name_or_directory))

    def curve(self, name_or_directory: str | Path) -> TrainingCurve | None:
        """Read how the fit of a model went; None if the model does not keep it.

        Raises:
            ModelNotFound: There is no such name or directory.
            ModelRefused: The curve is damaged; the model itself may be well.
        """
        return read_curve(*self._find(name_or_directory))

    def write(
        self,
        directory: Path,
        model: ConditionalModel,
        document: Mapping[str, object],
        extras: Mapping[str, np.ndarray] | None = None,
        *,
        curve: TrainingCurve | None = None,
    ) -> str:
        """Write a model whole or not at all; readers see the old one until then.

        Args:
            directory: the model's directory, `store.root / name` for the writable layer.
            model: the density.
            document: what `complete_document` does not know: robot, context, objectives, ...
            extras: further arrays to keep with the weights, named `extra.*`.
            curve: of the fit, if there was one; the digest is that without it.

        Returns:
            The digest that `load` will report.

        Raises:
            InvalidInput: The name is not valid, the directory holds something else, or the
                model or its document would be refused when read.
        """
        path = Path(directory).expanduser().resolve()
        check_place(path)
        weights = pack_weights(model.tensors(), extras or {})
        sha256 = hashlib.sha256(weights).hexdigest()
        stored = {"file": WEIGHTS_FILE, "sha256": sha256, "bytes": len(weights)}
        completed = complete_document(document, path.name, model, stored)
        content = document_bytes(completed)
        parse_document(content, path.name)
        files = {DOCUMENT_FILE: content, WEIGHTS_FILE: weights}
        if curve is not None and curve.points:
            files[CURVE_FILE] = curve_bytes(curve)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_directory(path, files)
        except OSError as error:
            expected = f"a place that can be written ({error.strerror})"
            raise InvalidInput("model directory", str(path), expected) from None
        return model_digest(content, sha256)

    def check_writable(self, name: str, num_bytes: int = FREE_BYTES) -> None:
        """Refuse a store that could not take a model of a name, before it is trained.

        Makes the writable layer, and writes and removes a file in it.

        Args:
            name: of the model.
            num_bytes: that have to be free on the disk.

        Raises:
            InvalidInput: the name is none or its place is taken by something else (`model`), or
                the writable layer is read-only or full (`model_store`).
            NewerModel: the model of that name is of a newer schema (`model`).
        """
        if not is_model_name(name):
            raise InvalidInput("model", name, NAME_WORDS)
        try:
            check_writable(self.root, num_bytes)
        except OSError as error:
            expected = f"a directory that can be written, with {num_bytes / 1e6:.0f} MB free"
            got = f"{self.root} ({error.strerror})"
            raise InvalidInput("model_store", got, expected) from None
        check_place(self.root / name, "model")
        document = self.document(name)
        if isinstance(document, NewerModel):
            raise NewerModel("model", f"{name} of schema {document.value}", document.expected)

    def remove_unfinished(self) -> tuple[str, ...]:
        """Remove what killed writers have left in the writable layer; return the names.

        Raises:
            InvalidInput: the writable layer cannot be read or changed (`model_store`).
        """
        if not self.root.is_dir():
            return ()
        try:
            return remove_unfinished(self.root)
        except OSError as error:
            expected = f"a directory that can be written ({error.strerror})"
            raise InvalidInput("model_store", str(self.root), expected) from None

    def _directories(self) -> dict[str, Path]:
        """Map every name to the directory that serves it."""
        result: dict[str, Path] = {}
        for layer in (self.shipped, self.root):
            try:
                entries = list(os.scandir(layer))
            except OSError:
                continue
            result |= {
                e.name: layer / e.name for e in entries if is_model_name(e.name) and e.is_dir()
            }
        return result

    def _find(self, name_or_directory: str | Path) -> tuple[Path, str]:
        """Return the directory that is meant and the model's name."""
        text = str(name_or_directory)
        if is_model_name(text) and (known := self._directories()).keys() & {text}:
            return known[text], text
        path = Path(name_or_directory).expanduser()
        if path.is_dir():
            return path, path.resolve().name
        names = self.names()
        near = get_close_matches(text, names, n=1) or names
        listed = f"one of {', '.join(near)}" if near else "a model; the store is empty"
        raise ModelNotFound("model", text, f"{listed}; or a model's directory")


def data_home() -> Path:
    """Return where this user's models and other data lie, $XDG_DATA_HOME/vi_ik_ros."""
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "vi_ik_ros"


def default_root() -> Path:
    """Return the writable layer of this user, $XDG_DATA_HOME/vi_ik_ros/models."""
    return data_home() / "models"


def is_model_name(text: str) -> bool:
    """Tell whether a text may name a model: 1 to 64 of a-z, 0-9 and _."""
    return _NAME.fullmatch(text) is not None


def check_place(path: Path, field: str = "model directory") -> None:
    """Refuse to replace anything that is not a model.

    Args:
        path: where a model shall be.
        field: what an error calls it.
    """
    if not is_model_name(path.name):
        raise InvalidInput(field, path.name, NAME_WORDS)
    if path.exists() and not path.is_dir():
        raise InvalidInput(field, str(path), "a directory, not a file")
    ours = {DOCUMENT_FILE, WEIGHTS_FILE, CURVE_FILE}
    others = sorted(set(os.listdir(path)) - ours) if path.is_dir() else []
    if others:
        expected = f"a directory without other files such as {others[0]}"
        raise InvalidInput(field, str(path), expected)


def _document(directory: Path, name: str) -> ModelDocument | ModelRefused:
    """Read the `model.json` of a directory, or the reason for its refusal."""
    try:
        return read_document(directory, name)
    except ModelRefused as refusal:
        return refusal
