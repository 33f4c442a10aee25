# SPDX-License-Identifier: Apache-2.0
"""Where a training run stands, in one file that is replaced in one step."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from vi_ik_ros.exceptions import ModelRefused
from vi_ik_ros.sampling.inference.amortized import AmortizedState

FILE = "checkpoint.safetensors"


@dataclass(frozen=True)
class Progress:
    """How far a run is, apart from its weights.

    Attributes:
        seconds: of training so far, all runs together.
        generator: (n,) uint8, state of the generator of pairs and draws.
    """

    seconds: float
    generator: torch.Tensor


def partial_directory(directory: Path) -> Path:
    """Return where the checkpoints of a model directory lie."""
    return directory.with_name(f"{directory.name}.partial")


def save(directory: Path, state: AmortizedState, progress: Progress, run: str) -> None:
    """Write the checkpoint of a run into `directory`, replacing the one before.

    Args:
        directory: made if it does not exist.
        state: weights and moments.
        progress: the rest.
        run: digest of everything that a resumed run must share.
    """
    directory.mkdir(parents=True, exist_ok=True)
    tensors = {f"weight.{k}": v.contiguous() for k, v in state.network.state_dict().items()}
    names = [name for name, _ in state.network.named_parameters()]
    for index, moments in state.optimizer.state_dict()["state"].items():
        tensors |= {f"moment.{names[index]}.{key}": value for key, value in moments.items()}
    tensors["generator"] = progress.generator
    metadata = {"run": run, "step": str(state.step), "seconds": json.dumps(progress.seconds)}
    fresh = directory / f"{FILE}.writing"
    save_file(tensors, fresh, metadata)
    os.replace(fresh, directory / FILE)


def load(directory: Path, state: AmortizedState, run: str) -> tuple[AmortizedState, Progress]:
    """Read the checkpoint of a run into a fresh state.

    Raises:
        ModelRefused: there is none, it is damaged, or it belongs to another run.
    """
    path = directory / FILE
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        expected = "a checkpoint of an interrupted run with the same directory"
        raise ModelRefused("resume", str(path), expected) from error
    if metadata["run"] != run:
        expected = "the objectives, family, seed and sizes that the interrupted run had"
        raise ModelRefused("resume", "a checkpoint of another run", expected)
    state.network.load_state_dict(_under("weight.", tensors))
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for index, (name, _) in enumerate(state.network.named_parameters()):
        moments[index] = _under(f"moment.{name}.", tensors)
    groups = state.optimizer.state_dict()["param_groups"]
    state.optimizer.load_state_dict({"state": moments, "param_groups": groups})
    progress = Progress(json.loads(metadata["seconds"]), tensors["generator"])
    return AmortizedState(state.network, state.optimizer, int(metadata["step"])), progress


def _under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
