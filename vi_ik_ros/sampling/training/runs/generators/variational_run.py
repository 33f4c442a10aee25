# SPDX-License-Identifier: Apache-2.0
"""The fit of a conditional variational autoencoder."""

from dataclasses import asdict, replace

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.generators.variational import variational_losses
from vi_ik_ros.sampling.models.conditional_vae import ConditionalVae
from vi_ik_ros.sampling.models.generators.autoencoder import Autoencoder
from vi_ik_ros.sampling.models.generators.options import DecoderOptions, GeneratorOptions
from vi_ik_ros.sampling.training.runs.generators.generator_run import GeneratorRun

NARROWER = 2  # than the layers of a residual network


class VariationalRun(GeneratorRun):
    """See `Run`."""

    family = "cvae"

    def _network(self, seen: GeneratorOptions) -> Autoencoder:
        options = DecoderOptions(**{name: getattr(seen, name) for name in asdict(seen)})
        width = max(1, self._settings.width // NARROWER)
        return Autoencoder(replace(options, width=width, num_layers=self._settings.num_blocks))

    def _losses(self, u: Tensor, features: Tensor) -> dict[str, Tensor]:
        return variational_losses(self._autoencoder, u, features, self._generator)

    def _model(self) -> ConditionalVae:
        return ConditionalVae(self._autoencoder.options, self._autoencoder.tensors())

    @property
    def _autoencoder(self) -> Autoencoder:
        network: torch.nn.Module = self._net
        assert isinstance(network, Autoencoder)
        return network
