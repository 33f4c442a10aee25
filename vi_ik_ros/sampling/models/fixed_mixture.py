# SPDX-License-Identifier: Apache-2.0
"""The mixture of one context as numpy arrays, laid out for many rows at once."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch


@dataclass(frozen=True)
class FixedMixture:
    """sum_k w_k N(z; loc_k, (P_k^T P_k)^-1) with everything precomputed that rows share.

    Attributes:
        edges: (K,) cumulated weights, the last one 1.
        loc: (K, D) means.
        factors: (K, D, D) lower triangular precision factors P.
        stacked: (K D, D) the same, one below the other.
        shift: (K D,) P loc, stacked likewise.
        constant: (K,) log w + log|P| - D/2 log 2 pi.
    """

    edges: np.ndarray
    loc: np.ndarray
    factors: np.ndarray
    stacked: np.ndarray
    shift: np.ndarray
    constant: np.ndarray

    @classmethod
    def of(cls, log_weights: np.ndarray, loc: np.ndarray, factors: np.ndarray) -> Self:
        """Lay out log weights (K,), means (K, D) and precision factors (K, D, D)."""
        num_components, num_dims = loc.shape
        weights = np.exp(log_weights - log_weights.max())
        weights /= weights.sum()
        diagonals = factors.reshape(num_components, -1)[:, :: num_dims + 1]
        with np.errstate(divide="ignore"):  # a weight may underflow: its component is never drawn
            constant = np.log(weights) + np.log(diagonals).sum(-1)
        return cls(
            edges=np.cumsum(weights),
            loc=loc,
            factors=factors,
            stacked=factors.reshape(-1, num_dims),
            shift=(factors @ loc[..., None]).reshape(-1),
            constant=constant - 0.5 * num_dims * math.log(2 * math.pi),
        )

    def sample(self, num_samples: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw z (n, D) and the component (n,) of each row."""
        uniform = rng.random(num_samples) * self.edges[-1]
        component = np.searchsorted(self.edges, uniform, side="right").clip(max=len(self.loc) - 1)
        u = rng.standard_normal((num_samples, self.loc.shape[-1]))
        factors = self.factors[component]  # (n, D, D)
        offset = np.empty_like(u)  # solves P offset = u from the first coordinate on
        for i in range(u.shape[1]):
            known = np.einsum("nj,nj->n", factors[:, i, :i], offset[:, :i])
            offset[:, i] = (u[:, i] - known) / factors[:, i, i]
        return self.loc[component] + offset, component

    def log_prob(self, z: np.ndarray) -> np.ndarray:
        """Return log q(z) (n,) of rows z (n, D)."""
        num_components, num_dims = self.loc.shape
        # By torch, whose threads the caller rules: those of numpy's BLAS stall small products.
        product = torch.from_numpy(z) @ torch.from_numpy(self.stacked).T
        u = product.numpy()  # (n, K D)
        u -= self.shift
        np.square(u, out=u)
        squares = u.reshape(-1, num_components, num_dims).sum(-1)  # (n, K)
        log_components = self.constant - 0.5 * squares
        largest = log_components.max(-1)
        return largest + np.log(np.exp(log_components - largest[:, None]).sum(-1))
