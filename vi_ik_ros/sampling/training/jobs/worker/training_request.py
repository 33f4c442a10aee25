# SPDX-License-Identifier: Apache-2.0
"""A worker's fit of a model."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from vi_ik_ros.exceptions import InvalidInput, ModelRefused
from vi_ik_ros.sampling.training.jobs.training_job import TrainingJob
from vi_ik_ros.sampling.training.jobs.worker.parent_link import ParentLink

if TYPE_CHECKING:
    from vi_ik_ros.sampling.training.fit import PreparedFit
    from vi_ik_ros.sampling.training.runs.run import FitProgress

PERIOD = 0.1  # [s] between two progress events


def train(request: Mapping, link: ParentLink) -> tuple[str, dict[str, object]]:
    """Fit a model and store it in a directory; return the last event.

    Raises:
        ViIkError: it cannot be done.
        TrainingStopped: the worker was told to stop, and has kept a checkpoint.
    """
    prepared = _prepared(request)
    directory, resume, note = Path(str(request["directory"])), bool(request["resume"]), ""
    if resume:
        note = _why_afresh(prepared, directory)
        resume = not note
    link.send("checked", {**_facts(prepared), "resumed": resume, "note": note})

    from vi_ik_ros.sampling.training.fit import carry_out

    link.can_keep = True
    report = carry_out(
        prepared,
        directory,
        command=str(request.get("command", "")),
        resume=resume,
        on_progress=_Progress(link),
        stopping=lambda: link.stopping,
    )
    return "fitted", asdict(report)


def check(request: Mapping, link: ParentLink) -> tuple[str, dict[str, object]]:
    """Do all checks of a fit; return the last event.

    Raises:
        ViIkError: the fit would be refused.
    """
    return "checked", {**_facts(_prepared(request)), "resumed": False, "note": ""}


def _prepared(request: Mapping) -> "PreparedFit":
    """Check everything that is asked for."""
    job = TrainingJob.from_plain(request["job"])
    settings = job.check()
    directory = str(request.get("directory", job.model))
    if Path(directory).name != job.model:
        raise InvalidInput("directory", directory, f"one whose last part is {job.model}")

    import torch

    from vi_ik_ros.sampling.experts.objective_file import load_objectives
    from vi_ik_ros.sampling.training.device import resolve_device
    from vi_ik_ros.sampling.training.fit import default_family, prepare

    torch.set_num_threads(1)
    device = resolve_device(job.device)
    objectives = load_objectives(job.document, dtype=torch.float32)
    family = job.family or default_family(objectives)
    if family == "amortized":  # Elsewhere matrices are small: a second thread costs more.
        torch.set_num_threads(int(request.get("threads", 1)))
    return prepare(objectives, settings=settings, family=family, device=device)


def _why_afresh(prepared: "PreparedFit", directory: Path) -> str:
    """Say why there is nothing to go on from; '' if there is."""
    from vi_ik_ros.sampling.training import checkpoint

    try:
        checkpoint.refuse_unusable(checkpoint.partial_directory(directory), prepared.digest)
    except ModelRefused as error:
        return f"begins afresh: {error}"
    return ""


def _facts(prepared: "PreparedFit") -> dict[str, object]:
    """Return what is known before the first update."""
    return {
        "family": prepared.family,
        "device": str(prepared.device),
        "warnings": list(prepared.warnings),
        "objectives_digest": prepared.objectives.digest,
        "num_dims": prepared.objectives.product.num_dims,
    }


class _Progress:
    """Sends progress, but not all of it."""

    def __init__(self, link: ParentLink) -> None:
        self._link, self._next = link, 0.0

    def __call__(self, state: "FitProgress") -> None:
        now = time.monotonic()
        if now < self._next and state.fraction < 1.0:
            return
        self._next = now + PERIOD
        self._link.send("progress", asdict(state))
