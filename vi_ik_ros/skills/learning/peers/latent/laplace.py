# SPDX-License-Identifier: Apache-2.0
"""A Gaussian process classifier with logistic link, approximated by Laplace's method, spec 4.4."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.linalg import cho_solve, solve_triangular
from scipy.special import expit

from vi_ik_ros.skills.learning.peers.latent.cholesky import safe_cholesky

MAX_STEPS = 100
TOLERANCE = 1e-10


@dataclass(frozen=True)
class SquaredExponential:
    """The squared exponential kernel with one lengthscale.

    Attributes:
        lengthscale: in units of the cube.
        variance: of the latent function.
    """

    lengthscale: float
    variance: float

    def __call__(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the covariances (n, m) of points (n, d) and (m, d)."""
        squares = ((a[:, None, :] - b[None, :, :]) ** 2).sum(axis=-1)  # (n, m)
        return self.variance * np.exp(-0.5 * squares / self.lengthscale**2)


@dataclass(frozen=True)
class LaplaceClassifier:
    """The normal approximation around the mode of the latent function h.

    Attributes:
        x: (n, d).
        kernel: of h.
        prior_mean: of h, constant.
        weights: (n,) K^-1 (mode - prior mean), which is t - p at the mode.
        root: (n,) square roots of the curvatures W.
        factor: (n, n) lower Cholesky factor of B = I + W^1/2 K W^1/2.
    """

    x: np.ndarray
    kernel: SquaredExponential
    prior_mean: float
    weights: np.ndarray
    root: np.ndarray
    factor: np.ndarray

    @classmethod
    def fit(
        cls,
        x: np.ndarray,
        success: np.ndarray,
        kernel: SquaredExponential,
        prior_mean: float,
    ) -> Self:
        """Find the mode with Newton steps, halved where one would overshoot.

        Args:
            x: (n, d), n at least 0.
            success: (n,) bool.
            kernel: of h.
            prior_mean: of h.
        """
        covariance, target = kernel(x, x), success.astype(float)
        alpha = np.zeros(len(x))
        value = _log_posterior(alpha, covariance, target, prior_mean)
        for _ in range(MAX_STEPS):
            step = _newton_step(alpha, covariance, target, prior_mean)
            length, new = 1.0, _log_posterior(alpha + step, covariance, target, prior_mean)
            while new < value and length > 1e-4:
                length *= 0.5
                new = _log_posterior(alpha + length * step, covariance, target, prior_mean)
            gain = new - value
            if gain >= 0.0:
                alpha, value = alpha + length * step, new
            if gain <= TOLERANCE:  # Newton's last step is the one that gains nothing visible
                break
        mode = prior_mean + covariance @ alpha
        p = expit(mode)
        root = np.sqrt(p * (1.0 - p))
        factor = safe_cholesky(np.eye(len(x)) + root[:, None] * covariance * root)
        return cls(x, kernel, prior_mean, target - p, root, factor)

    def predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return latent means and standard deviations (m,) at points (m, d)."""
        cross = self.kernel(self.x, x)
        half = solve_triangular(
            self.factor, self.root[:, None] * cross, lower=True, check_finite=False
        )
        variance = self.kernel.variance - np.einsum("nm,nm->m", half, half)
        std = np.sqrt(np.maximum(variance, 1e-10 * self.kernel.variance))
        return self.prior_mean + self.weights @ cross, std

    def probability(self, x: np.ndarray) -> np.ndarray:
        """Return the probabilities of success (m,), the logistic link averaged over h."""
        mean, std = self.predict(x)
        return expit(mean / np.sqrt(1.0 + np.pi * std**2 / 8.0))


def _log_posterior(
    alpha: np.ndarray, covariance: np.ndarray, target: np.ndarray, prior_mean: float
) -> float:
    """Return log p(labels | h) + log p(h) at h = prior mean + K alpha, up to a constant."""
    centred = covariance @ alpha
    h = prior_mean + centred
    return float(target @ h - np.logaddexp(0.0, h).sum() - 0.5 * alpha @ centred)


def _newton_step(
    alpha: np.ndarray, covariance: np.ndarray, target: np.ndarray, prior_mean: float
) -> np.ndarray:
    """Return the change of alpha (n,) that Newton's method asks for."""
    centred = covariance @ alpha
    p = expit(prior_mean + centred)
    curvature = p * (1.0 - p)
    root = np.sqrt(curvature)
    factor = safe_cholesky(np.eye(len(root)) + root[:, None] * covariance * root)
    b = curvature * centred + target - p
    solved = cho_solve((factor, True), root * (covariance @ b), check_finite=False)
    return b - root * solved - alpha
