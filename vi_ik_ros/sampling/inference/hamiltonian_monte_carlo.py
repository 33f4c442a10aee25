# SPDX-License-Identifier: Apache-2.0
"""Hamiltonian Monte Carlo: many chains at once, samples of p itself to compare a mixture with."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.inference.target import Target

JITTER = 0.2  # relative; chains with one step size would orbit in time with the target
MAX_ENERGY_ERROR = 1000.0  # a trajectory that gains more has diverged


@dataclass(frozen=True)
class StepSize:
    """A step size that is driven to an acceptance rate by dual averaging (Hoffman, Gelman 2014).

    Attributes:
        log_current: log of the step size in use.
        log_average: log of the average that remains when the adaptation ends.
        log_anchor: what the logarithms shrink to.
        shortfall: average of (wanted - seen) acceptance rate.
        count: adaptations done.
    """

    log_current: float
    log_average: float
    log_anchor: float
    shortfall: float = 0.0
    count: int = 0

    def adapted(self, acceptance_rate: float, wanted: float) -> "StepSize":
        """Return the step size after another acceptance rate was seen."""
        count = self.count + 1
        shortfall = self.shortfall + (wanted - acceptance_rate - self.shortfall) / (count + 10)
        log_current = self.log_anchor - 20.0 * math.sqrt(count) * shortfall
        weight = count**-0.75
        log_average = weight * log_current + (1.0 - weight) * self.log_average
        return StepSize(log_current, log_average, self.log_anchor, shortfall, count)


@dataclass(frozen=True)
class HamiltonianState:
    """Chains at work.

    Attributes:
        q: (B, D), where each of B chains is.
        log_density: (B,), log p~ there.
        gradient: (B, D), its gradient there.
        step_size: shared by the chains.
        step: number of steps done.
    """

    q: Tensor
    log_density: Tensor
    gradient: Tensor
    step_size: StepSize
    step: int = 0


@dataclass(frozen=True)
class HamiltonianSettings:
    """The settings of one step.

    Attributes:
        num_leapfrog: leapfrog steps of a trajectory; each costs one gradient of the target.
        scale: (D,) rough standard deviations of the target, or None for 1; a step size is
            relative to them.
        adapt: whether to move the step size. Keep only samples of steps that do not.
        target_acceptance: acceptance rate to move it to.
    """

    num_leapfrog: int = 10
    scale: Tensor | None = None
    adapt: bool = False
    target_acceptance: float = 0.8


@dataclass(frozen=True)
class HamiltonianInfo:
    """Figures of one step.

    Attributes:
        acceptance_rate: mean acceptance probability of the chains.
        accepted: (B,) bool, which chains moved.
        num_diverged: chains whose trajectory left the region that the step size can follow.
        step_size: the step size of this step.
    """

    acceptance_rate: float
    accepted: Tensor
    num_diverged: int
    step_size: float


def init(
    target: Target, q: Tensor, *, context: Tensor | None = None, step_size: float = 0.1
) -> HamiltonianState:
    """Start chains.

    Args:
        target: p~.
        q: (B, D), where they start.
        context: (B, dc) or (1, dc) context rows of the target.
        step_size: first step size, in units of `HamiltonianSettings.scale`.

    Raises:
        InvalidInput: The target has priorities; its value and its gradient do not belong together.
    """
    if not getattr(target, "bound", True):
        raise InvalidInput("priority", "several levels", "one level: the others have no density")
    log_size = math.log(step_size)
    log_density, gradient = _evaluate(target, q.detach(), context)
    first = StepSize(log_size, log_size, log_size + math.log(10.0))
    return HamiltonianState(q.detach(), log_density, gradient, first)


def step(
    state: HamiltonianState,
    *,
    target: Target,
    settings: HamiltonianSettings,
    generator: torch.Generator,
    context: Tensor | None = None,
) -> tuple[HamiltonianState, HamiltonianInfo]:
    """Move every chain along one trajectory, or leave it where it is.

    A trajectory that ends where p~ is 0 or not a number is never accepted.

    Args:
        state: the state so far.
        target: p~, the same in all steps.
        settings: settings of this step.
        generator: source of randomness.
        context: context rows as in `init`.
    """
    q, gradient = state.q, state.gradient
    scale = torch.ones_like(q[0]) if settings.scale is None else settings.scale.to(q)
    size = state.step_size
    log_size = size.log_current if settings.adapt or size.count == 0 else size.log_average
    momentum = _randn(q.shape, q, generator)
    jitter = 1.0 + JITTER * (2.0 * _rand((len(q), 1), q, generator) - 1.0)
    epsilon = math.exp(log_size) * jitter * scale  # (B, D)

    energy = 0.5 * momentum.square().sum(1) - state.log_density
    momentum = momentum + 0.5 * epsilon * gradient
    for left in reversed(range(settings.num_leapfrog)):
        q = q + epsilon * momentum
        log_density, gradient = _evaluate(target, q, context)
        momentum = momentum + (1.0 if left else 0.5) * epsilon * gradient
    gained = 0.5 * momentum.square().sum(1) - log_density - energy

    finite = torch.isfinite(log_density) & torch.isfinite(gradient).all(1)
    probability = torch.where(finite, torch.exp(-gained).clamp(0.0, 1.0), 0.0)
    accepted = _rand((len(q),), q, generator) < probability
    rate = float(probability.mean())
    moved = HamiltonianState(
        q=torch.where(accepted[:, None], q, state.q),
        log_density=torch.where(accepted, log_density, state.log_density),
        gradient=torch.where(accepted[:, None], gradient, state.gradient),
        step_size=size.adapted(rate, settings.target_acceptance) if settings.adapt else size,
        step=state.step + 1,
    )
    num_diverged = int((~finite | ~(gained < MAX_ENERGY_ERROR)).sum())
    return moved, HamiltonianInfo(rate, accepted, num_diverged, math.exp(log_size))


def _evaluate(target: Target, q: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return log p~ (B,) of rows q (B, D) and its gradient (B, D)."""
    q = q.detach().requires_grad_()
    with torch.enable_grad():
        log_density = target.log_density(q, context)
        (gradient,) = torch.autograd.grad(log_density.sum(), q)
    return log_density.detach(), gradient


def _rand(shape: tuple[int, ...], like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=generator, dtype=like.dtype, device=like.device)


def _randn(shape: tuple[int, ...], like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=generator, dtype=like.dtype, device=like.device)
