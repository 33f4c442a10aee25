# SPDX-License-Identifier: Apache-2.0
"""Where a training run stands, in one file that is replaced in one step."""

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

FILE = "checkpoint.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """All that a run needs to go on as if it had not stopped.

    Attributes:
        tensors: by name; the state of the random generator among them.
        facts: plain values that JSON can hold.
    """

    tensors: Mapping[str, Tensor]
    facts: Mapping[str, object]

    def under(self, prefix: str) -> dict[str, Tensor]:
        """Return the tensors whose names begin with a prefix, without it."""
        named = self.tensors.items()
        return {k.removeprefix(prefix): v for k, v in named if k.startswith(prefix)}


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
    fresh = directory / f"{FILE}.writing"
    tensors = {name: value.contiguous() for name, value in checkpoint.tensors.items()}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        save_file(tensors, fresh, metadata)
        os.replace(fresh, directory / FILE)
    except (OSError, SafetensorError) as error:
        with suppress(OSError):
            fresh.unlink()
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
        return Checkpoint(tensors, json.loads(file.metadata()["facts"]))


def refuse_unusable(directory: Path, run: str) -> None:
    """Refuse a checkpoint that `load` would refuse, without reading all of it.

    Raises:
        ModelRefused: see `load`.
    """
    with _opened(directory, run):
        pass


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
