# SPDX-License-Identifier: Apache-2.0
"""Fit a mixture by stochastic gradients of its ELBO, component by component, Eq. (14).

The draws of each component are reparametrised, the weights stay outside the expectations. The
gradient goes through the draws alone, with log q taken under frozen parameters: the term that is
left out has mean 0, and what remains vanishes draw by draw where q fits (Roeder, Wu, Duvenaud
2017). The target is tempered first and the weights wait, so that no component starves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.components.component_parameters import (
    kept_regular,
    to_components,
    to_parameters,
)
from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.inference.estimates.elbo_estimate import antithetic_noise
from vi_ik_ros.sampling.inference.target import Target, evaluate

BETAS, EPSILON = (0.9, 0.99), 1e-12  # of Adam
STEEPEST = 1e3  # entries of a gradient are clipped to it


@dataclass(frozen=True)
class ElboSettings:
    """The settings of a fit.

    Attributes:
        num_steps: updates of the whole fit, which the schedules follow.
        num_samples: draws of each component in one update, an even number.
        learning_rate: of Adam while p~ is tempered, and what it has fallen to at the end.
        first_exponent: of p~ at the first update; 1 at the end of `tempered`.
        tempered: part of the fit over which p~ is tempered.
        weights_frozen: part of the fit in which the weights stay.
    """

    num_steps: int = 2500
    num_samples: int = 16
    learning_rate: tuple[float, float] = (0.02, 0.0004)
    first_exponent: float = 0.02
    tempered: float = 0.4
    weights_frozen: float = 0.5

    def exponent_at(self, step: int) -> float:
        """Return the power of p~ in an update."""
        cooling = self.tempered * self.num_steps
        return self.first_exponent ** (1.0 - step / cooling) if step < cooling else 1.0

    def learning_rate_at(self, step: int) -> float:
        """Return the learning rate of an update."""
        first, last = self.learning_rate
        left = (self.num_steps - 1 - step) / max(1.0, (1.0 - self.tempered) * self.num_steps)
        return last * (first / last) ** min(1.0, max(0.0, left))


@dataclass(frozen=True)
class ElboState:
    """Parameters of K components, and Adam's moments of their gradients, by name.

    Attributes:
        parameters: see `to_parameters`.
        first: running mean of each gradient.
        second: running mean of its square.
        step: updates done.
    """

    parameters: Mapping[str, Tensor]
    first: Mapping[str, Tensor]
    second: Mapping[str, Tensor]
    step: int = 0

    @property
    def components(self) -> GaussianComponents:
        """Return the mixture."""
        return to_components(self.parameters)

    def tensors(self) -> dict[str, Tensor]:
        """Return the stored form: what `from_tensors` takes."""
        parts = {"parameters": self.parameters, "first": self.first, "second": self.second}
        tensors = {
            f"{part}.{name}": t for part, named in parts.items() for name, t in named.items()
        }
        return tensors | {"step": torch.tensor(self.step)}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> Self:
        """Return the state that `tensors` described."""
        parts: dict[str, dict[str, Tensor]] = {"parameters": {}, "first": {}, "second": {}}
        for key, value in tensors.items():
            if key != "step":
                part, name = key.split(".")
                parts[part][name] = value
        return cls(**parts, step=int(tensors["step"]))


@dataclass(frozen=True)
class ElboInfo:
    """Figures of one update, all of the components before it.

    Attributes:
        elbo: E_q[log p~ - log q] over the draws, of the target itself (priority 0).
        rewards: (M,), the same within each moving component.
        num_kept: components that stay, because their gradient was not finite.
    """

    elbo: float
    rewards: Tensor
    num_kept: int


def init(components: GaussianComponents) -> ElboState:
    """Return the state before the first update of Gaussians or bananas."""
    parameters = to_parameters(components)
    nothing = {name: torch.zeros_like(value) for name, value in parameters.items()}
    return ElboState(parameters, nothing, nothing)


def step(
    state: ElboState,
    target: Target,
    *,
    settings: ElboSettings,
    generator: torch.Generator,
    moving: Tensor | None = None,
) -> tuple[ElboState, ElboInfo]:
    """Do one update of Adam.

    Args:
        state: the state so far.
        target: p~; with priorities, components follow its filtered gradient.
        settings: the same in all steps.
        generator: source of randomness.
        moving: (M,) int, components that may change; None: all of them. Weights move only if all
            components do.
    """
    logits, loc = state.parameters["logits"], state.parameters["loc"]
    chosen = torch.arange(len(loc)) if moving is None else moving
    noise = antithetic_noise(len(chosen), settings.num_samples, loc, generator)
    exponent = settings.exponent_at(state.step)
    ascent = elbo_gradient(state.parameters, target, noise, exponent=exponent, moving=moving)
    gradients = dict(ascent.gradients)
    if state.step < settings.weights_frozen * settings.num_steps:
        gradients["logits"] = torch.zeros_like(logits)
    movable = torch.zeros_like(logits, dtype=torch.bool)
    movable[chosen] = True
    movable &= _finite(gradients)
    new = _adam(state, gradients, settings.learning_rate_at(state.step), movable)
    weights = torch.softmax(logits[chosen], 0)
    value = torch.where(weights > 0, weights * ascent.rewards, 0.0).sum()  # 0 times -inf is 0
    return new, ElboInfo(float(value), ascent.rewards, len(chosen) - int(movable.sum()))


@dataclass(frozen=True)
class ElboGradient:
    """What draws say about the ELBO of a tempered target.

    Attributes:
        gradients: of the ELBO in each parameter, 0 in those of components that do not move.
        rewards: (M,), mean of log p~ - log q under each moving component, of the target itself.
    """

    gradients: Mapping[str, Tensor]
    rewards: Tensor


def elbo_gradient(
    parameters: Mapping[str, Tensor],
    target: Target,
    noise: Tensor,
    *,
    exponent: float = 1.0,
    moving: Tensor | None = None,
) -> ElboGradient:
    """Return the path gradient of the ELBO, Eq. (14).

    Args:
        parameters: of q, see `to_parameters`.
        target: p~.
        noise: (M S, D) standard normal, S rows of each moving component.
        exponent: power of p~.
        moving: (M,) int, components that may move; None: all, and their weights.
    """
    free = {name: value.detach().requires_grad_() for name, value in parameters.items()}
    chosen = torch.arange(len(parameters["loc"])) if moving is None else moving
    num_samples = len(noise) // len(chosen)
    owners = chosen.repeat_interleave(num_samples)
    x = to_components(free).sample(noise, owners)
    values = evaluate(target, x)
    frozen = to_components(parameters)
    log_model, model_slope = _model(frozen, x.detach())
    weights = frozen.log_weights.exp()
    slope = exponent * values.gradient - model_slope
    slope = torch.where(values.log_density.isnan()[:, None], torch.nan, slope)
    gradients = _pulled_back(x, slope * weights[owners, None] / num_samples, free)
    log_target, log_model = (v.view(-1, num_samples) for v in (values.log_density, log_model))
    if moving is None:
        gradients["logits"] = _logit_gradient(weights, (exponent * log_target - log_model).mean(1))
    return ElboGradient(gradients, (log_target - log_model).mean(1))


def _model(components: GaussianComponents, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return log q (N,) at rows x (N, D) and its gradient (N, D), under frozen parameters."""
    with torch.enable_grad():
        at = x.requires_grad_()
        log_model = torch.logsumexp(components.log_weights + components.log_prob(at), 1)
        (gradient,) = torch.autograd.grad(log_model.sum(), at)
    return log_model.detach(), gradient


