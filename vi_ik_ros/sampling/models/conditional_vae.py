# SPDX-License-Identifier: Apache-2.0
"""The conditional variational autoencoder: a decoder of noise and context."""

from collections.abc import Mapping

import numpy as np

from vi_ik_ros.sampling.models.generators.evaluation import PerceptronEvaluation
from vi_ik_ros.sampling.models.generators.generator import Generator
from vi_ik_ros.sampling.models.generators.options import DecoderOptions


class ConditionalVae(Generator[DecoderOptions]):
    """x = decoder(z, c) with standard normal z.

    Nothing inverts the decoder, and noise that it does not use leaves all draws on a surface: there
    is no density to tell, and `log_prob` is refused.
    """

    family = "cvae"
    options_type = DecoderOptions
    has_log_prob = False

    def __init__(self, options: DecoderOptions, tensors: Mapping[str, np.ndarray]) -> None:
        """Take the architecture and the weights that `from_tensors` has checked."""
        super().__init__(options, tensors)
        self._latent_size = options.latent_size
        self._decoder = PerceptronEvaluation(tensors, "decoder", options.num_layers)

    def _draw(self, features: np.ndarray, num_samples: int, rng: np.random.Generator) -> np.ndarray:
        noise = self._temperature * rng.standard_normal((num_samples, self._latent_size))
        rows = np.broadcast_to(features, (num_samples, len(features)))
        return self._decoder(np.concatenate([noise, rows], axis=1))
