# SPDX-License-Identifier: Apache-2.0
"""The one training loop: update, report, keep a checkpoint."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.sampling.experts.objective_file import Objectives
from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.models.model import ConditionalModel
from vi_ik_ros.sampling.training import checkpoint
from vi_ik_ros.sampling.training.checkpoint import Checkpoint
from vi_ik_ros.sampling.training.settings import FitSettings


@dataclass(frozen=True)
class FitProgress:
    """Where a fit stands.

    Attributes:
        step: updates done.
        fraction: of the run, 0 to 1.
        seconds: of training so far.
        seconds_left: estimated.
        figures: what the algorithm watches, by name.
    """

    step: int
    fraction: float
    seconds: float
    seconds_left: float
    figures: Mapping[str, float]


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


class Run(Protocol):
    """The moving parts of one fit of one family."""

    @property
    def step(self) -> int:
        """Return the number of updates done."""
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
) -> float:
    """Update until the run is done, with a checkpoint now and then; return seconds of training.

    Args:
        run: the run.
        partial: directory of the checkpoints.
        digest: of everything that a resumed run must share.
        every: [s] between checkpoints.
        resume: go on from the checkpoint in `partial`.
        on_progress: called after every update.

    Raises:
        ModelRefused: there is no checkpoint of this run to resume from.
    """
    seconds = 0.0
    if resume:
        kept = checkpoint.load(partial, digest)
        run.restore(kept)
        seconds = float(str(kept.facts["seconds"]))
    begin, saved = time.monotonic() - seconds, seconds
    while run.fraction(seconds) < 1:
        figures = run.update(seconds)
        seconds = time.monotonic() - begin
        fraction = max(run.fraction(seconds), 1e-9)
        left = seconds * (1 / fraction - 1)
        on_progress(FitProgress(run.step, fraction, seconds, left, figures))
        if seconds - saved > every:
            saved = seconds
            kept = run.checkpoint()
            facts = {**kept.facts, "seconds": seconds}
            checkpoint.save(partial, Checkpoint(kept.tensors, facts), digest)
    return seconds


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
