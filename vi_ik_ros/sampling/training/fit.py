# SPDX-License-Identifier: Apache-2.0
"""From objectives to a stored model."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import torch

from vi_ik_ros.exceptions import InvalidInput, ObjectiveError
from vi_ik_ros.sampling.experts.objective_file import Objectives
from vi_ik_ros.sampling.inference import amortized
from vi_ik_ros.sampling.models.amortized.network import AmortizedNetwork
from vi_ik_ros.sampling.models.amortized.options import AmortizedOptions
from vi_ik_ros.sampling.models.amortized_mixture import AmortizedMixture
from vi_ik_ros.sampling.store.document import describe_robot
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.training import checkpoint
from vi_ik_ros.sampling.training.fit_mixture import (
    MIXTURES,
    MixtureProgress,
    MixtureSettings,
    fit_mixture,
)
from vi_ik_ros.sampling.training.pairs import TrainingPairs
from vi_ik_ros.sampling.training.scores import score, score_mixture
from vi_ik_ros.sampling.training.settings import FitSettings
from vi_ik_ros.sampling.training.symmetry import find_symmetry, reach

NUM_STORED_CONTEXTS = 10_000  # training contexts kept with a model, to tell what is unlike them
FAMILIES = ("amortized", *MIXTURES)  # that `fit` can train
NUM_COMPONENTS = 64  # of an amortized mixture that was not told


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

    Raises:
        ObjectiveError: the objectives cannot be fitted by this family.
        ModelRefused: there is no checkpoint to resume from.
        InvalidInput: the family or the directory cannot be used.
    """
    settings = settings or FitSettings()
    if family not in FAMILIES:
        raise InvalidInput("family", family, f"one of {', '.join(FAMILIES)}")
    if family in MIXTURES:
        return _fit_mixture(objectives, directory, family, settings, command, resume, on_progress)
    run = _Run.prepare(objectives, settings)
    partial = checkpoint.partial_directory(directory)
    if resume:
        run.restore(partial)
    run.train(partial, on_progress)
    model = AmortizedMixture(run.state.network.options, run.state.network.tensors())
    scores = score(model, run.pairs)
    contexts, _ = run.pairs.draw(NUM_STORED_CONTEXTS, torch.Generator().manual_seed(1))
    training = _training(command, settings, run.state.step, run.seconds)
    document = _document(objectives, contexts.numpy()) | {"training": training, "scores": scores}
    extras = {"extra.training_contexts": contexts.numpy().astype(np.float32)}
    digest = ModelStore().write(directory, model, document, extras)
    shutil.rmtree(partial, ignore_errors=True)
    return FitReport(digest, scores, run.state.step, run.seconds)


def _fit_mixture(
    objectives: Objectives,
    directory: Path,
    family: str,
    settings: FitSettings,
    command: str,
    resume: bool,
    on_progress: Callable[[FitProgress], None],
) -> FitReport:
    """Fit and store an unconditional mixture; it is done before a checkpoint would be worth it."""
    if resume:
        raise InvalidInput("resume", family, "the family amortized: a mixture is fitted anew")
    begin, steps = time.monotonic(), 0

    def report(progress: MixtureProgress) -> None:
        nonlocal steps
        steps = progress.step
        left = progress.seconds * (1 / progress.fraction - 1)
        figures = {"log-affinity": progress.log_affinity}
        on_progress(FitProgress(steps, progress.fraction, progress.seconds, left, figures))

    product = objectives.product.to(torch.float64)
    options = MixtureSettings(
        num_components=settings.num_components or MixtureSettings.num_components,
        seed=settings.seed,
        time_limit=settings.time_limit,
    )
    model = fit_mixture(product, family=family, settings=options, on_progress=report)
    seconds = time.monotonic() - begin
    scores = score_mixture(model, product)
    training = _training(command, settings, steps, seconds)
    document = _document(objectives, np.empty((0, 0))) | {"training": training, "scores": scores}
    digest = ModelStore().write(directory, model, document)
    return FitReport(digest, scores, steps, seconds)


