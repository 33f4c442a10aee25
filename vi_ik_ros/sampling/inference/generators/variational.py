# SPDX-License-Identifier: Apache-2.0
"""The losses of a conditional variational autoencoder, Sohn et al. (2015)."""

import torch
from torch import Tensor

from vi_ik_ros.sampling.models.generators.autoencoder import Autoencoder

# Weight of the divergence beside a reconstruction in stds of the joints. The source has 0.0067
# beside radians; there as here less of it leaves noise that was never drawn in training.
DIVERGENCE = 0.02


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
