# SPDX-License-Identifier: Apache-2.0
"""Fit a mixture by expectation-maximisation on the squared Hellinger distance.

The Bhattacharyya coefficient BC = int sqrt(p q) has the gradient 1/2 int sqrt(p q) grad log q, so
q is stationary exactly where it is the maximum-likelihood mixture of points distributed like
sqrt(p q). Each step draws points from q, weights them to sqrt(p q) and does one such
expectation-maximisation update, in closed form: no gradient of the target, no step size.
Neither p~ nor its normaliser has to be known beyond p~ itself. A target may be tempered.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.components.banana_components import BananaComponents
from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.inference.components.responsibilities import Responsibilities, expectation
from vi_ik_ros.sampling.inference.target import Target, first_level

CANDIDATES = 4  # for each place of a component at the start
DEAD = 1e-4  # of the mean weight, below which a component is moved


@dataclass(frozen=True)
class Pool:
    """Points that are used again while q moves slowly.

    The density of a point's proposals is the mean over the q of all steps that it has seen: were
    it that of its first q alone, a point that a narrowing component finds would weigh
    more and more.

    Attributes:
        x: (N, D), oldest first.
        log_target: (N,), log p~(x).
        log_seen: (N,), log of the sum of q(x) over the steps that the point has seen.
        num_seen: (N,), how many steps those are.
    """

    x: Tensor
    log_target: Tensor
    log_seen: Tensor
    num_seen: Tensor

    def joined(self, other: "Pool", capacity: int) -> "Pool":
        """Append newer points and drop the oldest beyond the capacity."""
        names = ("x", "log_target", "log_seen", "num_seen")
        pairs = ((getattr(self, name), getattr(other, name)) for name in names)
        return Pool(*(torch.cat(pair)[-capacity:] for pair in pairs))

    def seen(self, log_model: Tensor) -> "Pool":
        """Count one more step, whose q has log density (N,) at the points."""
        log_seen = torch.logaddexp(self.log_seen, log_model)
        return replace(self, log_seen=log_seen, num_seen=self.num_seen + 1)


@dataclass(frozen=True)
class AlphaState:
    """Components and points of one fit, and the updates done."""

    components: GaussianComponents
    pool: Pool
    step: int = 0

    def tensors(self) -> dict[str, Tensor]:
        """Return everything, by name."""
        parts = {"components": self.components.tensors(), "pool": vars(self.pool)}
        named = {f"{part}.{k}": v for part, values in parts.items() for k, v in values.items()}
        return {**named, "step": torch.tensor(self.step)}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> "AlphaState | None":
        """Return the state of `tensors`; None where there are none."""
        if not tensors:
            return None
        parts: dict[str, dict[str, Tensor]] = {"components": {}, "pool": {}}
        for name, value in tensors.items():
            part, _, key = name.partition(".")
            if part in parts:
                parts[part][key] = value
        bent = "direction" in parts["components"]
        family = BananaComponents if bent else GaussianComponents
        return cls(family(**parts["components"]), Pool(**parts["pool"]), int(tensors["step"]))


@dataclass(frozen=True)
class AlphaInfo:
    """Figures of one update.

    Attributes:
        log_affinity: log int sqrt(p~ q), estimated; log BC + 1/2 log Z where not tempered.
        effective_points: effective number of points behind it.
        num_moved: components that had lost their weight and were put elsewhere.
        elbo: E_q[log p~ - log q] of the q before the update, over its new draws, of the target
            as it is when it is not tempered.
    """

    log_affinity: float
    effective_points: float
    num_moved: int
    elbo: float


def init(
    target: Target,
    lower: Tensor,
    upper: Tensor,
    *,
    family: str,
    num_components: int,
    num_proposals: int,
    num_bends: int = 1,
    locality: float = 1.0,
    generator: torch.Generator,
) -> tuple[AlphaState, float]:
    """Spread the components over the target, tempered so far that uniform draws see all of it.

    Args:
        target: p~.
        lower: (D,) limits of the box that is looked at.
        upper: (D,).
        family: `gaussian` or `banana`.
        num_components: K.
        num_proposals: uniform draws of the box.
        num_bends: directions in which a banana bends.
        locality: a component begins as the moments of the points that are nearest to it, at most
            this many times its equal share.
        generator: source of randomness.

    Returns:
        The state, and the temperature exponent at which the draws see the target.
    """
    draws = torch.rand(num_proposals, len(lower), generator=generator, dtype=torch.float64)
    x = lower + (upper - lower) * draws
    log_target = _evaluate(target, x)
    wanted = wanted_size(num_components, num_proposals)
    exponent = tempering_exponent(log_target, wanted)
    weights = torch.softmax(exponent * log_target, 0)
    kept = torch.multinomial(weights, min(8000, num_proposals // 4), True, generator=generator)
    points = x[kept]
    spread = points.std(0).clamp_min(1e-9)
    loc = points[_farthest(points / spread, num_components, generator)]
    owned = _owned(torch.cdist(points / spread, loc / spread), locality, 4 * len(lower))
    identity = torch.diag(spread).expand(num_components, -1, -1)
    flat = GaussianComponents(torch.zeros(num_components).double(), loc, identity)
    components = flat.maximise(points, torch.ones(len(points)).to(points), owned)
    if family == "banana":
        components = BananaComponents.straight(components, num_bends)
    empty = torch.empty(0, dtype=torch.float64)
    return AlphaState(components, Pool(x[:0], empty, empty, empty)), exponent


def step(
    state: AlphaState,
    target: Target,
    *,
    exponent: float,
    num_draws: int,
    capacity: int,
    turning: bool = True,
    generator: torch.Generator,
) -> tuple[AlphaState, AlphaInfo]:
    """Draw points, weight them to sqrt(p~^exponent q), do one update.

    Args:
        state: the state so far.
        target: p~.
        exponent: inverse temperature of the target.
        num_draws: new points.
        capacity: points that are used, newest first.
        turning: whether directions of bends may turn to what is likelier; while the target cools,
            what is likelier at the moment misleads.
        generator: source of randomness.
    """
    components = state.components
    pool = state.pool.joined(_draw(components, target, num_draws, generator), capacity)
    log_model, responsibilities = expectation(components, pool.x)
    pool = pool.seen(log_model)
    log_proposal = pool.log_seen - pool.num_seen.log()
    # A point that rounding keeps out of every q it has seen has no weight, not one without bounds.
    log_proposal = log_proposal.masked_fill(log_proposal == -torch.inf, torch.inf)
    log_weights = 0.5 * (exponent * pool.log_target + log_model) - log_proposal
    log_affinity = torch.logsumexp(log_weights, 0) - math.log(len(pool.x))
    weights = torch.softmax(log_weights, 0)
    components = components.maximise(pool.x, weights, responsibilities, turning=turning)
    idle = components.log_weights < math.log(DEAD / len(components.log_weights))
    moved = torch.nonzero(idle)[:, 0]
    if len(moved):
        # Where the target has most mass that q lacks.
        wanted = torch.softmax(exponent * pool.log_target - log_proposal, 0)
        lacking = (wanted - torch.softmax(log_model - log_proposal, 0)).clamp_min(
            0
        ) + 1e-12 * wanted
        places = torch.multinomial(lacking, len(moved), True, generator=generator)
        components = components.moved(moved, pool.x[places])
    effective = float(1 / weights.square().sum())
    reward = (pool.log_target - log_model)[-num_draws:]
    info = AlphaInfo(float(log_affinity), effective, len(moved), float(reward.mean()))
    return AlphaState(components, pool, state.step + 1), info


def _draw(
    components: GaussianComponents, target: Target, num_draws: int, generator: torch.Generator
) -> Pool:
    """Draw from q."""
    weights = components.log_weights.exp()
    chosen = torch.multinomial(weights, num_draws, True, generator=generator)
    shape = (num_draws, components.loc.shape[1])
    noise = torch.randn(shape, generator=generator, dtype=weights.dtype)
    x = components.sample(noise, chosen)
    nothing = torch.full((num_draws,), -torch.inf, dtype=x.dtype)
    return Pool(x, _evaluate(target, x), nothing, torch.zeros_like(nothing))


def _evaluate(target: Target, x: Tensor) -> Tensor:
    """Return log p~ of rows x (N, D), (N,), in pieces that fit the cache; the first level's."""
    with torch.no_grad():
        return torch.cat([first_level(target, part) for part in x.split(20_000)])


