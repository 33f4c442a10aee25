# SPDX-License-Identifier: Apache-2.0
"""The invertible network: affine couplings between configurations and noise."""

import math
from collections.abc import Mapping

import numpy as np

from vi_ik_ros.sampling.models.generators.evaluation import CouplingEvaluation
from vi_ik_ros.sampling.models.generators.generator import Generator
from vi_ik_ros.sampling.models.generators.options import CouplingOptions


class InvertibleNetwork(Generator[CouplingOptions]):
    """q(x | c) by an invertible map between x and noise.

    Trained by the likelihood of pairs, every layer reads the context, all of the other side is
    standard normal, and `log_prob` is exact by change of variables. Trained by the losses of
    Ardizzone et al. (2018), the other side is context and noise; these are independent only as far
    as training went, so the density of x given the context is unknown.
    """

    family = "inn"
    options_type = CouplingOptions

    def __init__(self, options: CouplingOptions, tensors: Mapping[str, np.ndarray]) -> None:
        """Take the architecture and the weights that `from_tensors` has checked."""
        super().__init__(options, tensors)
        self.has_log_prob = options.loss == "likelihood"
        self._network = CouplingEvaluation(options, tensors)

    def _draw(self, features: np.ndarray, num_samples: int, rng: np.random.Generator) -> np.ndarray:
        noise = self._temperature * rng.standard_normal((num_samples, self._options.latent_size))
        if self.has_log_prob:
            return self._network.inverse(noise, features)[0]
        side = np.zeros((num_samples, self._options.num_channels))
        start = len(features)
        side[:, :start] = features
        side[:, start : start + noise.shape[1]] = noise
        return self._network.inverse(side, np.empty(0))[0][:, : self.num_dims]

    def _log_prob(self, u: np.ndarray, features: np.ndarray) -> np.ndarray:
        noise, log_det = self._network.forward(u, features)
        t = self._temperature
        constant = self.num_dims * (0.5 * math.log(2 * math.pi) + math.log(t))
        return log_det - 0.5 * (noise**2).sum(1) / t**2 - constant

    def _described(self) -> str:
        return f"family {self.family} trained by the loss {self._options.loss}, which has none"