class _Run:
    """The moving parts of one fit."""

    def __init__(self, objectives: Objectives, settings: FitSettings, pairs: TrainingPairs) -> None:
        self.objectives, self.settings, self.pairs = objectives, settings, pairs
        self.generator = torch.Generator().manual_seed(settings.seed)
        self.seconds = 0.0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self.state = amortized.init(_network(objectives, settings, pairs))
        lasting = {k: v for k, v in asdict(settings).items() if k != "checkpoint_every"}
        facts = json.dumps([objectives.digest, lasting], sort_keys=True)
        self.digest = hashlib.sha256(facts.encode()).hexdigest()

    @classmethod
    def prepare(cls, objectives: Objectives, settings: FitSettings) -> "_Run":
        """Build pairs and a fresh network."""
        product = objectives.product
        if not product.context_entries:
            raise ObjectiveError("context", "no entry", "one or more for the family amortized")
        return cls(
            objectives, settings, TrainingPairs(product, product.chain.lower, product.chain.upper)
        )

    def restore(self, partial: Path) -> None:
        """Go on where a checkpoint stands."""
        self.state, progress = checkpoint.load(partial, self.state, self.digest)
        self.generator.set_state(progress.generator)
        self.seconds = progress.seconds

    def train(self, partial: Path, on_progress: Callable[[FitProgress], None]) -> None:
        """Update until the run is done, with a checkpoint now and then."""
        begin = time.monotonic() - self.seconds
        saved = self.seconds
        likelihood = elbo = float("nan")
        while (fraction := self.settings.fraction(self.state.step, self.seconds)) < 1:
            info = self._update(fraction)
            likelihood = _running(likelihood, -info.negative_log_likelihood)
            elbo = _running(elbo, info.elbo)
            self.seconds = time.monotonic() - begin
            fraction = self.settings.fraction(self.state.step, self.seconds)
            left = self.seconds * (1 / fraction - 1)
            figures = {"log-likelihood": likelihood}
            if elbo == elbo:  # NaN until sharpening begins
                figures["ELBO"] = elbo
            on_progress(FitProgress(self.state.step, fraction, self.seconds, left, figures))
            if self.seconds - saved > self.settings.checkpoint_every:
                saved = self.seconds
                progress = checkpoint.Progress(saved, self.generator.get_state())
                checkpoint.save(partial, self.state, progress, self.digest)

    def _update(self, fraction: float) -> amortized.AmortizedInfo:
        settings, network = self.settings, self.state.network
        contexts, x = self.pairs.draw(settings.batch_size, self.generator)
        sharpening = fraction >= settings.sharpen_from
        update = amortized.Update(
            learning_rate=settings.learning_rate_at(self.state.step, fraction),
            elbo_weight=settings.elbo_weight if sharpening else 0.0,
            mixed_precision=_has_bfloat16(),
        )
        self.state, info = amortized.step(
            self.state,
            (contexts, network.limits.to_unlimited(x)),
            target=self.objectives.product,
            update=update,
            generator=self.generator,
        )
        return info


def _network(
    objectives: Objectives, settings: FitSettings, pairs: TrainingPairs
) -> AmortizedNetwork:
    """Build the network for a robot and its contexts; the caller seeds torch."""
    robot, product = objectives.robot, objectives.product
    contexts, _ = pairs.draw(4096, torch.Generator().manual_seed(settings.seed))
    symmetry = find_symmetry(objectives, contexts)
    options = AmortizedOptions(
        entries=tuple((entry.kind, entry.size) for entry in product.context_entries),
        lower=tuple(float(bound) for bound in robot.lower),
        upper=tuple(float(bound) for bound in robot.upper),
        symmetry=symmetry,
        length_scale=round(reach(objectives, symmetry, contexts), 3),
        num_components=settings.num_components or NUM_COMPONENTS,
        width=settings.width,
        num_blocks=settings.num_blocks,
    )
    return AmortizedNetwork(options)


def _training(command: str, settings: FitSettings, steps: int, seconds: float) -> dict[str, object]:
    """Describe a run for `model.json`."""
    return {
        "command": command,
        "seed": settings.seed,
        "steps": steps,
        "seconds": round(seconds, 1),
        "date": datetime.now(UTC).date().isoformat(),
        "settings": {k: v for k, v in asdict(settings).items() if v != float("inf")},
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


def _running(mean: float, value: float) -> float:
    """Return the exponential running mean, started by the first value that is a number."""
    return value if mean != mean else 0.98 * mean + 0.02 * value


def _has_bfloat16() -> bool:
    """Tell whether the processor multiplies bfloat16 matrices itself."""
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