def _pulled_back(x: Tensor, slope: Tensor, parameters: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return what slopes (N, D) at the draws x mean for each parameter but the logits."""
    names = [name for name in parameters if name != "logits"]
    values = torch.autograd.grad(x, [parameters[name] for name in names], slope)
    gradients = dict(zip(names, values, strict=True))
    return gradients | {"logits": torch.zeros_like(parameters["logits"])}


def _logit_gradient(weights: Tensor, rewards: Tensor) -> Tensor:
    """Return the gradient (K,) of sum_k pi_k R_k; a reward that is not finite moves nothing."""
    finite = torch.isfinite(rewards)
    known = torch.where(finite, weights * rewards, 0.0).sum()
    mean = known / torch.where(finite, weights, 0.0).sum().clamp_min(1e-30)  # of those that are
    return torch.where(finite, weights * (rewards - mean), 0.0)


def _finite(gradients: Mapping[str, Tensor]) -> Tensor:
    """Tell which components (K,) have finite gradients."""
    rows = [
        torch.isfinite(gradient).view(len(gradient), -1).all(1) for gradient in gradients.values()
    ]
    return torch.stack(rows).all(0)


def _adam(
    state: ElboState, gradients: Mapping[str, Tensor], learning_rate: float, movable: Tensor
) -> ElboState:
    """Move some components (K,) uphill; the others keep their parameters and moments."""
    count = state.step + 1
    parameters, first, second = {}, {}, {}
    for name, value in state.parameters.items():
        moves = movable.view(-1, *[1] * (value.ndim - 1))
        gradient = gradients[name].clamp(-STEEPEST, STEEPEST)
        m = torch.lerp(gradient, state.first[name], BETAS[0])
        v = torch.lerp(gradient.square(), state.second[name], BETAS[1])
        scale = v.div(1 - BETAS[1] ** count).sqrt() + EPSILON
        moved = value + learning_rate * m / (1 - BETAS[0] ** count) / scale
        parameters[name] = torch.where(moves, moved, value)
        first[name] = torch.where(moves, m, state.first[name])
        second[name] = torch.where(moves, v, state.second[name])
    return ElboState(kept_regular(parameters), first, second, count)
