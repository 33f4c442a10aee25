# SPDX-License-Identifier: Apache-2.0
"""Fit Gaussians by natural gradients within trust regions.

The scheme is that of SAMTRON (Arenz, Dahlinger, Ye, Volpp, Neumann 2023): every component draws its
own points, the curvature of the target comes from gradients alone by Stein's identity, the KL of
every update is bounded, the bounds follow the success of the last update, and draws are used
again by importance weights. All of it goes over all components at once. What is minimised is
the Renyi divergence of q from p, which for the order 1 is the reverse KL.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.inference.natural_steps.quadratic_forms import QuadraticForms
from vi_ik_ros.sampling.inference.natural_steps.sample_pool import SamplePool, effective_sizes
from vi_ik_ros.sampling.inference.natural_steps.stein_estimate import stein_estimate
from vi_ik_ros.sampling.inference.natural_steps.trust_region import (
    update_components,
    update_weights,
)
from vi_ik_ros.sampling.inference.target import Target, TargetValues, evaluate

CHUNK = 4000  # rows of the target at a time
GROWTH, DECAY = 1.15, 0.85  # of a bound after an update that paid, and after one that did not
FIGURES = ("bounds", "weight_bound", "rewards", "elbo", "step", "num_evaluations")  # of a state
PARTS = ("log_weights", "loc", "scale_tril")


@dataclass(frozen=True)
class NaturalGradientSettings:
    """The settings of a step; they may differ from step to step.

    Attributes:
        num_samples: effective draws of each component in an update.
        generations: steps whose draws are used together.
        order: of the Renyi divergence, in (0, 1]: 1 is the reverse KL, 1/2 has the minimum of the
            squared Hellinger distance. A smaller one makes wider components.
        shrinkage: see `stein_estimate`.
        bounds: least and largest KL of a component's update.
        weight_bounds: least and largest KL of an update of the weights.
    """

    num_samples: int = 100
    generations: int = 2
    order: float = 1.0
    shrinkage: float = 0.5
    bounds: tuple[float, float] = (1e-3, 1.0)
    weight_bounds: tuple[float, float] = (1e-4, 1.0)


@dataclass(frozen=True)
class NaturalGradientState:
    """Components, the draws in use, and how far components may move.

    Attributes:
        components: K of them.
        pool: draws in use.
        bounds: (K,), of the KL of the last update.
        weight_bound: (), of the KL of the last update of the weights.
        rewards: (K,), R_k + log pi_k before the last update; -inf before the first.
        elbo: (), before the last update; -inf before the first.
        step: updates done.
        num_evaluations: of the target and its gradient.
    """

    components: GaussianComponents
    pool: SamplePool
    bounds: Tensor
    weight_bound: Tensor
    rewards: Tensor
    elbo: Tensor
    step: int = 0
    num_evaluations: int = 0

    def forgotten(self) -> Self:
        """Return the state without its draws, for a target that is not the one of the last step."""
        return replace(self, pool=SamplePool.empty(self.components))

    def tensors(self) -> dict[str, Tensor]:
        """Return the stored form: what `from_tensors` takes."""
        parts = {"components": self.components.tensors(), "pool": self.pool.tensors()}
        tensors = {
            f"{part}.{name}": v for part, named in parts.items() for name, v in named.items()
        }
        return tensors | {name: torch.as_tensor(getattr(self, name)) for name in FIGURES}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> Self:
        """Return the state that `tensors` described."""
        pool = {
            key.removeprefix("pool."): v for key, v in tensors.items() if key.startswith("pool.")
        }
        return cls(
            components=GaussianComponents(*(tensors[f"components.{name}"] for name in PARTS)),
            pool=SamplePool.from_tensors(pool),
            bounds=tensors["bounds"],
            weight_bound=tensors["weight_bound"],
            rewards=tensors["rewards"],
            elbo=tensors["elbo"],
            step=int(tensors["step"]),
            num_evaluations=int(tensors["num_evaluations"]),
        )


@dataclass(frozen=True)
class NaturalGradientInfo:
    """Figures of one update, all of the components before it.

    Attributes:
        elbo: E_q[exponent log p~ - log q], estimated.
        rewards: (K,), the same within each component.
        effective_sizes: (K,), how many draws the weighted points are worth.
        kl: (K,), of the components' updates.
        eta: (K,), inverse lengths of the steps.
        num_kept: components that have kept their parameters, because an update was not finite.
        num_draws: new points, at which the target was evaluated.
    """

    elbo: float
    rewards: Tensor
    effective_sizes: Tensor
    kl: Tensor
    eta: Tensor
    num_kept: int
    num_draws: int


def init(
    components: GaussianComponents, *, bound: float = 0.1, weight_bound: float = 0.1
) -> NaturalGradientState:
    """Start from components that know the target, from wherever they come.

    Args:
        components: float64.
        bound: of the KL of the first update.
        weight_bound: of that of the weights.
    """
    unknown = torch.full_like(components.log_weights, -torch.inf)
    return NaturalGradientState(
        components=components,
        pool=SamplePool.empty(components),
        bounds=torch.full_like(unknown, bound / GROWTH),
        weight_bound=unknown.new_tensor(weight_bound / GROWTH),
        rewards=unknown,
        elbo=unknown.new_tensor(-torch.inf),
    )


def step(
    state: NaturalGradientState,
    target: Target,
    *,
    settings: NaturalGradientSettings,
    generator: torch.Generator,
    exponent: float = 1.0,
    weights_move: bool = True,
) -> tuple[NaturalGradientState, NaturalGradientInfo]:
    """Draw, move every component, move the weights.

    Args:
        state: the state so far.
        target: p~; with priorities, components follow its filtered gradient, and everything else
            looks at the first level. If it is not that of the last step, pass
            `state.forgotten()`.
        settings: settings of this step.
        generator: source of randomness.
        exponent: power of p~, below 1 while it is tempered.
        weights_move: false keeps the weights.
    """
    components = state.components
    pool, log_own, num_draws = _draw(state, target, settings, generator)
    estimate = stein_estimate(
        pool,
        components,
        log_own,
        exponent=exponent,
        order=settings.order,
        shrinkage=settings.shrinkage,
    )
    rewards = estimate.reward + components.log_weights
    elbo = _mean(components.log_weights, estimate.mean_reward)
    factors = torch.where(rewards > state.rewards, GROWTH, DECAY)
    bounds = (state.bounds * factors).clamp(*settings.bounds)
    update = update_components(components, estimate.gradient, estimate.curvature, bounds)
    factor = GROWTH if elbo > state.elbo else DECAY
    weight_bound = (state.weight_bound * factor).clamp(*settings.weight_bounds)
    log_weights = components.log_weights
    if weights_move:
        log_weights = update_weights(log_weights, estimate.reward, float(weight_bound))
    moved = NaturalGradientState(
        components=replace(update.components, log_weights=log_weights),
        pool=pool,
        bounds=bounds,
        weight_bound=weight_bound,
        rewards=rewards,
        elbo=elbo,
        step=state.step + 1,
        num_evaluations=state.num_evaluations + num_draws,
    )
    info = NaturalGradientInfo(
        elbo=float(elbo),
        rewards=estimate.mean_reward,
        effective_sizes=estimate.effective_sizes,
        kl=update.kl,
        eta=update.eta,
        num_kept=int((~update.moved).sum()),
        num_draws=num_draws,
    )
    return moved, info


def _draw(
    state: NaturalGradientState,
    target: Target,
    settings: NaturalGradientSettings,
    generator: torch.Generator,
) -> tuple[SamplePool, Tensor, int]:
    """Draw antithetic pairs where the draws of the last steps are worth too few.

    Returns:
        The pool, the log densities (N, K) of the components at its points, the number of new ones.
    """
    components = state.components
    pool = state.pool.since(state.step - settings.generations + 1)
    forms = QuadraticForms.of(components, components.loc.mean(0))
    log_own = forms.log_prob(pool.x)
    worth = effective_sizes(log_own - pool.log_proposal[:, None])
    pairs = ((settings.num_samples - worth) / 2).ceil().clamp_min(1).long()
    x = _antithetic(components, pairs, generator)
    found = [evaluate(target, part) for part in x.split(CHUNK)]
    values = TargetValues(
        torch.cat([value.log_density for value in found]),
        torch.cat([value.gradient for value in found]),
    )
    log_own = torch.cat([log_own, forms.log_prob(x)])
    drew = replace(components, log_weights=(2 * pairs).to(worth).log())
    return pool.joined(x, values, drew, log_own, state.step), log_own, len(x)


def _antithetic(
    components: GaussianComponents, pairs: Tensor, generator: torch.Generator
) -> Tensor:
    """Draw so many pairs (K,) of each component; every draw has its mirror image."""
    loc = components.loc
    shape = (len(loc), int(pairs.max()), loc.shape[1])
    noise = torch.randn(shape, generator=generator, dtype=loc.dtype, device=loc.device)
    used = torch.arange(shape[1], device=loc.device) < pairs[:, None]
    offset = (noise @ components.scale_tril.mT)[used]
    center = loc.repeat_interleave(pairs, 0)
    return torch.cat([center + offset, center - offset])


def _mean(log_weights: Tensor, values: Tensor) -> Tensor:
    """Return the mean of values (K,); one that is not finite counts where it has weight."""
    weights = log_weights.exp()
    return torch.where(weights > 0, weights * values, 0.0).sum()
