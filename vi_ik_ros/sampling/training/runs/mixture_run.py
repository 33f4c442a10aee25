# SPDX-License-Identifier: Apache-2.0
"""The fit of an unconditional mixture: restarts, the best one for longer, a polish."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.inference import alpha_divergence
from vi_ik_ros.sampling.inference.alpha_divergence import AlphaState
from vi_ik_ros.sampling.models.banana_mixture import BananaMixture
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture
from vi_ik_ros.sampling.training.checkpoint import Checkpoint
from vi_ik_ros.sampling.training.diagnosis import explain
from vi_ik_ros.sampling.training.runs.run import Fitted, num_active, refuse_context
from vi_ik_ros.sampling.training.scores import score_mixture

MIXTURES: dict[str, type[GaussianMixture] | type[BananaMixture]] = {
    "gaussian": GaussianMixture,
    "banana": BananaMixture,
}
LOCALITIES = (1.0, 0.5, 0.3)  # of restarts in turn: wide beginnings cover, narrow ones concentrate
FEW_COMPONENTS, RESTARTS = 20, (6, 3)  # with few a restart costs little and luck decides
FLAT_DIMS = 3  # in so few dimensions few uniform draws see the target
TEMPERED = 0.3  # part of a restart over which the target is cooled to itself
POINTS = (400, 1000, 3000)  # of each component in a restart, in the middle, in the polish
FEWEST_COMPONENTS = 5  # that the number of points is made for
FEW_PROPOSALS, MANY_PROPOSALS = 30_000, 500_000  # uniform draws of a restart
RANK_PROBES = 16  # configurations at which the number of normals is read
RECENT = 10  # updates whose mean log affinity ranks a stage


@dataclass(frozen=True)
class MixtureSettings:
    """Settings of a mixture's fit.

    Attributes:
        num_components: K.
        seed: of every draw.
        steps: updates of each restart, of the best one, and of the polish.
        time_limit: [s]; every stage ends early at its share of it. Infinite for none.
        num_proposals: uniform draws that a restart begins with; None: by the number of joints.
    """

    num_components: int = 20
    seed: int = 0
    steps: tuple[int, int, int] = (60, 300, 60)
    time_limit: float = math.inf
    num_proposals: int | None = None

    def with_updates(self, updates: int | None) -> "MixtureSettings":
        """Return the settings of a fit of about so many updates; None changes nothing."""
        if updates is None:
            return self
        share = updates / sum(stage.steps for stage in stages(self))
        first, second, third = (max(1, round(share * steps)) for steps in self.steps)
        return replace(self, steps=(first, second, third))


@dataclass(frozen=True)
class Stage:
    """A part of the fit.

    Attributes:
        steps: updates.
        points: of each component.
        locality: how a restart begins; None: it goes on with the best so far.
        until: share of all work that is done at its end.
    """

    steps: int
    points: int
    locality: float | None
    until: float


@dataclass(frozen=True)
class MixtureState:
    """Where a fit stands.

    Attributes:
        current: what the stage works on; None before its first update.
        best: the best end of a stage so far; None in the first stage.
        stage: index of the stage.
        step: updates done in it.
        exponent: of the target when the stage began.
        recent: log affinities of the last updates.
        best_affinity: their mean where `best` was found.
    """

    current: AlphaState | None = None
    best: AlphaState | None = None
    stage: int = 0
    step: int = 0
    exponent: float = 1.0
    recent: tuple[float, ...] = ()
    best_affinity: float = -math.inf


class MixtureRun:
    """See `Run`."""

    def __init__(self, product: ProductOfExperts, family: str, settings: MixtureSettings) -> None:
        """Plan the stages.

        Args:
            product: the target, in float64.
            family: `gaussian` or `banana`.
            settings: sizes, length, seed.

        Raises:
            ObjectiveError: the product has a context.
        """
        refuse_context(product, family)
        self._product, self._family, self._settings = product, family, settings
        self._generator = torch.Generator().manual_seed(settings.seed)
        self._lower, self._upper = product.chain.lower.double(), product.chain.upper.double()
        self._num_bends = num_bends(product)
        self._stages = stages(settings)
        self._state = MixtureState()
        self.step = 0

    @property
    def num_components(self) -> int:
        """See `Run.num_components`."""
        state = self._state.current or self._state.best
        return 0 if state is None else num_active(state.components.log_weights.exp())

    def fraction(self, seconds: float) -> float:
        """See `Run.fraction`."""
        state = self._state
        if state.stage == len(self._stages):
            return 1.0
        begin = self._stages[state.stage - 1].until if state.stage else 0.0
        stage = self._stages[state.stage]
        return begin + (stage.until - begin) * self._within(seconds)

    def update(self, seconds: float) -> Mapping[str, float]:
        """See `Run.update`.

        Raises:
            ObjectiveError: the product is zero wherever it was looked at.
        """
        stage = self._stages[self._state.stage]
        if self._state.current is None:
            self._state = self._begun(stage)
        state = self._state
        assert state.current is not None
        cooled = self._within(seconds) / TEMPERED if stage.locality is not None else 1.0
        capacity = stage.points * max(self._settings.num_components, FEWEST_COMPONENTS)
        current, info = alpha_divergence.step(
            state.current,
            self._product,
            exponent=state.exponent ** max(0.0, 1.0 - cooled),
            num_draws=capacity // 10,
            capacity=capacity,
            turning=stage.locality is None,
            generator=self._generator,
        )
        recent = (*state.recent, info.log_affinity)[-RECENT:]
        self._state = replace(state, current=current, step=state.step + 1, recent=recent)
        self.step += 1
        if self._within(seconds) >= 1.0:
            self._state = _ended(self._state, competes=stage.locality is not None)
        return {"log-affinity": info.log_affinity, "ELBO": info.elbo}

    def checkpoint(self) -> Checkpoint:
        """See `Run.checkpoint`."""
        state = self._state
        tensors = {"generator": self._generator.get_state()}
        for name in ("current", "best"):
            part = getattr(state, name)
            if part is not None:
                tensors |= {f"{name}.{key}": value for key, value in part.tensors().items()}
        names = ("stage", "step", "exponent", "recent", "best_affinity")
        facts = {name: getattr(state, name) for name in names}
        return Checkpoint(tensors, {**facts, "updates": self.step})

    def restore(self, checkpoint: Checkpoint) -> None:
        """See `Run.restore`."""
        facts = dict(checkpoint.facts)
        self._generator.set_state(checkpoint.tensors["generator"])
        self.step = int(str(facts.pop("updates")))
        parts = {
            name: AlphaState.from_tensors(checkpoint.under(f"{name}."))
            for name in ("current", "best")
        }
        names = ("stage", "step", "exponent", "best_affinity")
        plain = {name: facts[name] for name in names}
        recent = tuple(float(str(value)) for value in list(facts["recent"]))  # type: ignore[call-overload]
        self._state = MixtureState(**parts, **plain, recent=recent)  # type: ignore[arg-type]

    def model(self) -> GaussianMixture | BananaMixture:
        """Return the best mixture so far."""
        state = self._state
        best = state.best or state.current
        assert best is not None
        tensors = {name: value.numpy() for name, value in best.components.tensors().items()}
        options = {"lower": self._lower.tolist(), "upper": self._upper.tolist()}
        return MIXTURES[self._family].from_tensors(options, tensors)

    def result(self) -> Fitted:
        """See `Run.result`."""
        model = self.model()
        return Fitted(model, score_mixture(model, self._product), np.empty((0, 0)))

    def _within(self, seconds: float) -> float:
        """Return how much of the current stage is done, by updates or by time."""
        state, limit = self._state, self._settings.time_limit
        stage = self._stages[state.stage]
        begin = self._stages[state.stage - 1].until if state.stage else 0.0
        by_time = (seconds / limit - begin) / (stage.until - begin)
        return min(1.0, max(state.step / stage.steps, by_time))

    def _begun(self, stage: Stage) -> MixtureState:
        """Return the state in which a stage begins."""
        state = self._state
        if stage.locality is None:
            return replace(state, current=state.best, exponent=1.0)
        few = self._product.num_dims <= FLAT_DIMS
        current, exponent = alpha_divergence.init(
            self._product,
            self._lower,
            self._upper,
            family=self._family,
            num_components=self._settings.num_components,
            num_proposals=self._settings.num_proposals
            or (FEW_PROPOSALS if few else MANY_PROPOSALS),
            num_bends=self._num_bends,
            locality=stage.locality,
            generator=self._generator,
        )
        if not math.isfinite(float(current.components.loc.sum())):
            expected = "some mass inside the joint limits: do the objectives contradict each other?"
            unknown = ObjectiveError("objectives", "a product that is zero everywhere", expected)
            raise explain(self._product, self._generator) or unknown
        return replace(state, current=current, exponent=exponent)


def stages(settings: MixtureSettings) -> tuple[Stage, ...]:
    """Plan a fit: restarts, the middle, the polish."""
    num_restarts = RESTARTS[settings.num_components > FEW_COMPONENTS]
    localities = [LOCALITIES[i % len(LOCALITIES)] for i in range(num_restarts)]
    first, second, third = settings.steps
    plan: list[tuple[int, int, float | None]]
    plan = [(first, POINTS[0], locality) for locality in localities]
    plan += [(second, POINTS[1], None), (third, POINTS[2], None)]
    work = np.cumsum([steps * points for steps, points, _ in plan])
    shares = (work / work[-1]).tolist()
    return tuple(Stage(*part, until) for part, until in zip(plan, shares, strict=True))


def _ended(state: MixtureState, *, competes: bool) -> MixtureState:
    """Return the state after a stage, whose end is the best so far unless a restart lost."""
    affinity = sum(state.recent) / len(state.recent)
    lost = competes and affinity <= state.best_affinity
    return MixtureState(
        best=state.best if lost else state.current,
        stage=state.stage + 1,
        best_affinity=state.best_affinity if lost else affinity,
    )


def num_bends(product: ProductOfExperts) -> int:
    """Return the number of normals of the task, between 1 and D - 1."""
    chain = product.chain
    generator = torch.Generator().manual_seed(0)
    share = torch.rand(RANK_PROBES, product.num_dims, generator=generator).to(chain.lower)
    rank = product.task_rank(chain.lower + (chain.upper - chain.lower) * share)
    return max(1, min(rank, product.num_dims - 1))
