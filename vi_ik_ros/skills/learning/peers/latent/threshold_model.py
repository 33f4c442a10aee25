# SPDX-License-Identifier: Apache-2.0
"""The constraint of GPCR: values of successes, labels of failures, a threshold that is learned."""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Self

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_ndtr

from vi_ik_ros.skills.learning.models.hyperparameters import (
    LENGTHSCALE_PRIOR,
    NOISE_PRIOR,
    Hyperparameters,
    kernel,
)
from vi_ik_ros.skills.learning.peers.latent.expectation_propagation import (
    Observations,
    Posterior,
    propagate,
)

UNIT_PRIOR = (2.0, 1.0)  # Gamma shape and rate of the signal variance and of the threshold's margin
# Labels alone prefer a function without any shape; its authors bound length scales at 0.15 to 0.2.
LENGTHSCALE_RANGE, SIGNAL_RANGE = (0.05, 0.3), (0.05, 20.0)
NOISE_RANGE, MARGIN_RANGE = (1e-4, 0.1), (0.01, 10.0)
STARTS = ((0.2, 1.0, 0.02, 1.0), (0.1, 1.0, 0.05, 0.3))  # length scale, signal, noise, margin
UNTUNED = (0.15, 1.0, 0.01, 1.0)  # until there are both labels
IMPOSSIBLE = 1e25  # L-BFGS cannot take infinity


@dataclass(frozen=True)
class ThresholdSettings:
    """Hyper-parameters for metrics scaled to mean 0 and standard deviation 1.

    Attributes:
        kernel: length scales, signal and noise variance.
        margin: of the threshold above the largest metric of a success.
    """

    kernel: Hyperparameters
    margin: float

    @classmethod
    def from_logs(cls, logs: np.ndarray) -> Self:
        """Take them from the logs (d + 3,) of length scales, signal, noise and margin."""
        values = np.exp(logs)
        kernel = Hyperparameters(values[:-3], float(values[-3]), float(values[-2]))
        return cls(kernel, float(values[-1]))


@dataclass(frozen=True)
class HybridData:
    """Points of which either a scaled metric or only a label is known.

    Attributes:
        x: (n, d) in the unit cube.
        signs: (n,) 0 where a metric is known, 1 success without one, -1 failure.
        values: (n,) metrics, 0 where signs is not 0.
    """

    x: np.ndarray
    signs: np.ndarray
    values: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray, success: np.ndarray, metrics: np.ndarray) -> Self:
        """Scale the metrics (n,) of successes, NaN where there is none; failures have labels only.

        The label is decided by the measured metric, so a known metric says all that "success"
        could say: it needs no label besides.
        """
        known = success & ~np.isnan(metrics)
        values = np.zeros(len(x))
        if known.any():
            seen = metrics[known]
            spread = float(seen.std(ddof=1)) if len(seen) > 1 else 0.0
            values[known] = (seen - seen.mean()) / (spread if spread > 1e-9 else 1.0)
        return cls(x, np.where(known, 0, np.where(success, 1, -1)), values)

    def observations(self, settings: ThresholdSettings) -> Observations:
        """Return them with the threshold above every known metric."""
        known = self.values[self.signs == 0]
        highest = float(known.max()) if len(known) else 0.0
        noise = settings.kernel.noise_variance
        return Observations(self.signs, self.values, highest + settings.margin, noise)


@dataclass(frozen=True)
class ThresholdModel:
    """The posterior of the constraint.

    Attributes:
        data: what it is conditioned on.
        settings: hyper-parameters.
    """

    data: HybridData
    settings: ThresholdSettings

    @cached_property
    def _posterior(self) -> Posterior:
        theta = self.settings.kernel
        covariance = kernel(self.data.x, self.data.x, theta)
        return propagate(covariance, self.data.observations(self.settings))

    def log_probability(self, x: np.ndarray) -> np.ndarray:
        """Return logs (m,) of the probability that an execution at points (m, d) succeeds."""
        theta = self.settings.kernel
        cross = kernel(self.data.x, x, theta)
        mean, std = self._posterior.predict(cross, theta.signal_variance)
        threshold = self.data.observations(self.settings).threshold
        return log_ndtr((threshold - mean) / np.sqrt(std**2 + theta.noise_variance))


