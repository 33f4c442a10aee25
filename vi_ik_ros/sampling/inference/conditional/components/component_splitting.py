# SPDX-License-Identifier: Apache-2.0
"""Components that no context needs, put to use beside those that have all the work."""

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.conditional.components.component_selection import (
    select_components,
)
from vi_ik_ros.sampling.models.amortized.network import AmortizedNetwork

LEAST_SHARE = 0.1  # of the fair weight 1 / K: what has less is not needed
SPREAD = 0.5  # of a component's std, between the means of what it is split into


def split_components(
    network: AmortizedNetwork, contexts: Tensor, num_components: int, generator: torch.Generator
) -> AmortizedNetwork:
    """Return a copy whose needed components are split until there are K, the heaviest most often.

    In many dimensions a few components soon take every context for good: the others are so much
    less likely that nothing teaches them. A split component begins where it is likely.

    Args:
        network: with any number of components.
        contexts: (B, dc) in wire form, of the training.
        num_components: K; with fewer than there are needed, the heaviest are kept.
        generator: of the differences between the parts.
    """
    with torch.no_grad():
        mixture = network(contexts)
        weights = mixture.log_weights.exp().mean(0).cpu()
        factors = mixture.precision_factors().mean(0).cpu()  # (K', D, D)
    order = weights.argsort(descending=True)[:num_components]
    needed = order[weights[order] >= LEAST_SHARE / len(weights)].sort().values
    if len(needed) == len(weights) == num_components:
        return network
    counts = _counts(weights[needed], num_components)
    kept = needed.repeat_interleave(counts)
    split = select_components(network, kept)
    assert isinstance(split, AmortizedNetwork)
    noise = torch.randn(num_components, factors.shape[-1], 1, generator=generator)
    steps = torch.linalg.solve_triangular(factors[kept], noise, upper=False)[..., 0]
    repeated = counts.repeat_interleave(counts).float()
    split.nudge(-repeated.log(), SPREAD * steps * (repeated > 1)[:, None])
    return split


def _counts(weights: Tensor, total: int) -> Tensor:
    """Return how many parts each of some weights is split into, `total` together."""
    counts = torch.ones(len(weights), dtype=torch.long)
    while int(counts.sum()) < total:
        counts[(weights / counts).argmax()] += 1
    return counts
