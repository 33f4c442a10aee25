# SPDX-License-Identifier: Apache-2.0
"""The network of an amortized mixture for one context at a time, in numpy.

A call of torch costs more than the numbers of one context, and torch itself more memory than the
rest of a sampler; so what is trained there is served here. One row at a time, because the bits of
a matrix product depend on how many rows it has, and a batch shall equal single calls.
"""

import math
from collections.abc import Mapping

import numpy as np

from vi_ik_ros.sampling.models.amortized.fixed_mixture import FixedMixture
from vi_ik_ros.sampling.models.amortized.layers.projection import (
    project_bases,
    project_coupling,
    project_log_scale,
    project_mixing,
)
from vi_ik_ros.sampling.models.amortized.options import AmortizedOptions
from vi_ik_ros.sampling.models.amortized.turning.turning_mixture import TurningMixture

EPSILON = 1e-5  # of torch's layer norm


class NetworkEvaluation:
    """Contexts in, mixtures out: the function of `AmortizedNetwork`, from its stored weights."""

    def __init__(self, options: AmortizedOptions, tensors: Mapping[str, np.ndarray]) -> None:
        """Take the weights in single precision.

        Args:
            options: the architecture.
            tensors: name to array, with the shapes of `options.tensor_shapes()`.
        """
        self._options, self._features = options, options.features()
        self._weights = {name: np.asarray(value, np.float32) for name, value in tensors.items()}
        lower, upper = options.turns.window()
        self._lower, self._upper = lower[options.turned], upper[options.turned]
        self._gated = ~np.isin(range(options.num_dims), options.periodic)[options.turned]
        self._middle = 0.5 * (self._lower + self._upper)
        self._per_width = np.exp(-self._weights["log_gate_width"].astype(np.float64))
        self._ends = np.cumsum(options.split)[:-1]
        if options.num_bases:
            bases, centers = (
                self._weights[f"coupling_{name}"].astype(np.float64)
                for name in ("bases", "centers")
            )
            self._bases = project_bases(bases, options.projection)
            self._centers = project_coupling(centers, options.projection)

    def mixtures(self, contexts: np.ndarray) -> list[FixedMixture]:
        """Return the mixture over z of each context row (B, dc)."""
        return [self._mixture(row[None]) for row in np.asarray(contexts, dtype=np.float64)]

    def _mixture(self, context: np.ndarray) -> FixedMixture:
        features, offsets = self._features(context)
        raw = self._trunk(features[0].astype(np.float32))
        rows = raw.reshape(self._options.num_components, -1).astype(np.float64)
        logits, loc, log_scale, coupling = np.split(rows, self._ends, axis=1)
        loc, turned = loc + offsets, self._options.turned
        turns = np.floor((loc[:, turned] - self._middle) / (2 * math.pi) + 0.5)
        loc[:, turned] -= 2 * math.pi * turns
        above = np.logaddexp(0.0, (loc[:, turned] - self._upper) * self._per_width)
        below = np.logaddexp(0.0, (self._lower - loc[:, turned]) * self._per_width)
        log_weights = logits[:, 0] - (above + below) @ self._gated
        log_scale = project_log_scale(log_scale, self._options.projection)
        mixture = FixedMixture.of(log_weights, loc, log_scale, self._coupling(coupling))
        periodic = self._options.periodic
        return TurningMixture.turning(mixture, periodic) if periodic else mixture

    def _coupling(self, raw: np.ndarray) -> np.ndarray:
        """Return the coupling (K, D (D - 1) / 2) of outputs."""
        projection = self._options.projection
        if not self._options.num_bases:
            return project_coupling(raw, projection)
        return project_mixing(raw, projection) @ self._bases + self._centers

    def _trunk(self, features: np.ndarray) -> np.ndarray:
        """Evaluate `ResidualNetwork` for one row of features (f,)."""
        phase = features @ self._weights["trunk.frequencies"]
        waves = np.concatenate([features, np.sin(phase), np.cos(phase)])
        hidden = self._linear("entry", waves)
        for i in range(self._options.num_blocks):
            inner = self._linear(f"blocks.{i}.inner", self._norm(f"blocks.{i}.norm", hidden))
            inner /= 1.0 + np.exp(-inner)  # silu
            hidden = hidden + self._linear(f"blocks.{i}.outer", inner)
        hidden = self._norm("norm", hidden)
        return self._heads(hidden) if self._options.head_width else self._linear("head", hidden)

    def _heads(self, hidden: np.ndarray) -> np.ndarray:
        """Evaluate `ComponentHeads` for one row (w,)."""
        weight, bias = (self._weights[f"trunk.head.{name}"] for name in ("weight", "bias"))
        own = self._linear("head.inner", hidden)
        own /= 1.0 + np.exp(-own)  # silu
        own = own.reshape(len(weight), -1, 1)
        return (weight @ own).ravel() + bias

    def _linear(self, name: str, x: np.ndarray) -> np.ndarray:
        return self._weights[f"trunk.{name}.weight"] @ x + self._weights[f"trunk.{name}.bias"]

    def _norm(self, name: str, x: np.ndarray) -> np.ndarray:
        centered = x - x.mean()
        centered *= 1.0 / np.sqrt(centered @ centered / len(x) + EPSILON)
        return (
            centered * self._weights[f"trunk.{name}.weight"] + self._weights[f"trunk.{name}.bias"]
        )
