# SPDX-License-Identifier: Apache-2.0
"""The losses of a conditional variational autoencoder, Sohn et al. (2015)."""

import torch
from torch import Tensor

from vi_ik_ros.sampling.models.generators.autoencoder import Autoencoder

# Weight of the divergence beside a reconstruction in stds of the joints. The source has 0.0067
# beside radians; there as here less of it leaves noise that was never drawn in training.
DIVERGENCE = 0.02
MOST_OPEN = 0.5  # of a latent's variance that is given back; one that is not used is left open


def variational_losses(
    network: Autoencoder, u: Tensor, features: Tensor, generator: torch.Generator
) -> dict[str, Tensor]:
    """Return `reconstruction` and the weighted `divergence`, each a scalar; they are to be added.

    As in the source the first is a mean over joints, the second a sum over the noise.

    Args:
        network: encoder and decoder.
        u: (B, D) configurations.
        features: (B, f) of the context that belongs to each.
        generator: source of randomness.
    """
    loc, log_variance = network.encode(u, features)
    noise = torch.randn(loc.shape, generator=generator, dtype=loc.dtype).to(loc.device)
    decoded = network.decode(loc + (0.5 * log_variance).exp() * noise, features)
    divergence = 0.5 * (loc.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
    return {
        "reconstruction": (decoded - u).square().mean(),
        "divergence": DIVERGENCE * divergence,
    }


def stretch(network: Autoencoder, u: Tensor, features: Tensor) -> Tensor:
    """Return by what the noise of draws is to be stretched, (L,), all at least 1.

    The losses take rows to be normal about what is decoded, so decoded rows alone vary less than
    the pairs do. Of that variance, what lies along the surface of decoded rows is the share of
    each latent that the encoder leaves open: v of 1, so the noise is divided by sqrt(1 - v).

    Args:
        network: encoder and decoder.
        u: (B, D) configurations.
        features: (B, f) of the context that belongs to each.
    """
    with torch.no_grad():
        _, log_variance = network.encode(u, features)
    return (1.0 - log_variance.exp().mean(0).clamp_max(MOST_OPEN)).rsqrt()
