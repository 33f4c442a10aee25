# SPDX-License-Identifier: Apache-2.0
"""The reverse KL of a conditional mixture, in a trust region, with what keeps its modes covered."""

import copy
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.conditional.components.component_selection import (
    ConditionalNetwork,
    num_components,
    select_components,
    turned_joints,
)
from vi_ik_ros.sampling.inference.conditional.elbo import draw, surrogate
from vi_ik_ros.sampling.inference.conditional.sharpening import importance_resampling
from vi_ik_ros.sampling.inference.conditional.sharpening.adaptive_bounds import AdaptiveBounds
from vi_ik_ros.sampling.inference.conditional.sharpening.trust_region import project
from vi_ik_ros.sampling.inference.conditional.update import Update
from vi_ik_ros.sampling.inference.target import Target
from vi_ik_ros.sampling.models.amortized.conditional_gaussians import ConditionalGaussians


@dataclass(frozen=True)
class TrustRegion:
    """What new mixtures are compared with.

    Attributes:
        old: the network as it was a few updates ago; it is never changed.
        adaptive: how far each component may move from there.
    """

    old: ConditionalNetwork
    adaptive: AdaptiveBounds

    @classmethod
    def about(cls, network: ConditionalNetwork, bound: float) -> Self:
        """Return the region about a network as it is now, of one bound [nat]."""
        return cls(_frozen(network), AdaptiveBounds.equal(num_components(network), bound))

    def moved(self, network: ConditionalNetwork) -> Self:
        """Return the region after an update, about the network as it is now if that is due."""
        if not self.adaptive.due:
            return self
        return type(self)(_frozen(network), self.adaptive.renewed())

    def of(self, kept: Tensor) -> Self:
        """Return the region of some components (K',) only."""
        return type(self)(_frozen(select_components(self.old, kept)), self.adaptive.of(kept))


@dataclass(frozen=True)
class Sharpening:
    """The part of one update's loss that looks at the target.

    Attributes:
        loss: scalar with gradients.
        elbo: scalar, under the softened or widened target.
        region: with the draws of this update counted; None without one.
    """

    loss: Tensor
    elbo: Tensor
    region: TrustRegion | None


def sharpen(
    network: ConditionalNetwork,
    mixture: ConditionalGaussians,
    contexts: Tensor,
    target: Target,
    *,
    region: TrustRegion | None,
    update: Update,
    generator: torch.Generator,
) -> Sharpening:
    """Return -ELBO of the projected mixtures, what draws these back, and the likelihood of finds.

    Args:
        network: that gave the mixtures.
        mixture: q(z | c) of B contexts.
        contexts: (B, dc) in wire form.
        target: p~(x | c).
        region: to stay in; None for none.
        update: settings.
        generator: source of randomness.
    """
    near, penalty = mixture, mixture.log_weights.new_zeros(())
    if region is not None:
        with torch.no_grad():
            old = region.old(contexts, mixed_precision=update.mixed_precision)
        bounds = region.adaptive.bounds.to(mixture.loc)
        projection = project(mixture, old, bounds, turned_joints(network))
        near = projection.mixture
        penalty = (mixture.log_weights.detach().exp() * projection.excess).sum(-1).mean()
    draws = draw(
        near,
        network.limits,
        target,
        contexts,
        num_samples=update.elbo_samples,
        generator=generator,
    )
    eased = draws.eased(update)
    loss = surrogate(near, eased) + penalty
    if update.sir_weight > 0:
        finds = importance_resampling.negative_log_likelihood(mixture, draws.z, draws.reward)
        loss = loss + update.sir_weight * finds
    if region is not None:
        weights = mixture.log_weights.detach().exp()
        judged = region.adaptive.judged(draws.components, eased.reward, weights)
        region = replace(region, adaptive=judged)
    return Sharpening(loss, eased.reward.mean(), region)


def _frozen(network: ConditionalNetwork) -> ConditionalNetwork:
    return copy.deepcopy(network).requires_grad_(False)