def wanted_size(num_components: int, num_proposals: int) -> float:
    """Return how many effective points a start needs of its uniform draws."""
    return min(40.0 * num_components, 0.05 * num_proposals)


def tempering_exponent(log_target: Tensor, wanted: float) -> float:
    """Return the largest exponent t <= 1 at which weights p~^t keep the wanted effective size.

    Args:
        log_target: (N,) log p~ of uniform draws.
        wanted: effective number of them.
    """
    low, high = 0.0, 1.0
    for _ in range(40):
        t = 0.5 * (low + high)
        weights = torch.softmax(t * log_target, 0)
        low, high = (t, high) if float(1 / weights.square().sum()) >= wanted else (low, t)
    return 1.0 if high == 1.0 else low


def _owned(distance: Tensor, locality: float, least: int) -> Responsibilities:
    """Tell which points (N,) begin each component (K,) at distances (N, K).

    Those that are nearest to it and among so many times its equal share, but at least a few.
    """
    num_points, num_components = distance.shape
    count = max(least, int(locality * num_points / num_components))
    ranks = distance.argsort(0).argsort(0)
    mine = distance <= distance.min(1, keepdim=True).values
    owned = ((mine & (ranks < count)) | (ranks < least)).T
    rows = torch.nonzero(owned)[:, 1]
    bounds = (0, *owned.sum(1).cumsum(0).tolist())
    return Responsibilities(rows, torch.ones(len(rows)).to(distance), bounds)


def _farthest(points: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return indices (count,) of spread-out points (N, D): greedy k-means++.

    Each is the best of a few candidates that are drawn by their squared distance to those before.
    """
    chosen = [int(torch.randint(len(points), (1,), generator=generator))]
    nearest = (points - points[chosen[0]]).square().sum(1)
    for _ in range(count - 1):
        candidates = torch.multinomial(nearest + 1e-12, CANDIDATES, generator=generator)
        left = torch.cdist(points[candidates], points).square().minimum(nearest)  # (4, N)
        best = int(left.sum(1).argmin())
        chosen.append(int(candidates[best]))
        nearest = left[best]
    return torch.tensor(chosen)
