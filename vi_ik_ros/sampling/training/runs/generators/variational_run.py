# SPDX-License-Identifier: Apache-2.0
"""The fit of a conditional variational autoencoder."""

from dataclasses import replace

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.generators.variational import stretch, variational_losses
from vi_ik_ros.sampling.models.conditional_vae import ConditionalVae
from vi_ik_ros.sampling.models.generators.autoencoder import Autoencoder
from vi_ik_ros.sampling.models.generators.options import DecoderOptions, GeneratorOptions
from vi_ik_ros.sampling.training.runs.generators.generator_run import NUM_LOOKED_AT, GeneratorRun

NARROWER = 2  # than the layers of a residual network


class VariationalRun(GeneratorRun):
    """See `Run`."""

    family = "cvae"
    options_type = DecoderOptions

    def _network(self, seen: GeneratorOptions) -> Autoencoder:
        assert isinstance(seen, DecoderOptions)
        # A latent for every joint: a context that is met only nearly leaves all of them open, and
        # those that it holds after all are not used.
        options = replace(seen, latent_size=seen.num_dims)
        width = max(1, self._settings.width // NARROWER)
        return Autoencoder(replace(options, width=width, num_layers=self._settings.num_blocks))

    def _losses(self, u: Tensor, features: Tensor) -> dict[str, Tensor]:
        return variational_losses(self._autoencoder, u, features, self._generator)

    def _model(self) -> ConditionalVae:
        network = self._autoencoder
        contexts, x = self._pairs.draw(NUM_LOOKED_AT, torch.Generator().manual_seed(0))
        factors = stretch(network, network.standard.rows(x), network.standard.features(contexts))
        tensors = network.tensors()
        first = tensors["decoder.0.weight"].copy()  # its first columns read the noise
        first[:, : len(factors)] *= factors.cpu().numpy()
        return ConditionalVae(network.options, tensors | {"decoder.0.weight": first})

    @property
    def _autoencoder(self) -> Autoencoder:
        network: torch.nn.Module = self._net
        assert isinstance(network, Autoencoder)
        return network
