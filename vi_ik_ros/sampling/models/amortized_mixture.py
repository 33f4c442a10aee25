# SPDX-License-Identifier: Apache-2.0
"""The conditional mixture whose gates, means and factors are a network of the context."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Self

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.models.amortized.evaluation import NetworkEvaluation
from vi_ik_ros.sampling.models.amortized.fixed_mixture import FixedMixture
from vi_ik_ros.sampling.models.amortized.options import AmortizedOptions
from vi_ik_ros.sampling.models.model import ConditionalModel, Samples
from vi_ik_ros.sampling.models.soft_limits import SoftLimits

CHUNK = 512  # rows evaluated at once: what they need stays in the processor's cache


class AmortizedMixture(ConditionalModel):
    """q(x | c), Eq. (17) to (19) with networks in place of linear functions; exact log density.

    The mixtures of the last contexts are kept: who draws from a context usually asks for the
    density of its refined rows next.
    """

    family = "amortized"
    _temperature = 1.0  # factor on the std of components

    def __init__(self, options: AmortizedOptions, tensors: Mapping[str, np.ndarray]) -> None:
        """Take the architecture and the weights that `from_tensors` has checked."""
        self._options, self._tensors = options, dict(tensors)
        self._network = NetworkEvaluation(options, tensors)
        self.num_dims, self.num_components = options.num_dims, options.num_components
        self.context_size = sum(size for _, size in options.entries)
        self._lower, self._upper = np.array(options.lower), np.array(options.upper)
        self._turns = options.turns
        self._limits = SoftLimits(*self._turns.charted(), options.limit_widths())
        # Rounding may reach a limit, where the chart ends.
        self._margin = 1e-12 * (self._upper - self._lower)
        self._last: tuple[bytes, list[FixedMixture]] = (b"", [])

    def sample(
        self, contexts: np.ndarray, num_samples: int, rngs: Sequence[np.random.Generator]
    ) -> Samples:
        """See `ConditionalModel.sample`; the squashed chart leaves no mass to redraw."""
        shape = (len(rngs), num_samples)
        q = np.empty((*shape, self.num_dims))
        log_prob, component = np.empty(shape), np.empty(shape, dtype=np.uint32)
        for i, (mixture, rng) in enumerate(zip(self._mixtures(contexts), rngs, strict=True)):
            q[i], component[i] = self._draw(mixture, num_samples, rng)
            log_prob[i] = self._log_prob(mixture, q[i])
        return Samples(q=q, log_prob=log_prob, component=component)

    def sample_configurations(
        self, contexts: np.ndarray, num_samples: int, rngs: Sequence[np.random.Generator]
    ) -> np.ndarray:
        """See `ConditionalModel`; most of the time of `sample` is that of the density."""
        pairs = zip(self._mixtures(contexts), rngs, strict=True)
        return np.stack([self._draw(mixture, num_samples, rng)[0] for mixture, rng in pairs])

    def log_prob(self, q: np.ndarray, contexts: np.ndarray) -> np.ndarray:
        """See `ConditionalModel.log_prob`; -inf outside the limits."""
        pairs = zip(self._mixtures(contexts), q, strict=True)
        return np.stack([self._log_prob(mixture, rows) for mixture, rows in pairs])

    def _widened(self, factor: float) -> Self:
        """See `ConditionalModel._widened`."""
        wide = copy.copy(self)
        wide._temperature, wide._last = self._temperature * factor, (b"", [])
        return wide

    @property
    def architecture(self) -> AmortizedOptions:
        """Everything that is not a trained weight."""
        return self._options

    def options(self) -> dict[str, object]:
        """Return `AmortizedOptions` as a mapping that JSON can hold."""
        return asdict(self._options)

    def tensors(self) -> dict[str, np.ndarray]:
        """Return the network's weights as they came, float16 from training."""
        return dict(self._tensors)

    @classmethod
    def from_tensors(cls, options: Mapping[str, object], tensors: Mapping[str, np.ndarray]) -> Self:
        """See `ConditionalModel.from_tensors`."""
        read = AmortizedOptions.from_mapping(options)
        shapes = read.tensor_shapes()
        for name, shape in shapes.items():
            if name not in tensors:
                raise InvalidInput(f"tensor {name}", "nothing", f"shape {shape}")
            if tensors[name].shape != shape:
                raise InvalidInput(f"tensor {name}", tensors[name].shape, f"shape {shape}")
        return cls(read, {name: tensors[name] for name in shapes})

    def _mixtures(self, contexts: np.ndarray) -> list[FixedMixture]:
        """Return the mixture over z of each context."""
        key = contexts.tobytes()
        last_key, mixtures = self._last
        if key != last_key:
            mixtures = self._network.mixtures(contexts)
            if self._temperature != 1.0:
                mixtures = [mixture.widened(self._temperature) for mixture in mixtures]
            self._last = key, mixtures
        return mixtures

    def _draw(
        self, mixture: FixedMixture, num_samples: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw q (n, D) of one context's mixture and the component (n,) of each row."""
        z, component = mixture.sample(num_samples, rng)
        x = self._turns.spread(self._limits.to_limited(z), rng)
        return np.clip(x, self._lower + self._margin, self._upper - self._margin), component

    def _log_prob(self, mixture: FixedMixture, q: np.ndarray) -> np.ndarray:
        """Return log q(x | c) (n,) of rows q (n, D) under one context's mixture."""
        result = np.empty(len(q))
        inside = np.clip(q, self._lower, self._upper)
        for start in range(0, len(q), CHUNK):
            x = inside[start : start + CHUNK]
            log_z = mixture.log_prob(self._limits.to_unlimited(x))
            log_z += self._limits.log_derivative(x) - self._turns.log_count(x)
            result[start : start + CHUNK] = log_z
        return np.where((inside == q).all(-1), result, -np.inf)
