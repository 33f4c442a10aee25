# SPDX-License-Identifier: Apache-2.0
"""A Gaussian process that begins with what was learned of a similar function."""

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular

from vi_ik_ros.skills.learning.models.gaussian_process import GaussianProcess, TrainingData
from vi_ik_ros.skills.learning.models.hyperparameters import Hyperparameters, kernel

# Standard deviations of the difference that are tried, in those of the earlier function.
RATIOS = np.exp(np.linspace(np.log(0.01), np.log(3.0), 16))
RATIO_SPREAD = 0.7  # standard deviation of the logarithm of what is expected


class TransferredProcess:
    """The posterior of an earlier function plus a difference, given data of the sum.

    The sum has the earlier posterior's mean, and its covariance plus that of the difference, so
    that both are learned at once: where the earlier function was never tried, own data tell all.
    How large the difference is, follows from the evidence; its kernel is that of the earlier one.

    Args:
        earlier: what was learned of the similar function.
        data: observations of the function.
        expected_ratio: of the difference's standard deviation to the earlier function's.
    """

    def __init__(self, earlier: GaussianProcess, data: TrainingData, expected_ratio: float) -> None:
        self._earlier = earlier
        self._points = data.points  # (n, n_xi)
        self._noise = earlier.noise_variance * data.relative_noise
        if self._is_informed:
            self._residuals = data.outputs - earlier.predict(self._points)[0]
            self._known = earlier.covariance(self._points, self._points)
        self.hyperparameters = self._fitted(expected_ratio)
        if self._is_informed:
            self._factor, self._weights = self._solved(self.hyperparameters)

    @property
    def scale(self) -> float:
        """Return what 1 stands for in the hyper-parameters, in the outputs' unit."""
        return self._earlier.scale

    @property
    def noise_variance(self) -> float:
        """Return the variance of one observation, in the square of the outputs' unit."""
        return self._earlier.noise_variance

    def predict(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and variance (m,) of the latent function at points (m, n_xi)."""
        mean, variance = self._earlier.predict(points)
        variance = variance + self.scale**2 * self.hyperparameters.signal_variance
        if not self._is_informed:
            return mean, variance
        cross = self._earlier.covariance(self._points, points)
        cross += self._difference(points, self.hyperparameters)  # (n, m)
        half = solve_triangular(self._factor, cross, lower=True, check_finite=False)
        explained = np.einsum("ij,ij->j", half, half)
        return mean + self._weights @ cross, np.maximum(variance - explained, 1e-10 * variance)

    @property
    def _is_informed(self) -> bool:
        return len(self._points) > 0

    def _fitted(self, expected_ratio: float) -> Hyperparameters:
        """Return the most probable of the differences that are tried."""
        known = self._earlier.hyperparameters
        found = [
            Hyperparameters(known.lengthscales, r * r * known.signal_variance, known.noise_variance)
            for r in RATIOS
        ]
        values = -0.5 * (np.log(RATIOS / expected_ratio) / RATIO_SPREAD) ** 2
        if self._is_informed:
            values += [self._log_evidence(theta) for theta in found]
        return found[int(np.argmax(values))]

    def _log_evidence(self, theta: Hyperparameters) -> float:
        """Return log p(y | theta) but for a constant."""
        factor, weights = self._solved(theta)
        return float(-0.5 * self._residuals @ weights - np.log(np.diag(factor)).sum())

    def _solved(self, theta: Hyperparameters) -> tuple[np.ndarray, np.ndarray]:
        """Return the Cholesky factor (n, n) of the data, and its weights (n,)."""
        covariance = self._known + self._difference(self._points, theta)
        covariance[np.diag_indices(len(covariance))] += self._noise
        factor = cholesky(covariance, lower=True, check_finite=False)
        return factor, cho_solve((factor, True), self._residuals, check_finite=False)

    def _difference(self, points: np.ndarray, theta: Hyperparameters) -> np.ndarray:
        """Return covariances (n, m) of the difference between the data and points (m, n_xi)."""
        columns = self._earlier.columns
        return self.scale**2 * kernel(self._points[:, columns], points[:, columns], theta)


Process = GaussianProcess | TransferredProcess
