# SPDX-License-Identifier: Apache-2.0
"""The linear mixture of experts: gates of a Gaussian mixture, linear means."""

import copy
import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Self

import numpy as np

from vi_ik_ros.sampling.models.amortized.fixed_mixture import FixedMixture
from vi_ik_ros.sampling.models.component_mixture import CHUNK, FAR
from vi_ik_ros.sampling.models.described.described_model import DescribedModel
from vi_ik_ros.sampling.models.linear_experts.options import ExpertsOptions
from vi_ik_ros.sampling.models.linear_experts.wrapped_mixture import WrappedMixture
from vi_ik_ros.sampling.models.model import Samples
from vi_ik_ros.sampling.models.redraw import draw_inside

MAX_DRAWS, MAX_DRAWS_PER_ROW = 1_024, 64  # before the rest is put to the limits


class MixtureOfExperts(DescribedModel[ExpertsOptions]):
    """q(x | c) = sum_k h_k(y) N(x; A_k y + b_k, Sigma_k), Eq. (17), on the features y of c.

    The gate h_k(y) is the responsibility of component k of a Gaussian mixture for y. The chart is
    x itself: what is drawn outside the joint limits is drawn again, and `log_prob` is that of the
    whole, untruncated mixture. Far from the training contexts the linear means leave the limits;
    there, rows that have not been found inside after many draws are put to the nearest limit.
    """

    family = "moe"
    options_type = ExpertsOptions

    def __init__(self, options: ExpertsOptions, tensors: Mapping[str, np.ndarray]) -> None:
        """See `DescribedModel`."""
        super().__init__(options, tensors)
        self._features, self.num_components = options.features(), options.num_components
        wide = {name: np.asarray(value, np.float64) for name, value in tensors.items()}
        names = ("gate_logits", "gate_loc", "gate_log_scale", "gate_coupling")
        self._gate = FixedMixture.of(*(wide[name] for name in names))
        self._matrix, self._offset = wide["matrix"], wide["offset"]
        self._precision = wide["log_scale"], wide["coupling"]

    def sample(
        self, contexts: np.ndarray, num_samples: int, rngs: Sequence[np.random.Generator]
    ) -> Samples:
        """See `ConditionalModel.sample`."""
        shape = (len(rngs), num_samples)
        q = np.empty((*shape, self.num_dims))
        log_prob, component = np.empty(shape), np.empty(shape, dtype=np.uint32)
        redrawn = 0
        for i, (context, rng) in enumerate(zip(contexts, rngs, strict=True)):
            mixture = self._mixture(context)
            q[i], component[i], outside = self._draw(mixture, num_samples, rng)
            log_prob[i] = _log_prob(mixture, q[i])
            redrawn += outside
        return Samples(q=q, log_prob=log_prob, component=component, redrawn=redrawn)

    def log_prob(self, q: np.ndarray, contexts: np.ndarray) -> np.ndarray:
        """See `ConditionalModel.log_prob`; nothing special happens at the limits."""
        pairs = zip(contexts, q, strict=True)
        return np.stack([_log_prob(self._mixture(context), rows) for context, rows in pairs])

    def _widened(self, factor: float) -> Self:
        """See `ConditionalModel._widened`; the gates stay as they are."""
        wide, (log_scale, coupling) = copy.copy(self), self._precision
        wide._precision = log_scale - math.log(factor), coupling
        return wide

    def _mixture(self, context: np.ndarray) -> FixedMixture | WrappedMixture:
        """Return q(x | c) of one context row (dc,).

        One at a time: the bits of a matrix product depend on how many rows it has.
        """
        y, _ = self._features(np.asarray(context, np.float64)[None])
        logits = self._gate.component_log_prob(y)[0]
        return FixedMixture.of(logits, self._matrix @ y[0] + self._offset, *self._precision)

    def _draw(
        self, mixture: FixedMixture | WrappedMixture, num_samples: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, int]:
        """Return rows (n, D) inside the limits, their components, and how many lay outside."""
        draw = partial(mixture.sample, rng=rng)
        most = MAX_DRAWS + MAX_DRAWS_PER_ROW * num_samples
        inside = draw_inside(draw, num_samples, self._lower, self._upper, max_draws=most)
        missing = num_samples - len(inside.q)
        if not missing:
            return inside.q, inside.component, inside.redrawn
        rows, components = draw(missing)
        q = np.concatenate([inside.q, rows.clip(self._lower, self._upper)])
        return q, np.concatenate([inside.component, components]), inside.redrawn


def _log_prob(mixture: FixedMixture | WrappedMixture, q: np.ndarray) -> np.ndarray:
    """Return log q(x | c) (n,) of rows q (n, D) under one context's mixture."""
    near = np.asarray(q, np.float64).clip(-FAR, FAR)
    parts = [mixture.log_prob(near[i : i + CHUNK]) for i in range(0, len(q), CHUNK)]
    return np.concatenate([np.empty(0), *parts])
