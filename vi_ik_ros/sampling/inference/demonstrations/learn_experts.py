# SPDX-License-Identifier: Apache-2.0
"""Learn the parameters of experts from demonstrated configurations, Eq. (20).

The density of a product of experts has a normaliser that depends on the parameters and is an
integral over all configurations. A mixture q follows the product while it is learned and proposes
the points that the integral is estimated from. Each step refits q to the product as it is now, then
moves the parameters as far as points of that q are good for.
"""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference import alpha_divergence
from vi_ik_ros.sampling.inference.alpha_divergence import AlphaState
from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.inference.demonstrations.contrastive_ascent import (
    Likelihood,
    ProposalPoints,
    TargetFamily,
    climb,
)
from vi_ik_ros.sampling.inference.estimates.importance_weights import Estimate

SHARES = (0.65, 0.3, 0.05)  # of points: from q, from a wider q, from the box
WIDER = 2.0  # its spread; the wider q and the box bound the weights where q has too little mass
CHUNK = 10_000  # rows whose densities under all components are held at once
ON_DATA = 0.25  # part of the components that begin at demonstrations


@dataclass(frozen=True)
class LearnSettings:
    """Settings of every step.

    Attributes:
        num_components: K of q.
        num_proposals: uniform draws that q begins with.
        num_cooling: updates of q while the first product is cooled to itself.
        num_updates: updates of q in each step.
        num_points: draws of the proposal in each step.
        num_kept: draws of this and earlier steps that a move may use.
        enough: effective number of draws that a move needs no more than.
    """

    num_components: int = 40
    num_proposals: int = 200_000
    num_cooling: int = 60
    num_updates: int = 10
    num_points: int = 20_000
    num_kept: int = 200_000
    enough: float = 10_000.0


@dataclass(frozen=True)
class LearnState:
    """Parameters and proposal, and the steps done.

    Attributes:
        theta: (P,), 0 at the start.
        proposal: q and what it was fitted on.
        lower, upper: (D,) the box outside which every p~ is 0.
        points: draws of the last steps. What a family views in them does not depend on theta.
        step: number of steps done.
    """

    theta: Tensor
    proposal: AlphaState
    lower: Tensor
    upper: Tensor
    points: ProposalPoints | None = None
    step: int = 0


@dataclass(frozen=True)
class LearnInfo:
    """Figures of one step.

    Attributes:
        log_likelihood: log p(x) of a demonstration, the mean after the move.
        log_normalizer: log Z after the move.
        effective_points: effective number of points behind both, after the move.
        shift: length of the move in standard errors, root mean square over the parameters.
        noise: how long it would be at the optimum, for want of points.
        covariance: (P, P) of the parameters' errors, were the demonstrations drawn from p.
    """

    log_likelihood: float
    log_normalizer: Estimate
    effective_points: float
    shift: float
    noise: float
    covariance: Tensor


def init(
    family: TargetFamily,
    demonstrations: Tensor,
    lower: Tensor,
    upper: Tensor,
    *,
    settings: LearnSettings,
    generator: torch.Generator,
) -> LearnState:
    """Fit q to the product at theta = 0, beginning all over the box and at demonstrations.

    Args:
        family: p~.
        demonstrations: (n, D), inside the box.
        lower: (D,) the box outside which every p~ is 0.
        upper: (D,).
        settings: sizes and lengths.
        generator: source of randomness.
    """
    theta = demonstrations.new_zeros(family.num_parameters)
    target = Member(family, theta)
    proposal, exponent = alpha_divergence.init(
        target,
        lower,
        upper,
        family="gaussian",
        num_components=settings.num_components,
        num_proposals=settings.num_proposals,
        generator=generator,
    )
    # While the target is still wide, a component at a demonstration finds the region around it.
    wanted = int(ON_DATA * settings.num_components)
    chosen = torch.randperm(len(demonstrations), generator=generator)[:wanted]
    lightest = proposal.components.log_weights.argsort()[: len(chosen)]
    components = proposal.components.moved(lightest, demonstrations[chosen])
    proposal = replace(proposal, components=components)
    cooling = range(settings.num_cooling)
    exponents = [exponent ** (1.0 - (k + 1) / len(cooling)) for k in cooling]
    proposal = _fit(proposal, target, exponents, generator)
    return LearnState(theta, proposal, lower, upper)