def log_evidence(logs: np.ndarray, data: HybridData) -> tuple[float, np.ndarray]:
    """Return log N(y) + log Z_EP, and its gradient (d + 3,) by the logs of the hyper-parameters.

    At a fixed point of expectation propagation its sites do not contribute to the gradient.
    """
    settings = ThresholdSettings.from_logs(logs)
    theta, seen = settings.kernel, data.observations(settings)
    posterior = propagate(kernel(data.x, data.x, theta), seen)
    weights = posterior.weights
    inner = 0.5 * (np.outer(weights, weights) - posterior.inverse())  # d log Z / d K
    cut, value = posterior.cavity, data.signs == 0
    pull = cut.hazard / cut.deviation
    residual = (data.values - posterior.mean)[value] ** 2 + posterior.variance[value]
    noise = 0.5 * (residual / seen.noise - 1.0).sum()
    noise -= 0.5 * seen.noise * (pull * cut.b / cut.deviation).sum()
    margin = settings.margin * (data.signs[~value] * pull).sum()
    gradient = np.concatenate([_kernel_gradient(inner, data.x, theta), [noise, margin]])
    return posterior.log_evidence, gradient


def tuned(data: HybridData) -> ThresholdSettings:
    """Return the most probable hyper-parameters; a function of the data alone.

    Labels of one kind are explained best by a constant, which would end all exploration: they
    tune nothing.
    """
    d = data.x.shape[1]
    failed = data.signs == -1
    if failed.all() or not failed.any():
        return ThresholdSettings.from_logs(_logs(UNTUNED, d))
    ranges = [LENGTHSCALE_RANGE] * d + [SIGNAL_RANGE, NOISE_RANGE, MARGIN_RANGE]
    rows = [LENGTHSCALE_PRIOR] * d + [UNIT_PRIOR, NOISE_PRIOR, UNIT_PRIOR]
    loss = partial(_loss, data=data, priors=np.array(rows))
    options = {"maxiter": 40, "ftol": 1e-7}
    bounds = np.log(np.array(ranges))
    fits = [
        minimize(loss, _logs(start, d), jac=True, method="L-BFGS-B", bounds=bounds, options=options)
        for start in STARTS
    ]
    return ThresholdSettings.from_logs(min(fits, key=lambda fit: float(fit.fun)).x)


def _logs(numbers: tuple[float, ...], num_parameters: int) -> np.ndarray:
    """Return the logs (d + 3,) of hyper-parameters, the first one for every parameter."""
    return np.log([numbers[0]] * num_parameters + list(numbers[1:]))


def _loss(logs: np.ndarray, data: HybridData, priors: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the negative log posterior and its gradient; a large number where it fails."""
    shape, rate = priors.T
    try:
        value, gradient = log_evidence(logs, data)
    except np.linalg.LinAlgError:
        return IMPOSSIBLE, np.zeros_like(logs)
    value += float((shape - 1.0) @ logs - rate @ np.exp(logs))
    gradient = gradient + (shape - 1.0) - rate * np.exp(logs)
    if not (np.isfinite(value) and np.isfinite(gradient).all()):
        return IMPOSSIBLE, np.zeros_like(logs)
    return -value, -gradient


def _kernel_gradient(inner: np.ndarray, x: np.ndarray, theta: Hyperparameters) -> np.ndarray:
    """Return sum_ij inner_ij dK_ij by the logs of length scales and signal variance (d + 1,)."""
    scaled = x / theta.lengthscales
    squares = (scaled[:, None, :] - scaled[None, :, :]) ** 2  # (n, n, d)
    r = np.sqrt(5.0 * squares.sum(axis=-1))
    decay = inner * theta.signal_variance * np.exp(-r)
    lengths = np.einsum("ij,ijd->d", decay * (1.0 + r) * (5.0 / 3.0), squares)
    return np.append(lengths, (decay * (1.0 + r + r * r / 3.0)).sum())
