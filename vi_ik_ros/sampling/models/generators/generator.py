# SPDX-License-Identifier: Apache-2.0
"""A model that turns noise into configurations."""

import copy
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Self, TypeVar

import numpy as np

from vi_ik_ros.exceptions import ModelRefused
from vi_ik_ros.sampling.models.described.described_model import DescribedModel
from vi_ik_ros.sampling.models.generators.options import GeneratorOptions
from vi_ik_ros.sampling.models.model import Samples
from vi_ik_ros.sampling.models.soft_limits import SoftLimits

RESOLVED = 18.0  # widths of the soft limits beyond them, where x is still 1e-8 widths inside
MAX_ROUNDS = 32  # of drawing again

Options = TypeVar("Options", bound=GeneratorOptions)


class Generator(DescribedModel[Options]):
    """Draws u from a network, and x from u through the chart of the joint limits.

    A subclass that knows the density of u sets `has_log_prob` and overrides `_log_prob`.
    """

    _temperature = 1.0  # std of the noise

    num_components = 1

    def __init__(self, options: Options, tensors: Mapping[str, np.ndarray]) -> None:
        """See `DescribedModel`."""
        super().__init__(options, tensors)
        self._limits = SoftLimits(self._lower, self._upper, options.limit_widths())
        width = options.limit_widths()
        self._ends = self._lower - RESOLVED * width, self._upper + RESOLVED * width
        self._loc, self._scale = np.array(options.loc), np.array(options.scale)

    def sample(
        self, contexts: np.ndarray, num_samples: int, rngs: Sequence[np.random.Generator]
    ) -> Samples:
        """See `ConditionalModel.sample`; `log_prob` is NaN where the model has none."""
        shape = (len(rngs), num_samples)
        q, log_prob, redrawn = np.empty((*shape, self.num_dims)), np.full(shape, np.nan), 0
        for i, (context, rng) in enumerate(zip(contexts, rngs, strict=True)):
            features = self._row(context)
            z, thrown = self._draw_resolved(features, num_samples, rng)
            q[i] = self._limits.to_limited(z)
            redrawn += thrown
            if self.has_log_prob:
                log_prob[i] = self._density(q[i], features)
        return Samples(q, log_prob, np.zeros(shape, np.uint32), redrawn)

    def log_prob(self, q: np.ndarray, contexts: np.ndarray) -> np.ndarray:
        """See `ConditionalModel.log_prob`; -inf outside the limits.

        Raises:
            ModelRefused: the model has no density.
        """
        if not self.has_log_prob:
            raise self._refusal()
        pairs = zip(contexts, q, strict=True)
        return np.stack([self._density(rows, self._row(context)) for context, rows in pairs])

    def _widened(self, factor: float) -> Self:
        """See `ConditionalModel._widened`."""
        wide = copy.copy(self)
        wide._temperature = self._temperature * factor
        return wide

    def _draw_resolved(
        self, features: np.ndarray, num_samples: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, int]:
        """Draw z (n, D) where rounding leaves x off the limits, and count what was thrown away.

        A network may stretch a draw of noise to any length. So far out the chart has no digits
        left, and the density of the row would not be that of the draw.
        """
        z, thrown = self._loc + self._scale * self._draw(features, num_samples, rng), 0
        for _ in range(MAX_ROUNDS):
            outside = np.flatnonzero(((z < self._ends[0]) | (z > self._ends[1])).any(-1))
            if not len(outside):
                break
            z[outside] = self._loc + self._scale * self._draw(features, len(outside), rng)
            thrown += len(outside)
        return z.clip(*self._ends), thrown

    @abstractmethod
    def _draw(self, features: np.ndarray, num_samples: int, rng: np.random.Generator) -> np.ndarray:
        """Return rows u (n, D) for one row of scaled features (f,)."""

    def _log_prob(self, u: np.ndarray, features: np.ndarray) -> np.ndarray:
        """Return log q(u) (n,) of rows u (n, D) for one row of scaled features (f,)."""
        raise self._refusal()

    def _refusal(self) -> ModelRefused:
        """Return the error of a model that has no density."""
        return ModelRefused("log_prob", self._described(), "a family with a density")

    def _described(self) -> str:
        """Name the family and how it was trained."""
        return f"family {self.family}, which has none"

    def _row(self, context: np.ndarray) -> np.ndarray:
        """Return the scaled features (f,) of one context row (dc,).

        One at a time: the bits of a matrix product depend on how many rows it has.
        """
        return self._options.scaled_features(np.asarray(context, np.float64)[None])[0]

    def _density(self, q: np.ndarray, features: np.ndarray) -> np.ndarray:
        """Return log q(x | c) (n,) of rows q (n, D)."""
        x = np.clip(q, self._lower, self._upper)
        u = (self._limits.to_unlimited(x) - self._loc) / self._scale
        result = self._log_prob(u, features) + self._limits.log_derivative(x)
        result -= np.log(self._scale).sum()
        return np.where((x == q).all(-1), result, -np.inf)
