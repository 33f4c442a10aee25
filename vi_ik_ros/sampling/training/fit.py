# SPDX-License-Identifier: Apache-2.0
"""From objectives to a stored model."""

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import torch

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.experts.objective_file import Objectives
from vi_ik_ros.sampling.store.document import describe_robot
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.training import checkpoint
from vi_ik_ros.sampling.training.diagnosis import diagnose
from vi_ik_ros.sampling.training.runs.amortized_run import AmortizedRun
from vi_ik_ros.sampling.training.runs.elbo_run import ElboFit, ElboRun
from vi_ik_ros.sampling.training.runs.experts_run import ExpertsRun
from vi_ik_ros.sampling.training.runs.mixture_run import MIXTURES, MixtureRun, MixtureSettings
from vi_ik_ros.sampling.training.runs.natural_gradient_run import (
    NaturalGradientFit,
    NaturalGradientRun,
)
from vi_ik_ros.sampling.training.runs.run import FitProgress, Run, run_digest, train
from vi_ik_ros.sampling.training.settings import FitSettings

CONDITIONAL = {run.family: run for run in (AmortizedRun, ExpertsRun)}
MANY_DIMS = 12  # beyond which mixtures are fitted by gradients
FAMILIES = (*CONDITIONAL, *MIXTURES)  # that `fit` can train


@dataclass(frozen=True)
class FitReport:
    """What a fit left behind: the model's digest and its held-out scores."""

    digest: str
    scores: dict[str, float]
    steps: int
    seconds: float


def fit(
    objectives: Objectives,
    directory: Path,
    *,
    settings: FitSettings | None = None,
    family: str = "amortized",
    command: str = "",
    resume: bool = False,
    on_progress: Callable[[FitProgress], None] = lambda progress: None,
    on_warning: Callable[[str], None] = lambda line: None,
) -> FitReport:
    """Fit a model to objectives and store it in `directory`, whole.

    Checkpoints lie in `<directory>.partial/` until the model is written.

    Args:
        objectives: the target and its contexts, in float32.
        directory: of the model; its last part is the model's name.
        settings: sizes, length, seed.
        family: name of the model family.
        command: the command line, kept in the model.
        resume: go on from the checkpoint of an interrupted run.
        on_progress: called after every update.
        on_warning: called with a line about each objective that cannot be met.

    Raises:
        ObjectiveError: the objectives cannot be fitted by this family, or contradict each other.
        ModelRefused: there is no checkpoint to resume from.
        InvalidInput: the family or the directory cannot be used.
    """
    settings = settings or FitSettings()
    run = _run(objectives, family, settings)
    if not resume:
        _look_ahead(objectives, on_warning)
    partial = checkpoint.partial_directory(directory)
    seconds = train(
        run,
        partial,
        run_digest(objectives, family, settings),
        every=settings.checkpoint_every,
        resume=resume,
        on_progress=on_progress,
    )
    fitted = run.result()
    training = _training(command, settings, run.step, seconds)
    document = _document(objectives, fitted.contexts)
    document |= {"training": training, "scores": fitted.scores}
    extras = {"extra.training_contexts": fitted.contexts} if len(fitted.contexts) else {}
    digest = ModelStore().write(directory, fitted.model, document, extras)
    shutil.rmtree(partial, ignore_errors=True)
    return FitReport(digest, fitted.scores, run.step, seconds)


def _run(objectives: Objectives, family: str, settings: FitSettings) -> Run:
    """Begin the fit of a family."""
    if family not in FAMILIES:
        raise InvalidInput("family", family, f"one of {', '.join(FAMILIES)}")
    if family in CONDITIONAL:
        return CONDITIONAL[family](objectives, settings)
    product = objectives.product.to(torch.float64)
    K = settings.num_components or MixtureSettings.num_components
    seed, limit = settings.seed, settings.time_limit
    if product.bound and product.num_dims <= MANY_DIMS:
        sizes = MixtureSettings(K, seed, time_limit=limit).with_updates(settings.steps)
        return MixtureRun(product, family, sizes)
    # Draws of q are too rarely draws of p in many dimensions, and a filtered gradient is of none.
    if family == "gaussian" and product.bound:
        steps = settings.steps or NaturalGradientFit.steps
        return NaturalGradientRun(product, NaturalGradientFit(K, seed, steps, limit))
    return ElboRun(product, family, ElboFit(K, seed, settings.steps or ElboFit.steps, limit))


def _look_ahead(objectives: Objectives, on_warning: Callable[[str], None]) -> None:
    """Refuse objectives that no configuration can meet together, and tell what cannot be met."""
    found = diagnose(objectives.product, torch.Generator().manual_seed(0))
    if found.error:
        raise found.error
    for line in found.warnings:
        on_warning(line)


def _training(command: str, settings: FitSettings, steps: int, seconds: float) -> dict[str, object]:
    """Describe a run for `model.json`."""
    told = asdict(settings).items()
    return {
        "command": command,
        "seed": settings.seed,
        "steps": steps,
        "seconds": round(seconds, 1),
        "date": datetime.now(UTC).date().isoformat(),
        "settings": {k: v for k, v in told if v is not None and v != float("inf")},
    }


def _document(objectives: Objectives, contexts: np.ndarray) -> dict[str, object]:
    """Describe target, robot and contexts for `model.json`."""
    described, start = [], 0
    for entry in objectives.product.context_entries:
        columns = contexts[:, start : start + entry.size]
        described.append(entry.describe(columns.min(0), columns.max(0)))
        start += entry.size
    versions = {name: _version(name) for name in ("vi_ik_ros", "torch", "numpy", "pin")}
    return {
        "robot": describe_robot(objectives.robot),
        "context": described,
        "objectives": dict(objectives.document),
        "objectives_digest": objectives.digest,
        "bound": objectives.product.bound,
        "versions": versions,
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "checkout"
