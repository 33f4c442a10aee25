# SPDX-License-Identifier: Apache-2.0
"""The fit of an invertible network."""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from vi_ik_ros.sampling.experts.objective_file import Objectives
from vi_ik_ros.sampling.inference.generators.invertible import likelihood_loss, source_losses
from vi_ik_ros.sampling.models.generators.coupling_network import CouplingNetwork
from vi_ik_ros.sampling.models.generators.options import CouplingOptions, GeneratorOptions
from vi_ik_ros.sampling.models.invertible_network import InvertibleNetwork
from vi_ik_ros.sampling.training.runs.generators.generator_run import GeneratorRun
from vi_ik_ros.sampling.training.settings import FitSettings

NARROWER = 8  # than the layers of a residual network: there are many of them
STRIDE = 2.5  # of Adam in couplings against its stride in residual networks


class InvertibleRun(GeneratorRun):
    """See `Run`; by the likelihood of pairs, or by the losses of the source."""

    family = "inn"
    options_type = CouplingOptions

    def __init__(self, objectives: Objectives, settings: FitSettings) -> None:
        """See `GeneratorRun`."""
        faster = replace(settings, learning_rate=STRIDE * settings.learning_rate)
        super().__init__(objectives, faster)

    def _network(self, seen: GeneratorOptions) -> CouplingNetwork:
        assert isinstance(seen, CouplingOptions)
        width = max(1, self._settings.width // NARROWER)
        options = replace(seen, width=width, loss=self._settings.loss)
        if options.loss == "likelihood":
            options = replace(options, latent_size=options.num_dims)
        return CouplingNetwork(options)

    def _losses(self, u: Tensor, features: Tensor) -> dict[str, Tensor]:
        network = self._coupling
        if network.options.loss == "likelihood":
            return {"negative log-likelihood": likelihood_loss(network, u, features)}
        return source_losses(network, u, features, self._generator)

    def _shown(self, figures: Mapping[str, float]) -> dict[str, float]:
        if "negative log-likelihood" not in figures:
            return dict(figures)
        scale = float(self._coupling.standard.scale.log().sum())
        return {"log-likelihood": -figures["negative log-likelihood"] - scale}

    def _model(self) -> InvertibleNetwork:
        return InvertibleNetwork(self._coupling.options, self._coupling.tensors())

    @property
    def _coupling(self) -> CouplingNetwork:
        network: torch.nn.Module = self._net
        assert isinstance(network, CouplingNetwork)
        return network
