# SPDX-License-Identifier: Apache-2.0
"""Reverse KL: the evidence lower bound of a conditional mixture, Eq. (18) and (19)."""

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.conditional.update import Update
from vi_ik_ros.sampling.inference.target import Target
from vi_ik_ros.sampling.models.amortized.conditional_gaussians import ConditionalGaussians
from vi_ik_ros.sampling.models.soft_limits import SoftLimits


@dataclass(frozen=True)
class ElboDraws:
    """Draws of q with both log densities.

    Attributes:
        z: (B, n, D), the draws in the chart, with their path to the parameters.
        components: (B, n) int, component of each draw.
        log_target: (B, n), log p~(x | c).
        log_model: (B, n), log q(x | c) with frozen parameters, the path gradient's form.
    """

    z: Tensor
    components: Tensor
    log_target: Tensor
    log_model: Tensor

    @property
    def reward(self) -> Tensor:
        """Return log p~ - log q of each draw, (B, n); its mean is the ELBO."""
        return self.log_target - self.log_model

    def eased(self, update: Update) -> Self:
        """Return the draws under the target that an update follows: softened, or widened."""
        if update.widening > 0.0:
            return self.widened(update.widening)
        return self.softened(update.softening)

    def widened(self, depth: float) -> Self:
        """Return the draws under the target to the power 1 / T, T >= 1.

        With T the mean of -log p~ is `depth` for each dimension. So a network that is far from
        accurate is asked to vary as much as suits its errors, and T falls as these do. Unlike a
        softened target, it lets the farthest draws count most, as they do in the ELBO.
        """
        deep = -self.log_target.detach().clamp_max(0.0)
        temperature = (deep.mean() / (depth * self.z.shape[-1])).clamp_min(1.0)
        return replace(self, log_target=self.log_target / temperature)

    def softened(self, scale: float) -> Self:
        """Return the draws under a target that falls only logarithmically far from its mode.

        -s log(1 - log p~ / s) agrees with log p~ where that is well above -s and keeps the
        gradient of the few draws far below from drowning those of all others.
        """
        depth = self.log_target.clamp_max(0.0) / scale
        return replace(self, log_target=-scale * torch.log1p(-depth))


def draw(
    mixture: ConditionalGaussians,
    limits: SoftLimits,
    target: Target,
    contexts: Tensor,
    *,
    num_samples: int,
    generator: torch.Generator,
) -> ElboDraws:
    """Draw n reparametrised samples of each context and judge them.

    Args:
        mixture: q(z | c) of B contexts.
        limits: chart between z and x.
        target: p~(x | c).
        contexts: (B, dc) in wire form.
        num_samples: n.
        generator: source of randomness.
    """
    weights = mixture.log_weights.detach().exp().to(generator.device)
    components = torch.multinomial(weights, num_samples, replacement=True, generator=generator)
    components = components.to(mixture.loc.device)
    shape = (*components.shape, mixture.loc.shape[-1])
    noise = torch.randn(shape, generator=generator, dtype=mixture.loc.dtype)
    z = mixture.transform(noise.to(mixture.loc), components)  # (B, n, D)
    x = limits.to_limited(z)
    flat = x.flatten(0, 1)
    log_target = target.log_density(flat, contexts.repeat_interleave(num_samples, dim=0))
    log_model = mixture.detached().log_prob(z) + limits.log_derivative(x)
    return ElboDraws(z, components, log_target.view_as(components), log_model)


def surrogate(mixture: ConditionalGaussians, draws: ElboDraws) -> Tensor:
    """Return a scalar whose gradient is that of -ELBO, components by path, gates by score.

    The gate of a drawn component is raised by how much its reward exceeds the mean of the
    other draws of its context.

    This is also the gradient of the bound by which VIPS decouples components, with responsibilities
    r(k | x) = w_k N_k(x) / q(x) frozen where they are now:

        sum_k w_k (E_k[log p~ + log r(k | x) - log N_k(x)] - log w_k).

    The path part of a draw x of component k is the slope in x of log p~ + log r(k | x) - log N_k(x)
    = log p~ + log w_k - log q, that of the reward; what is left out, the slope of log N_k in its
    own parameters, has mean zero. The reward of component k is E_k[log p~ - log q] + log w_k, so
    the gate is raised by E_k[log p~ - log q] as here. Responsibilities of an older mixture would
    give a looser bound.
    """
    reward = draws.reward
    num_samples = reward.shape[-1]
    others = (reward.sum(-1, keepdim=True) - reward) / (num_samples - 1)
    advantage = (reward - others).detach().clamp(-10, 10)  # one far draw must not own the batch
    log_gate = torch.gather(mixture.log_weights, 1, draws.components)
    return -(reward + advantage * log_gate).mean()
