# SPDX-License-Identifier: Apache-2.0
"""A conditional variational autoencoder in training, in torch."""

import numpy as np
import torch
from torch import Tensor, nn

from vi_ik_ros.sampling.models.generators.options import DecoderOptions
from vi_ik_ros.sampling.models.generators.torch_layers import (
    Standardisation,
    perceptron,
    stored,
    through,
)


class Autoencoder(nn.Module):
    """Encoder q(z | u, f) and decoder u(z, f), each a perceptron; only the decoder is served."""

    def __init__(self, options: DecoderOptions) -> None:
        """Draw starting weights; the caller seeds torch."""
        super().__init__()
        self.options = options
        self.standard = Standardisation(options)
        sizes = {"width": options.width, "num_layers": options.num_layers}
        num_rows = options.num_dims + options.num_features
        self.encoder = perceptron(num_rows, 2 * options.latent_size, **sizes)
        num_rows = options.latent_size + options.num_features
        self.decoder = perceptron(num_rows, options.num_dims, **sizes)

    def encode(self, u: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log variance (B, L) of the noise that u (B, D) may come from."""
        loc, log_variance = through(self.encoder, torch.cat([u, features], 1)).chunk(2, dim=1)
        return loc, log_variance.clamp(-20, 20)

    def decode(self, noise: Tensor, features: Tensor) -> Tensor:
        """Return u (B, D) of noise (B, L)."""
        return through(self.decoder, torch.cat([noise, features], 1))

    def tensors(self) -> dict[str, np.ndarray]:
        """Return the numbers of the decoder as they are stored."""
        return stored(self, self.options)
