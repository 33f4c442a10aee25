# SPDX-License-Identifier: Apache-2.0
"""Densities of configurations that know no robot: what a few rows alone can tell.

Gaussian mixtures by maximum likelihood and kernel densities. Every choice, such as the number of
components, is made by cross-validation on the rows.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import logsumexp

RIDGES = (1e-4, 1e-3, 1e-2, 0.03, 0.1, 0.3)  # [rad^2] added to every covariance
COMPONENTS = (1, 2, 3, 5, 8, 12)
ROWS_EACH = 4  # rows that a component needs
FOLDS = 5
UPDATES = 30  # of expectation maximisation


@dataclass(frozen=True)
class NormalMixture:
    """sum_k w_k N(loc_k, L_k L_k^T).

    Attributes:
        log_weights: (K,).
        loc: (K, D).
        scale_tril: (K, D, D).
    """

    log_weights: np.ndarray
    loc: np.ndarray
    scale_tril: np.ndarray

    def log_joint(self, q: np.ndarray) -> np.ndarray:
        """Return log w_k N_k of rows (n, D), (n, K)."""
        columns = []
        for log_weight, loc, L in zip(self.log_weights, self.loc, self.scale_tril, strict=True):
            u = solve_triangular(L, (q - loc).T, lower=True)
            constant = np.log(np.diagonal(L)).sum() + 0.5 * len(loc) * math.log(2 * math.pi)
            columns.append(log_weight - constant - 0.5 * np.square(u).sum(0))
        return np.stack(columns, 1)

    def log_prob(self, q: np.ndarray) -> np.ndarray:
        """Return the log density of rows (n, D), (n,)."""
        return logsumexp(self.log_joint(q), axis=1)


def gaussian_mixture(
    q: np.ndarray, num_components: int, ridge: float, rng: np.random.Generator
) -> NormalMixture:
    """Fit by expectation maximisation.

    Args:
        q: (n, D).
        num_components: K.
        ridge: added to the diagonals of the covariances [rad^2].
        rng: source of the first means.
    """
    first = _spread_out(q, num_components, rng)
    distances = np.square(q[:, None] - q[first]).sum(-1)
    shares = np.eye(num_components)[distances.argmin(1)]
    mixture = _maximised(q, shares, ridge)
    for _ in range(UPDATES if num_components > 1 else 0):
        log_joint = mixture.log_joint(q)
        shares = np.exp(log_joint - logsumexp(log_joint, axis=1, keepdims=True))
        mixture = _maximised(q, shares, ridge)
    return mixture


def best_gaussian_mixture(
    q: np.ndarray, rng: np.random.Generator, components: Sequence[int] = COMPONENTS
) -> NormalMixture:
    """Fit with the number of components and the ridge that cross-validation likes best."""
    sizes = [k for k in components if k == 1 or ROWS_EACH * k <= len(q) * (1 - 1 / FOLDS)]
    tried = [(k, ridge) for k in sizes for ridge in RIDGES]
    scores = [
        _cross_validated(q, partial(gaussian_mixture, num_components=k, ridge=ridge, rng=rng))
        for k, ridge in tried
    ]
    return gaussian_mixture(q, *tried[int(np.argmax(scores))], rng)


def kernel_density(q: np.ndarray, ridge: float) -> NormalMixture:
    """Return one round normal density of a variance [rad^2] at each row (n, D)."""
    n, D = q.shape
    scale = np.tile(math.sqrt(ridge) * np.eye(D), (n, 1, 1))
    return NormalMixture(np.full(n, -math.log(n)), q, scale)


def best_kernel_density(q: np.ndarray) -> NormalMixture:
    """Return the kernel density of the variance that cross-validation likes best."""
    scores = [_cross_validated(q, partial(kernel_density, ridge=r)) for r in RIDGES]
    return kernel_density(q, RIDGES[int(np.argmax(scores))])


def _cross_validated(q: np.ndarray, fit: Callable[[np.ndarray], NormalMixture]) -> float:
    """Return the mean log density of rows under fits to the others."""
    parts = [np.arange(len(q)) % FOLDS == fold for fold in range(FOLDS)]
    return float(np.concatenate([fit(q[~part]).log_prob(q[part]) for part in parts]).mean())


def _maximised(q: np.ndarray, shares: np.ndarray, ridge: float) -> NormalMixture:
    """Return the likeliest mixture of rows (n, D) that belong to components by shares (n, K)."""
    total = shares.sum(0) + 1e-9
    loc = shares.T @ q / total[:, None]
    centred = q[:, None] - loc  # (n, K, D)
    covariance = np.einsum("nk,nki,nkj->kij", shares, centred, centred) / total[:, None, None]
    scale_tril = np.linalg.cholesky(covariance + ridge * np.eye(q.shape[1]))
    return NormalMixture(np.log(total / total.sum()), loc, scale_tril)


def _spread_out(q: np.ndarray, count: int, rng: np.random.Generator) -> list[int]:
    """Return indices of rows that are far from each other (k-means++)."""
    chosen = [int(rng.integers(len(q)))]
    for _ in range(count - 1):
        nearest = np.square(q[:, None] - q[chosen]).sum(-1).min(1)
        chosen.append(int(rng.choice(len(q), p=nearest / nearest.sum())))
    return chosen
