# SPDX-License-Identifier: Apache-2.0
"""From objectives to a stored model."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable
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
from vi_ik_ros.sampling.training.pairs import TrainingPairs
from vi_ik_ros.sampling.training.scores import score
from vi_ik_ros.sampling.training.settings import FitSettings
from vi_ik_ros.sampling.training.symmetry import find_symmetry, reach

NUM_STORED_CONTEXTS = 10_000  # training contexts kept with a model, to tell what is unlike them
FAMILIES = ("amortized",)  # that `fit` can train


@dataclass(frozen=True)
class FitProgress:
    """Where a fit stands.

    Attributes:
        step: updates done.
        fraction: of the run, 0 to 1.
        seconds: of training so far.
        seconds_left: estimated.
        log_likelihood: running mean of log q(z | c) over the pairs.
        elbo: running mean, NaN before sharpening.
    """

    step: int
    fraction: float
    seconds: float
    seconds_left: float
    log_likelihood: float
    elbo: float


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
    run = _Run.prepare(objectives, settings)
    partial = checkpoint.partial_directory(directory)
    if resume:
        run.restore(partial)
    run.train(partial, on_progress)
    model = AmortizedMixture(run.state.network.options, run.state.network.tensors())
    scores = score(model, run.pairs)
    contexts, _ = run.pairs.draw(NUM_STORED_CONTEXTS, torch.Generator().manual_seed(1))
    training = {
        "command": command,
        "seed": settings.seed,
        "steps": run.state.step,
        "seconds": round(run.seconds, 1),
        "date": datetime.now(UTC).date().isoformat(),
        "settings": {k: v for k, v in asdict(settings).items() if v != float("inf")},
    }
    document = _document(objectives, contexts.numpy()) | {"training": training, "scores": scores}
    extras = {"extra.training_contexts": contexts.numpy().astype(np.float32)}
    digest = ModelStore().write(directory, model, document, extras)
    shutil.rmtree(partial, ignore_errors=True)
    return FitReport(digest, scores, run.state.step, run.seconds)


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
            on_progress(
                FitProgress(self.state.step, fraction, self.seconds, left, likelihood, elbo)
            )
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
        num_components=settings.num_components,
        width=settings.width,
        num_blocks=settings.num_blocks,
    )
    return AmortizedNetwork(options)


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
