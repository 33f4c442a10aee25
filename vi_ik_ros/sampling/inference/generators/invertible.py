# SPDX-License-Identifier: Apache-2.0
"""The losses of an invertible network: the likelihood of pairs, or those of its source."""

import math

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.estimates.maximum_mean_discrepancy import (
    inverse_multiquadrics,
    squared_mmd,
)
from vi_ik_ros.sampling.models.generators.coupling_network import CouplingNetwork

# Ardizzone et al. (2018), as they published their training.
FIT, LATENT, RECONSTRUCTION, BACKWARD = 1.0, 50.0, 1.0, 500.0  # weights
LATENT_KERNEL = inverse_multiquadrics(((0.2, 2.0), (1.5, 2.0), (3.0, 2.0)))
CONFIGURATION_KERNEL = inverse_multiquadrics()
FEATURE_NOISE, PADDING_NOISE = 0.05, 0.01  # stds
MMD_ROWS = 400  # of a batch


def likelihood_loss(network: CouplingNetwork, u: Tensor, features: Tensor) -> Tensor:
    """Return the mean of -log q(u | f), a scalar, by change of variables.

    Args:
        network: with the loss `likelihood`.
        u: (B, D) configurations.
        features: (B, f) of the context that belongs to each.
    """
    noise, log_det = network(u, features)
    constant = 0.5 * u.shape[1] * math.log(2 * math.pi)
    return (0.5 * noise.square().sum(1) - log_det).mean() + constant


def source_losses(
    network: CouplingNetwork, u: Tensor, features: Tensor, generator: torch.Generator
) -> dict[str, Tensor]:
    """Return the weighted losses of the bidirectional network, each a scalar; they are to be added.

    `fit`: the features come out; `latent`: what comes out beside them is standard normal and does
    not depend on them; `reconstruction`: the way back undoes the way there, under noise on what
    carries nothing; `backward`: with fresh noise the way back gives the distribution of u.

    Args:
        network: with the loss `source`.
        u: (B, D) configurations.
        features: (B, f) of the context that belongs to each.
        generator: source of randomness.
    """
    options = network.options

    def noise(size: int, std: float = 1.0) -> Tensor:
        rows = torch.randn(len(u), size, generator=generator, dtype=u.dtype)
        return std * rows.to(u.device)

    num_features, size = options.num_features, options.num_channels
    padding = size - num_features - options.latent_size
    nothing = u.new_empty(len(u), 0)
    out, _ = network(torch.cat([u, noise(size - u.shape[1], PADDING_NOISE)], 1), nothing)
    seen, latent, spare = out.split([num_features, options.latent_size, padding], dim=1)
    blurred = features + noise(num_features, FEATURE_NOISE)
    fresh = noise(options.latent_size)
    back = torch.cat([blurred, latent, noise(padding, PADDING_NOISE)], 1)
    again = network.inverse(back, nothing)
    drawn = network.inverse(torch.cat([blurred, fresh, noise(padding, PADDING_NOISE)], 1), nothing)
    few = slice(0, MMD_ROWS)
    # The features themselves are the business of the first loss alone.
    reached = torch.cat([seen.detach(), latent], 1)[few]
    wanted = torch.cat([features, fresh], 1)[few]
    latent_gap = squared_mmd(reached, wanted, LATENT_KERNEL, unbiased=False)
    D = u.shape[1]
    gap = squared_mmd(drawn[few, :D], u[few], CONFIGURATION_KERNEL, unbiased=False)
    outside = again[:, D:].square().sum(1).mean() + drawn[:, D:].square().sum(1).mean()
    return {
        "fit": FIT * ((seen - features).square().mean() + spare.square().sum(1).mean()),
        "latent": LATENT * latent_gap,
        "reconstruction": RECONSTRUCTION * ((again[:, :D] - u).square().mean() + outside),
        "backward": BACKWARD * gap,
    }
