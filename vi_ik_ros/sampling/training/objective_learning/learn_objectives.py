# SPDX-License-Identifier: Apache-2.0
"""Learn numbers of an objectives file from demonstrated configurations."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from vi_ik_ros.exceptions import InvalidInput, ObjectiveError
from vi_ik_ros.sampling.inference.demonstrations import learn_experts
from vi_ik_ros.sampling.inference.demonstrations.contrastive_ascent import FEWEST
from vi_ik_ros.sampling.inference.demonstrations.learn_experts import LearnInfo, LearnSettings
from vi_ik_ros.sampling.inference.estimates.importance_weights import Estimate
from vi_ik_ros.sampling.training.objective_learning.expert_family import ExpertFamily
from vi_ik_ros.sampling.training.objective_learning.open_fields import (
    OpenObjectives,
    open_objectives,
)
from vi_ik_ros.sampling.training.objective_learning.product_density import (
    NUM_POINTS,
    ProductDensity,
    first_state,
    settings_for,
)
from vi_ik_ros.sampling.training.settings import RANGES, Range

SETTLED, SETTLED_STEPS = 0.1, 2  # [standard errors] a step, and how many such steps in a row
PATIENCE = 8  # steps, after which too few points to move anything end the search
USABLE = 500.0  # effective points, below which a normaliser is not to be trusted
DIGITS = 8  # of the numbers that are written


@dataclass(frozen=True)
class LearnOptions:
    """How a file is learned.

    Attributes:
        num_components: K of the mixture that follows the product; None to choose.
        seed: of every draw and of the split.
        max_steps: steps at most; without held-out rows, then with them.
        holdout: share of the demonstrations that judge the others, 0 for none.
    """

    num_components: int | None = None
    seed: int = 0
    max_steps: int = 40
    holdout: float = 0.2


OPTIONS = {  # what a learning can be told from outside
    "num_components": RANGES["num_components"],
    "seed": RANGES["seed"],
    "max_steps": Range(1, 100_000),
    "holdout": Range(0.0, 0.9, whole=False),
}


def checked_options(given: Mapping[str, object]) -> LearnOptions:
    """Return options that were told these fields, each checked against its range.

    Raises:
        InvalidInput: names the field, the value and the range.
    """
    values: dict[str, int | float] = {}
    for name, value in given.items():
        if name not in OPTIONS:
            raise InvalidInput(f"options.{name}", value, f"one of {', '.join(OPTIONS)}")
        values[name] = OPTIONS[name].checked(name, value)
    return LearnOptions(**values)  # type: ignore[arg-type]


@dataclass(frozen=True)
class LearnedValue:
    """One field that was learned.

    Attributes:
        name: `objective.field`.
        value: as the file has it.
        start: the moments of the demonstrations.
        stderr: standard errors, see `LearnedNormal.errors`.
    """

    name: str
    value: object
    start: object
    stderr: list[float]


@dataclass(frozen=True)
class LearnReport:
    """What was learned, and how well it holds.

    Attributes:
        document: the objectives file, complete.
        values: the learned fields.
        density: what it stands for.
        log_likelihood: log p of a demonstration [nat], mean over all.
        held_out: the same of held-out rows, learned without them; None if there were none.
        log_normalizer: log Z of the product.
        effective_points: effective number of the points behind log Z.
        converged: whether the last steps were far below the standard errors.
        steps: number of steps.
        num_demonstrations: n.
        seconds: time [s].
    """

    document: dict[str, object]
    values: tuple[LearnedValue, ...]
    density: ProductDensity
    log_likelihood: float
    held_out: Estimate | None
    log_normalizer: Estimate
    effective_points: float
    converged: bool
    steps: int
    num_demonstrations: int
    seconds: float

    def remarks(self) -> list[str]:
        """Say in words what a user should heed."""
        lines = []
        if self.effective_points < USABLE:
            lines.append(
                f"log Z stands on {self.effective_points:.0f} effective points, too few to trust:"
                " more components may help, or fewer joints that no objective holds"
            )
        elif not self.converged:
            lines.append("the last steps were still long: more steps, or fewer numbers to learn")
        num_numbers = sum(len(value.stderr) for value in self.values)
        if self.num_demonstrations < 2 * num_numbers:
            lines.append(
                f"{self.num_demonstrations} demonstrations for {num_numbers} numbers: spreads come"
                " out too small; one std for several entries needs fewer"
            )
        return lines


def learn_objectives(
    document: Mapping[str, object],
    demonstrations: np.ndarray,
    fields: Sequence[str] = (),
    *,
    options: LearnOptions | None = None,
    on_progress: Callable[[int, LearnInfo], None] = lambda step, info: None,
) -> LearnReport:
    """Find the numbers under which the demonstrations are most likely.

    Args:
        document: an objectives file as plain values.
        demonstrations: (n, nq) [rad, m], checked.
        fields: `objective.field` of normal densities; none for all that the file leaves open.
        options: sizes, length, seed.
        on_progress: called after every step with their number and its figures.

    Raises:
        InvalidInput: A field cannot be learned, see `open_objectives`.
        ObjectiveError: The product is 0 everywhere, or at a demonstration.
    """
    started = time.monotonic()
    options = options or LearnOptions()
    rows = np.random.default_rng(options.seed).permutation(len(demonstrations))
    num_held = int(options.holdout * len(rows))
    held, kept = demonstrations[rows[:num_held]], torch.from_numpy(demonstrations[rows[num_held:]])
    everything = torch.from_numpy(demonstrations)
    run = _Run(open_objectives(document, kept, fields), kept, options, on_progress)
    run.learn(kept)
    held_out = None
    if num_held:
        held_out = run.density.mean_log_prob(held, seed=options.seed + 1)
        run.learn(everything)
    info = run.finish(everything)
    return _report(run, info, held_out, len(everything), time.monotonic() - started)


class _Run:
    """State and generator of one call."""

    def __init__(
        self,
        objectives: OpenObjectives,
        demonstrations: Tensor,
        options: LearnOptions,
        on_progress: Callable[[int, LearnInfo], None],
    ) -> None:
        self.objectives = objectives
        self._options, self._on_progress = options, on_progress
        self._generator = torch.Generator().manual_seed(options.seed)
        self.converged = False
        family, num_components = objectives.family, options.num_components
        self._settings = settings_for(len(family.lower), num_components)
        _refuse_impossible(family, demonstrations)
        self.state = first_state(
            family, demonstrations, seed=options.seed, num_components=num_components
        )

    @property
    def density(self) -> ProductDensity:
        """Return the density as it is."""
        return ProductDensity(self.objectives.family, self.state)

    def learn(self, demonstrations: Tensor) -> None:
        """Step until steps are small."""
        small = 0
        for _ in range(self._options.max_steps):
            info = self.step(demonstrations, self._settings)
            settled = info.shift < SETTLED + 2.0 * info.noise and info.effective_points >= USABLE
            small = small + 1 if settled else 0
            hopeless = self.state.step >= PATIENCE and info.effective_points < FEWEST
            if small == SETTLED_STEPS or hopeless:
                break
        self.converged = small == SETTLED_STEPS

    def finish(self, demonstrations: Tensor) -> LearnInfo:
        """Step once more, with many points."""
        many = replace(self._settings, num_points=NUM_POINTS, enough=NUM_POINTS)
        return self.step(demonstrations, many)

    def step(self, demonstrations: Tensor, settings: LearnSettings) -> LearnInfo:
        """Step once."""
        self.state, info = learn_experts.step(
            self.state,
            self.objectives.family,
            demonstrations,
            settings=settings,
            generator=self._generator,
        )
        self._on_progress(self.state.step, info)
        return info


def _refuse_impossible(family: ExpertFamily, demonstrations: Tensor) -> None:
    """Refuse demonstrations where the product at the start has no density."""
    theta = torch.zeros(family.num_parameters, dtype=torch.float64)
    log_density = family.log_density(family.view(demonstrations), theta)
    bad = torch.nonzero(~torch.isfinite(log_density))[:, 0].tolist()
    if bad:
        got = f"{[round(x, 4) for x in demonstrations[bad[0]].tolist()]}"
        expected = "configurations inside the joint limits where no objective is 0"
        raise ObjectiveError("demonstrations", got, expected)


def _report(
    run: _Run, info: LearnInfo, held_out: Estimate | None, num_demonstrations: int, seconds: float
) -> LearnReport:
    """Gather what the last step left."""
    objectives, theta = run.objectives, run.state.theta
    return LearnReport(
        document={key: _rounded(entry) for key, entry in objectives.at(theta).items()},
        values=_values(objectives.family, theta, info.covariance),
        density=run.density,
        log_likelihood=info.log_likelihood,
        held_out=held_out,
        log_normalizer=info.log_normalizer,
        effective_points=info.effective_points,
        converged=run.converged,
        steps=run.state.step,
        num_demonstrations=num_demonstrations,
        seconds=seconds,
    )


def _values(family: ExpertFamily, theta: Tensor, covariance: Tensor) -> tuple[LearnedValue, ...]:
    """Return every learned field at theta."""
    values, first = [], 0
    for one, own in zip(family.learned, family.split(theta), strict=True):
        part = slice(first, first + one.size)
        errors = one.errors(own, covariance[part, part])
        start = one.written(torch.zeros_like(own))
        for field, value in one.written(own).items():
            name = f"{one.expert.name}.{field}"
            rounded = (_rounded(value), _rounded(start[field]))
            values.append(LearnedValue(name, *rounded, errors[field]))
        first += one.size
    return tuple(values)


def _rounded(value: object) -> object:
    """Return nested values with floats of so many digits."""
    if isinstance(value, Mapping):
        return {key: _rounded(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(entry) for entry in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
