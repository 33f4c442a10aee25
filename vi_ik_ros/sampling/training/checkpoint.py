# SPDX-License-Identifier: Apache-2.0
"""Where a training run stands, in files that are each replaced in one step."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from vi_ik_ros.exceptions import InvalidInput, ModelRefused
from vi_ik_ros.sampling.store.curves.curve_file import CURVE_FILE, curve_bytes, read_curve
from vi_ik_ros.sampling.store.curves.training_curve import TrainingCurve

FILE = "checkpoint.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """All that a run needs to go on as if it had not stopped.

    Attributes:
        tensors: by name; the state of the random generator among them.
        facts: plain values that JSON can hold.
        curve: of the run so far; of one that was read, it may reach further than the rest.
    """

    tensors: Mapping[str, Tensor]
    facts: Mapping[str, object]
    curve: TrainingCurve = TrainingCurve()

    def under(self, prefix: str) -> dict[str, Tensor]:
        """Return the tensors whose names begin with a prefix, without it."""
        named = self.tensors.items()
        return {k.removeprefix(prefix): v for k, v in named if k.startswith(prefix)}

    def numbers(self, name: str) -> dict[str, float]:
        """Return a fact that names numbers; nothing where an earlier version has kept none."""
        found = self.facts.get(name, {})
        assert isinstance(found, Mapping)
        return {str(key): float(value) for key, value in found.items()}


def partial_directory(directory: Path) -> Path:
    """Return where the checkpoints of a model directory lie."""
    return directory.with_name(f"{directory.name}.partial")


def save(directory: Path, checkpoint: Checkpoint, run: str) -> None:
    """Write the checkpoint of a run into `directory`, replacing the one before.

    Args:
        directory: made if it does not exist.
        checkpoint: what to keep.
        run: digest of everything that a resumed run must share.

    Raises:
        InvalidInput: the directory cannot be written; the checkpoint before stays.
    """
    metadata = {"run": run, "facts": json.dumps(dict(checkpoint.facts))}
    tensors = {name: value.contiguous() for name, value in checkpoint.tensors.items()}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        # First: a curve that is ahead can be cut, one that is behind has a gap.
        with _replaced(directory / CURVE_FILE) as fresh:
            fresh.write_bytes(curve_bytes(checkpoint.curve))
        with _replaced(directory / FILE) as fresh:
            save_file(tensors, fresh, metadata)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        expected = f"a place that can be written ({reason})"
        raise InvalidInput("checkpoint", str(directory), expected) from None


def load(directory: Path, run: str) -> Checkpoint:
    """Read the checkpoint of a run.

    Raises:
        ModelRefused: there is none, it is damaged, or it belongs to another run.
    """
    with _opened(directory, run) as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return Checkpoint(tensors, json.loads(file.metadata()["facts"]), _curve(directory))


def refuse_unusable(directory: Path, run: str) -> None:
    """Refuse a checkpoint that `load` would refuse, without reading all of it.

    Raises:
        ModelRefused: see `load`.
    """
    with _opened(directory, run):
        pass


def _curve(directory: Path) -> TrainingCurve:
    """Read the curve; one that is missing or damaged is no reason not to go on with the run."""
    with suppress(ModelRefused):
        return read_curve(directory, directory.name) or TrainingCurve()
    return TrainingCurve()


@contextmanager
def _replaced(path: Path) -> Iterator[Path]:
    """Give a file to write, which takes the place of another one when it is whole."""
    fresh = path.with_name(f"{path.name}.writing")
    try:
        yield fresh
        os.replace(fresh, path)
    except BaseException:
        with suppress(OSError):
            fresh.unlink()
        raise


@contextmanager
def _opened(directory: Path, run: str) -> Iterator[safe_open]:
    """Open the checkpoint of a run."""
    path = directory / FILE
    try:
        with safe_open(path, framework="pt") as file:
            if (file.metadata() or {}).get("run") != run:
                expected = "the objectives, family, seed and sizes that the interrupted run had"
                raise ModelRefused("resume", "a checkpoint of another run", expected)
            yield file
    except (OSError, SafetensorError) as error:
        expected = "a checkpoint of an interrupted run with the same directory"
        raise ModelRefused("resume", str(path), expected) from error
