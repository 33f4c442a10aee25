# SPDX-License-Identifier: Apache-2.0
"""The mixture of one context as numpy arrays, laid out for many rows at once."""

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np


@dataclass(frozen=True)
class FixedMixture:
    """sum_k w_k N(z; loc_k, (P_k^T P_k)^-1) with everything precomputed that rows share.

    Attributes:
        edges: (K,) cumulated weights, the last one 1.
        loc: (K, D) means.
        factors: (K, D, D) lower triangular precision factors P.
        stacked: (D, D K) P^T, coordinate by coordinate, each for all components.
        shift: (D K,) P loc, stacked likewise.
        constant: (K,) log w + log|P| - D/2 log 2 pi.
    """

    edges: np.ndarray
    loc: np.ndarray
    factors: np.ndarray
    stacked: np.ndarray
    shift: np.ndarray
    constant: np.ndarray

    @classmethod
    def of(
        cls, log_weights: np.ndarray, loc: np.ndarray, log_scale: np.ndarray, coupling: np.ndarray
    ) -> Self:
        """Lay out one context's row of a `ConditionalGaussians`, as float64 arrays.

        Args:
            log_weights: (K,).
            loc: (K, D).
            log_scale: (K, D).
            coupling: (K, D (D - 1) / 2).
        """
        num_dims = loc.shape[1]
        weights = np.exp(log_weights - log_weights.max())
        weights /= weights.sum()
        factors = np.zeros((*loc.shape, num_dims))
        rows, columns = np.tril_indices(num_dims, -1)
        factors[:, rows, columns] = coupling
        factors[:, range(num_dims), range(num_dims)] = 1.0
        factors *= np.exp(log_scale)[..., None]
        with np.errstate(divide="ignore"):  # a weight may underflow: its component is never drawn
            constant = np.log(weights) + log_scale.sum(-1)
        return cls(
            edges=np.cumsum(weights),
            loc=loc,
            factors=factors,
            stacked=factors.transpose(2, 1, 0).reshape(num_dims, -1),
            shift=np.einsum("kij,kj->ik", factors, loc).reshape(-1),
            constant=constant - 0.5 * num_dims * math.log(2 * math.pi),
        )

    def widened(self, factor: float) -> Self:
        """Return the mixture with components so many times as wide."""
        return replace(
            self,
            factors=self.factors / factor,
            stacked=self.stacked / factor,
            shift=self.shift / factor,
            constant=self.constant - self.loc.shape[1] * math.log(factor),
        )

    def sample(self, num_samples: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw z (n, D) and the component (n,) of each row."""
        return self._solved(*self._standard(num_samples, rng))

    def _standard(
        self, num_samples: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw standard normal noise (n, D) and components (n,)."""
        uniform = rng.random(num_samples) * self.edges[-1]
        component = np.searchsorted(self.edges, uniform, side="right").clip(max=len(self.loc) - 1)
        return rng.standard_normal((num_samples, self.loc.shape[-1])), component

    def _solved(self, u: np.ndarray, component: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return z (n, D) of noise (n, D) in components (n,), and these."""
        factors = self.factors[component]  # (n, D, D)
        offset = np.empty_like(u)  # solves P offset = u from the first coordinate on
        for i in range(u.shape[1]):
            known = np.einsum("nj,nj->n", factors[:, i, :i], offset[:, :i])
            offset[:, i] = (u[:, i] - known) / factors[:, i, i]
        return self.loc[component] + offset, component

    def component_log_prob(self, z: np.ndarray) -> np.ndarray:
        """Return log w_k N_k(z) (n, K) of rows z (n, D)."""
        num_components, num_dims = self.loc.shape
        u = z @ self.stacked  # (n, D K)
        u -= self.shift
        u *= u
        log_components = u.reshape(-1, num_dims, num_components).sum(axis=1)
        log_components *= -0.5
        log_components += self.constant
        return log_components

    def log_prob(self, z: np.ndarray) -> np.ndarray:
        """Return log q(z) (n,) of rows z (n, D)."""
        log_components = self.component_log_prob(z)
        largest = log_components.max(axis=1)
        log_components -= largest[:, None]
        return largest + np.log(np.exp(log_components, out=log_components).sum(axis=1))
