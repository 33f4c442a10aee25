# SPDX-License-Identifier: Apache-2.0
"""From objectives to a stored model."""

import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
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
from vi_ik_ros.sampling.training.runs.em_run import EmRun
from vi_ik_ros.sampling.training.runs.experts_run import ExpertsRun
from vi_ik_ros.sampling.training.runs.generators.invertible_run import InvertibleRun
from vi_ik_ros.sampling.training.runs.generators.variational_run import VariationalRun
from vi_ik_ros.sampling.training.runs.kd_tree_run import KdTreeRun
from vi_ik_ros.sampling.training.runs.mixture_run import MIXTURES, MixtureRun, MixtureSettings
from vi_ik_ros.sampling.training.runs.natural_gradient_run import (
    NaturalGradientFit,
    NaturalGradientRun,
)
from vi_ik_ros.sampling.training.runs.run import FitProgress, Run, run_digest, train
from vi_ik_ros.sampling.training.settings import FitSettings, refuse_too_many

CONDITIONAL = {
    run.family: run
    for run in (AmortizedRun, ExpertsRun, EmRun, InvertibleRun, VariationalRun, KdTreeRun)
}
MANY_DIMS = 12  # beyond which mixtures are fitted by gradients
FAMILIES = (*CONDITIONAL, *MIXTURES)  # that `fit` can train


@dataclass(frozen=True)
class FitReport:
    """What a fit left behind: the model's digest and its held-out scores."""

    digest: str
    scores: dict[str, float]
    steps: int
    seconds: float


@dataclass(frozen=True)
class PreparedFit:
    """A fit that has been checked and can begin.

    Attributes:
        objectives: the target and its contexts, on the device.
        settings: sizes, length, seed.
        family: of the model.
        device: that the fit computes on.
        run: the fit before its first update.
        warnings: a line about each objective that cannot be met.
    """

    objectives: Objectives
    settings: FitSettings
    family: str
    device: torch.device
    run: Run
    warnings: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Return the digest of everything that a resumed run must share."""
        return run_digest(self.objectives, self.family, self.settings)


def fit(
    objectives: Objectives,
    directory: Path,
    *,
    settings: FitSettings | None = None,
    family: str = "",
    device: torch.device | str = "cpu",
    command: str = "",
    resume: bool = False,
    on_progress: Callable[[FitProgress], None] = lambda progress: None,
    on_warning: Callable[[str], None] = lambda line: None,
    clock: Callable[[], float] = time.monotonic,
) -> FitReport:
    """Fit a model to objectives and store it in `directory`, whole: `prepare`, then `carry_out`.

    Args:
        objectives: see `prepare`.
        directory: see `carry_out`.
        settings: see `prepare`.
        family: see `prepare`.
        device: see `prepare`.
        command: see `carry_out`.
        resume: see `carry_out`.
        on_progress: see `carry_out`.
        on_warning: called with a line about each objective that cannot be met.
        clock: see `carry_out`.

    Raises:
        ViIkError: see both.
    """
    prepared = prepare(objectives, settings=settings, family=family, device=device)
    for line in prepared.warnings:
        on_warning(line)
    return carry_out(
        prepared, directory, command=command, resume=resume, on_progress=on_progress, clock=clock
    )


def prepare(
    objectives: Objectives,
    *,
    settings: FitSettings | None = None,
    family: str = "",
    device: torch.device | str = "cpu",
) -> PreparedFit:
    """Check that a fit can begin.

    Args:
        objectives: the target and its contexts, in float32.
        settings: sizes, length, seed.
        family: name of the model family; '' for what suits the objectives.
        device: to compute on. Families without a context keep to the CPU: their matrices are
            small, and in double precision.

    Raises:
        ObjectiveError: the objectives cannot be fitted by this family, or contradict each other.
        InvalidInput: there is no such family.
    """
    settings = settings or FitSettings()
    family = family or default_family(objectives)
    if family not in FAMILIES:
        raise InvalidInput("family", family, f"one of {', '.join(FAMILIES)}")
    refuse_too_many(settings, family)
    place = torch.device(device if family in CONDITIONAL else "cpu")
    if place.type != "cpu":
        moved = objectives.product.to(torch.float32, place)
        objectives = replace(objectives, product=moved)
    run = _run(objectives, family, settings)
    found = diagnose(objectives.product, torch.Generator().manual_seed(0))
    if found.error:
        raise found.error
    return PreparedFit(objectives, settings, family, place, run, found.warnings)


def carry_out(
    prepared: PreparedFit,
    directory: Path,
    *,
    command: str = "",
    resume: bool = False,
    on_progress: Callable[[FitProgress], None] = lambda progress: None,
    stopping: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
) -> FitReport:
    """Fit and store the model in `directory`, whole.

    Checkpoints and the curve lie in `<directory>.partial/` until the model is written, and the
    curve with the model from then on.

    Args:
        prepared: the fit.
        directory: of the model; its last part is the model's name.
        command: the command line, kept in the model.
        resume: go on from the checkpoint of an interrupted run.
        on_progress: called after every update.
        stopping: asked after every update whether to keep a checkpoint and break off.
        clock: what the time limit is counted by.

    Raises:
        ObjectiveError: the fit has found no mass.
        ModelRefused: there is no checkpoint to resume from.
        TrainingDiverged: the fit has left the numbers.
        TrainingStopped: because of `stopping`.
        InvalidInput: the directory cannot be used.
    """
    run, objectives = prepared.run, prepared.objectives
    partial = checkpoint.partial_directory(directory)
    trained = train(
        run,
        partial,
        prepared.digest,
        every=prepared.settings.checkpoint_every,
        resume=resume,
        on_progress=on_progress,
        stopping=stopping,
        clock=clock,
    )
    fitted = run.result()
    document = _document(objectives, fitted.contexts)
    document |= {"training": _training(prepared, command, trained.seconds), "scores": fitted.scores}
    extras = {"extra.training_contexts": fitted.contexts} if len(fitted.contexts) else {}
    store, curve = ModelStore(), trained.curve
    digest = store.write(directory, fitted.model, document, extras, curve=curve)
    shutil.rmtree(partial, ignore_errors=True)
    return FitReport(digest, fitted.scores, run.step, trained.seconds)


def default_family(objectives: Objectives) -> str:
    """Return the family that suits objectives: networks for a context, bends in few dimensions."""
    if objectives.context_entries:
        return AmortizedRun.family
    return "banana" if objectives.product.num_dims <= MANY_DIMS else "gaussian"


def _run(objectives: Objectives, family: str, settings: FitSettings) -> Run:
    """Begin the fit of a family."""
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


def _training(prepared: PreparedFit, command: str, seconds: float) -> dict[str, object]:
    """Describe a run for `model.json`."""
    told = asdict(prepared.settings).items()
    return {
        "command": command,
        "seed": prepared.settings.seed,
        "steps": prepared.run.step,
        "seconds": round(seconds, 1),
        "date": datetime.now(UTC).date().isoformat(),
        "device": prepared.device.type,
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
