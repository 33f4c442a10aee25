# SPDX-License-Identifier: Apache-2.0
"""Fit a conditional mixture: forward KL on pairs, sharpened by the ELBO under the objectives."""

from dataclasses import dataclass

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.conditional.elbo import draw, surrogate
from vi_ik_ros.sampling.inference.conditional.maximum_likelihood import negative_log_likelihood
from vi_ik_ros.sampling.inference.target import Target
from vi_ik_ros.sampling.models.amortized.network import AmortizedNetwork
from vi_ik_ros.sampling.models.linear_experts.network import LinearExperts


@dataclass(frozen=True)
class AmortizedState:
    """What changes while a conditional mixture is fitted.

    Attributes:
        network: its weights change in place.
        optimizer: Adam with its moments.
        step: number of updates done.
    """

    network: AmortizedNetwork | LinearExperts
    optimizer: torch.optim.Optimizer
    step: int = 0


@dataclass(frozen=True)
class Update:
    """The settings of one update.

    Attributes:
        learning_rate: of Adam.
        elbo_weight: weight of the reverse KL beside the forward KL; 0 leaves it out.
        elbo_contexts: contexts of the batch that the reverse KL is estimated on.
        elbo_samples: draws for each of them.
        softening: depth below which the log target falls only logarithmically (`_Softened`).
        mixed_precision: run the network's matrix products in bfloat16.
    """

    learning_rate: float
    elbo_weight: float = 0.0
    elbo_contexts: int = 128
    elbo_samples: int = 8
    softening: float = 10.0
    mixed_precision: bool = False


@dataclass(frozen=True)
class AmortizedInfo:
    """Figures of one update, all of the mixture before it.

    Attributes:
        negative_log_likelihood: mean -log q(z | c) of the pairs.
        elbo: under the softened target; NaN if not estimated.
        weights: (K,), of the components, mean over the pairs.
    """

    negative_log_likelihood: float
    elbo: float
    weights: Tensor


class _Softened:
    """A target whose log density falls only logarithmically far from its mode.

    -s log(1 - log p~ / s) agrees with log p~ where that is well above -s and keeps the gradient
    of the few draws far below from drowning those of all others.
    """

    def __init__(self, target: Target, scale: float) -> None:
        self._target, self._scale = target, scale

    def log_density(self, q: Tensor, context: Tensor | None = None) -> Tensor:
        depth = self._target.log_density(q, context).clamp_max(0.0) / self._scale
        return -self._scale * torch.log1p(-depth)


def init(network: AmortizedNetwork | LinearExperts) -> AmortizedState:
    """Return the state before the first update."""
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=(0.9, 0.99), weight_decay=1e-4, fused=True
    )
    return AmortizedState(network, optimizer)


def step(
    state: AmortizedState,
    pairs: tuple[Tensor, Tensor],
    *,
    target: Target,
    update: Update,
    generator: torch.Generator,
) -> tuple[AmortizedState, AmortizedInfo]:
    """Do one update.

    Args:
        state: the state so far.
        pairs: contexts (B, dc) in wire form and chart rows z (B, D) drawn from the joint p(x, c).
        target: p~(x | c) for the reverse KL.
        update: settings of this update.
        generator: source of randomness.
    """
    network, optimizer = state.network, state.optimizer
    contexts, z = pairs
    for group in optimizer.param_groups:
        group["lr"] = update.learning_rate
    mixture = network(contexts, mixed_precision=update.mixed_precision)
    loss = likelihood = negative_log_likelihood(mixture, z)
    elbo = torch.tensor(torch.nan)
    if update.elbo_weight > 0:
        some = slice(0, update.elbo_contexts)
        part = mixture.rows(some)
        draws = draw(
            part,
            network.limits,
            _Softened(target, update.softening),
            contexts[some],
            num_samples=update.elbo_samples,
            generator=generator,
        )
        elbo = draws.reward.mean()
        loss = loss + update.elbo_weight * surrogate(part, draws)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    weights = mixture.log_weights.detach().exp().mean(0)
    info = AmortizedInfo(float(likelihood.detach()), float(elbo.detach()), weights)
    return AmortizedState(network, optimizer, state.step + 1), info


def estimate_elbo(
    network: AmortizedNetwork | LinearExperts,
    contexts: Tensor,
    target: Target,
    *,
    update: Update,
    generator: torch.Generator,
) -> float:
    """Return the ELBO that an update would report, without one.

    Args:
        network: the mixture.
        contexts: (B, dc) in wire form.
        target: p~(x | c).
        update: number of draws of each context, softening.
        generator: source of randomness.
    """
    softened = _Softened(target, update.softening)
    with torch.no_grad():
        draws = draw(
            network(contexts),
            network.limits,
            softened,
            contexts,
            num_samples=update.elbo_samples,
            generator=generator,
        )
    return float(draws.reward.mean())
