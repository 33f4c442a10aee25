# SPDX-License-Identifier: Apache-2.0
"""The one training loop: update, report, keep a checkpoint."""

import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from vi_ik_ros.exceptions import ObjectiveError, TrainingDiverged, TrainingStopped
from vi_ik_ros.sampling.experts.objective_file import Objectives
from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.models.model import ConditionalModel
from vi_ik_ros.sampling.store.curves.training_curve import CurvePoint, TrainingCurve
from vi_ik_ros.sampling.training import checkpoint
from vi_ik_ros.sampling.training.checkpoint import Checkpoint
from vi_ik_ros.sampling.training.settings import FitSettings

ACTIVE = 1e-4  # of the mean weight, below which a component is not active
PATIENCE = 20  # updates in a row with a figure that is no number: one may be a single bad draw's
MODEL = ("weight.", "parameters.", "components.")  # in names of a checkpoint; draws may be NaN


@dataclass(frozen=True)
class FitProgress:
    """Where a fit stands.

    Attributes:
        step: updates done.
        fraction: of the run, 0 to 1.
        seconds: of training so far.
        seconds_left: estimated.
        figures: what the algorithm watches, by name; `ELBO` wherever there is an estimate.
        num_components: active components, see `Run.num_components`.
    """

    step: int
    fraction: float
    seconds: float
    seconds_left: float
    figures: Mapping[str, float]
    num_components: int = 0


@dataclass(frozen=True)
class Fitted:
    """What a run ends with.

    Attributes:
        model: as it will be served.
        scores: its held-out figures.
        contexts: (n, dc) training contexts to keep with it; n = 0 without a context.
    """

    model: ConditionalModel
    scores: dict[str, float]
    contexts: np.ndarray


@dataclass(frozen=True)
class Trained:
    """How a run went.

    Attributes:
        seconds: of training, those before it was resumed included.
        curve: the same.
    """

    seconds: float
    curve: TrainingCurve


class Run(Protocol):
    """The moving parts of one fit of one family."""

    @property
    def step(self) -> int:
        """Return the number of updates done."""
        ...

    @property
    def num_components(self) -> int:
        """Return the number of active components, see `num_active`; 0 while it is not known."""
        ...

    def fraction(self, seconds: float) -> float:
        """Return how much of the run is done after so many seconds, 0 to 1."""
        ...

    def update(self, seconds: float) -> Mapping[str, float]:
        """Do one update; return the figures that are worth watching."""
        ...

    def checkpoint(self) -> Checkpoint:
        """Return all that `restore` needs."""
        ...

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on where a checkpoint of the same run stands."""
        ...

    def result(self) -> Fitted:
        """Return the model and its scores."""
        ...


def train(
    run: Run,
    partial: Path,
    digest: str,
    *,
    every: float,
    resume: bool,
    on_progress: Callable[[FitProgress], None],
    stopping: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
) -> Trained:
    """Update until the run is done, with a checkpoint now and then.

    Args:
        run: the run.
        partial: directory of the checkpoints.
        digest: of everything that a resumed run must share.
        every: [s] between checkpoints.
        resume: go on from the checkpoint in `partial`.
        on_progress: called after every update.
        stopping: asked after every update whether to keep a checkpoint and break off.
        clock: what seconds are counted by.

    Raises:
        ModelRefused: there is no checkpoint of this run to resume from.
        TrainingDiverged: a figure or the model is no number; the last checkpoint stays.
        TrainingStopped: because of `stopping`.
    """
    before = _resumed(run, partial, digest) if resume else Trained(0.0, TrainingCurve())
    seconds, curve = before.seconds, before.curve
    processor = time.process_time() - _processor_seconds(before)
    begin, saved, failing = clock() - seconds, seconds, 0
    while run.fraction(seconds) < 1:
        figures = _updated(run, seconds)
        seconds = clock() - begin
        lost = [name for name, value in figures.items() if value != value or value == math.inf]
        failing = failing + 1 if lost else 0
        if failing == PATIENCE:
            raise TrainingDiverged(run.step - PATIENCE + 1, lost[0], figures[lost[0]])
        progress = standing(run, seconds, figures)
        curve = curve.after(_point(progress, time.process_time() - processor))
        on_progress(progress)
        stop = stopping()
        if stop or (seconds - saved > every and not failing):
            saved = seconds
            kept = replace(_sound_checkpoint(run, seconds), curve=curve)
            checkpoint.save(partial, kept, digest)
        if stop:
            raise TrainingStopped(run.step)
    _sound_checkpoint(run, seconds)
    return Trained(seconds, curve)


def standing(run: Run, seconds: float, figures: Mapping[str, float]) -> FitProgress:
    """Return where a run stands after so many seconds, with the figures of its last update."""
    fraction = max(run.fraction(seconds), 1e-9)
    left = seconds * (1 / fraction - 1)
    return FitProgress(run.step, fraction, seconds, left, figures, run.num_components)


def num_active(weights: Tensor) -> int:
    """Return how many components (K,) have at least a ten-thousandth of the mean weight."""
    return int((weights >= ACTIVE / len(weights)).sum())


def _resumed(run: Run, partial: Path, digest: str) -> Trained:
    """Bring a run to where its checkpoint stands; return how it went so far."""
    kept = checkpoint.load(partial, digest)
    run.restore(kept)
    return Trained(float(str(kept.facts["seconds"])), kept.curve.until(run.step))


def _processor_seconds(before: Trained) -> float:
    """Return the processor time that a run has taken; NaN if its curve is lost."""
    if before.curve.points:
        return before.curve.points[-1].processor_seconds
    return math.nan if before.seconds else 0.0


def _point(progress: FitProgress, processor_seconds: float) -> CurvePoint:
    return CurvePoint(
        progress.step,
        progress.fraction,
        progress.seconds,
        processor_seconds,
        progress.num_components,
        dict(progress.figures),
    )


def _updated(run: Run, seconds: float) -> Mapping[str, float]:
    """Do one update; one that numbers which are none bring to fall is a divergence."""
    try:
        return run.update(seconds)
    except (RuntimeError, ValueError) as error:
        _sound_checkpoint(run, seconds)
        line = str(error).splitlines()[0] if str(error) else ""
        if isinstance(error, torch.linalg.LinAlgError) or "probability" in line:
            raise TrainingDiverged(run.step, "the next update", line) from error
        raise


def _sound_checkpoint(run: Run, seconds: float) -> Checkpoint:
    """Return the checkpoint of a run, refused if the model in it is no numbers any more."""
    kept = run.checkpoint()
    for name, value in kept.tensors.items():
        if any(part in name for part in MODEL) and bool(value.isnan().any()):
            raise TrainingDiverged(run.step, name, math.nan)
    return Checkpoint(kept.tensors, {**kept.facts, "seconds": seconds})


def run_digest(objectives: Objectives, family: str, settings: FitSettings) -> str:
    """Return the digest of everything that a resumed run must share."""
    lasting = {k: v for k, v in asdict(settings).items() if k != "checkpoint_every"}
    facts = json.dumps([objectives.digest, family, lasting], sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()


def refuse_context(product: ProductOfExperts, family: str) -> None:
    """Refuse a product that waits for a context.

    Raises:
        ObjectiveError: it names the entries.
    """
    if product.context_entries:
        names = ", ".join(entry.name for entry in product.context_entries)
        raise ObjectiveError("context", names, f"no entry for the family {family}")