def step(
    state: LearnState,
    family: TargetFamily,
    demonstrations: Tensor,
    *,
    settings: LearnSettings,
    generator: torch.Generator,
) -> tuple[LearnState, LearnInfo]:
    """Refit q to the product as it is, then raise the likelihood of the demonstrations.

    Args:
        state: the state so far.
        family: p~.
        demonstrations: (n, D); they may differ from those of `init`.
        settings: sizes and lengths.
        generator: source of randomness.
    """
    proposal = _refitted(state, Member(family, state.theta), settings.num_updates, generator)
    state = replace(state, proposal=proposal, step=state.step + 1)
    data = family.view(demonstrations)
    points = _draw_points(state, family, settings.num_points, generator)
    if state.points is not None:
        points = state.points.joined(points, settings.num_kept)
    start = Likelihood(family, data, points, state.theta).narrowed(settings.enough)
    reached = climb(start)
    _, information = reached.slope()
    moved = reached.theta - state.theta
    squared = len(data) * float(moved @ information @ moved)
    info = LearnInfo(
        log_likelihood=float(reached.log_probs.mean()),
        log_normalizer=reached.weights.log_normalizer,
        effective_points=reached.effective_points,
        shift=math.sqrt(squared / len(moved)),
        noise=math.sqrt(2.0 * len(data) / reached.effective_points),
        covariance=torch.linalg.inv(len(data) * information),
    )
    return replace(state, theta=reached.theta, points=points), info


def judge(
    state: LearnState,
    family: TargetFamily,
    x: Tensor,
    *,
    num_points: int,
    generator: torch.Generator,
) -> Likelihood:
    """Return the likelihood of configurations x (n, D) with fresh points."""
    points = _draw_points(state, family, num_points, generator)
    return Likelihood(family, family.view(x), points, state.theta)


def draw(
    state: LearnState,
    family: TargetFamily,
    num_samples: int,
    *,
    num_points: int,
    generator: torch.Generator,
) -> Tensor:
    """Draw configurations (n, D) of p: as many of the weighted points, none twice.

    This is exact in so far as n is far below the effective number of points.
    """
    points = _draw_points(state, family, num_points, generator)
    weights = Likelihood(family, points.view[:0], points, state.theta).log_weights
    chosen = torch.multinomial(torch.softmax(weights, 0), num_samples, generator=generator)
    return points.x[chosen]


@dataclass(frozen=True)
class Member:
    """The target of one theta."""

    family: TargetFamily
    theta: Tensor

    def log_density(self, q: Tensor, context: Tensor | None = None) -> Tensor:
        """Return log p~ (B,) of rows q (B, D)."""
        return self.family.log_density(self.family.view(q), self.theta)


def _refitted(
    state: LearnState, target: Member, num_updates: int, generator: torch.Generator
) -> AlphaState:
    """Follow a target that has moved since the last step."""
    pool = state.proposal.pool
    pool = replace(pool, log_target=target.log_density(pool.x))
    return _fit(replace(state.proposal, pool=pool), target, [1.0] * num_updates, generator)


def _fit(
    proposal: AlphaState, target: Member, exponents: list[float], generator: torch.Generator
) -> AlphaState:
    """Update q once for each exponent of the target."""
    capacity = 400 * max(5, len(proposal.components.log_weights))
    for exponent in exponents:
        proposal, _ = alpha_divergence.step(
            proposal,
            target,
            exponent=exponent,
            num_draws=capacity // 10,
            capacity=capacity,
            generator=generator,
        )
    return proposal


def _draw_points(
    state: LearnState, family: TargetFamily, num_points: int, generator: torch.Generator
) -> ProposalPoints:
    """Draw from the mixture of q, the wider q and the box, so many of each, in random order."""
    q = state.proposal.components
    wide = replace(q, scale_tril=WIDER * q.scale_tril)
    sizes = [round(share * num_points) for share in SHARES[:2]]
    sizes.append(num_points - sum(sizes))
    lower, upper = state.lower, state.upper
    shape = (sizes[2], len(lower))
    uniform = lower + (upper - lower) * torch.rand(shape, generator=generator, dtype=lower.dtype)
    drawn = [_draw(part, n, generator) for part, n in zip((q, wide), sizes, strict=False)]
    x = torch.cat([*drawn, uniform])[torch.randperm(num_points, generator=generator)]
    inside = ((x >= lower) & (x <= upper)).all(1)
    log_box = torch.where(inside, -(upper - lower).log().sum(), -torch.inf)
    logs = torch.stack([_log_prob(q, x), _log_prob(wide, x), log_box], 1)
    log_shares = (x.new_tensor(sizes) / len(x)).log()
    return ProposalPoints(x, family.view(x), torch.logsumexp(logs + log_shares, 1))


def _draw(components: GaussianComponents, num_draws: int, generator: torch.Generator) -> Tensor:
    """Draw rows (n, D) of a mixture."""
    weights = components.log_weights.exp()
    chosen = torch.multinomial(weights, num_draws, True, generator=generator)
    shape = (num_draws, components.loc.shape[1])
    noise = torch.randn(shape, generator=generator, dtype=weights.dtype)
    return components.sample(noise, chosen)


def _log_prob(components: GaussianComponents, x: Tensor) -> Tensor:
    """Return the log density (N,) of a mixture at rows (N, D), piece by piece."""
    parts = [components.log_weights + components.log_prob(part) for part in x.split(CHUNK)]
    return torch.cat([torch.logsumexp(part, 1) for part in parts])
