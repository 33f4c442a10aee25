# SPDX-License-Identifier: Apache-2.0
"""How decided gates are: one power of all of them, chosen by the objective of the fit."""

import copy

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.conditional.elbo import draw
from vi_ik_ros.sampling.inference.conditional.maximum_likelihood import negative_log_likelihood
from vi_ik_ros.sampling.inference.conditional.update import Update
from vi_ik_ros.sampling.inference.target import Target
from vi_ik_ros.sampling.models.amortized.network import AmortizedNetwork

POWERS = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0)
SEED = 0  # the same draws for every power


def with_best_gates(
    network: AmortizedNetwork, pairs: tuple[Tensor, Tensor], target: Target, update: Update
) -> tuple[AmortizedNetwork, float]:
    """Return the network with its gates raised to the best power, and that power.

    Likelihood leaves some weight on components that a network has not yet brought to their place;
    gradients take it away one component and one context after the other. What they have in common
    is one number, which needs no gradient.

    Args:
        network: of the fit; stays as it is.
        pairs: contexts (B, dc) in wire form and chart rows z (B, D), none that it was fitted to.
        target: p~(x | c) of the reverse KL.
        update: its weight and number of draws.
    """
    best, best_power, highest = network, 1.0, -torch.inf
    for power in POWERS:
        candidate = copy.deepcopy(network)
        candidate.raise_gates(power)
        value = _objective(candidate, pairs, target, update)
        if value > highest:
            best, best_power, highest = candidate, power, value
    return best, best_power


def _objective(
    network: AmortizedNetwork, pairs: tuple[Tensor, Tensor], target: Target, update: Update
) -> float:
    """Return the likelihood of the pairs and the weighted ELBO of their contexts.

    It needs no softening: nothing here has a gradient that far draws could drown.
    """
    contexts, z = pairs
    with torch.no_grad():
        mixture = network(contexts)
        draws = draw(
            mixture,
            network.limits,
            target,
            contexts,
            num_samples=update.elbo_samples,
            generator=torch.Generator().manual_seed(SEED),
        )
        elbo = draws.reward.mean()
        return float(update.elbo_weight * elbo - negative_log_likelihood(mixture, z))
