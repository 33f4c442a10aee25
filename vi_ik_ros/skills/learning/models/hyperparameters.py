# SPDX-License-Identifier: Apache-2.0
"""Hyper-parameters of a Gaussian process, and the most probable ones given data."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.linalg import cho_solve, cholesky
from scipy.linalg.lapack import dpotri
from scipy.optimize import minimize
from scipy.special import gammaln

# Shape and rate of the Gamma priors (spec 4.1): of each length scale, of the signal, of the noise.
LENGTHSCALE_PRIOR = (3.0, 6.0)
SIGNAL_PRIOR = (2.0, 0.15)
NOISE_PRIOR = (1.1, 0.05)
# Wider than any sensible fit; the floor of the noise keeps duplicates from being singular.
LENGTHSCALE_RANGE = (0.03, 5.0)
SIGNAL_RANGE = (1e-2, 1e2)
NOISE_RANGE = (1e-4, 1e1)
_STARTS = ((0.4, 1.0, 0.02), (0.2, 2.0, 0.3))  # length scale, signal, noise


@dataclass(frozen=True)
class Hyperparameters:
    """Of a Matern-5/2 kernel and of the noise, for standardised outputs.

    Attributes:
        lengthscales: (d,) one for each input, in the unit cube.
        signal_variance: of the latent function.
        noise_variance: of one observation.
        log_posterior: log p(y | theta) + log p(theta) that they reach; NaN if they are no fit.
    """

    lengthscales: np.ndarray
    signal_variance: float
    noise_variance: float
    log_posterior: float = float("nan")


def usual_hyperparameters(num_inputs: int) -> Hyperparameters:
    """Return what is used as long as there is nothing to fit to."""
    return Hyperparameters(np.full(num_inputs, 0.5), 1.0, 0.01)


def kernel(a: np.ndarray, b: np.ndarray, theta: Hyperparameters) -> np.ndarray:
    """Return the Matern-5/2 covariances (n, m) between inputs (n, d) and (m, d), Eq. (4.1)."""
    a, b = a / theta.lengthscales, b / theta.lengthscales
    square = (a * a).sum(1)[:, None] + (b * b).sum(1) - 2.0 * a @ b.T
    r = np.sqrt(5.0 * np.maximum(square, 0.0))  # rounding may leave less than 0
    return theta.signal_variance * (1.0 + r + r * r / 3.0) * np.exp(-r)


def log_posterior(
    log_theta: np.ndarray, squares: np.ndarray, y: np.ndarray, relative_noise: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return log p(y | theta) + log p(theta), Eq. (4.2), and its gradient.

    Args:
        log_theta: (d + 2,) logarithms of length scales, signal and noise variance.
        squares: (d, n, n) squared differences of the inputs.
        y: (n,) standardised outputs.
        relative_noise: (n,) multiples of the noise variance.
    """
    theta = np.exp(log_theta)
    precisions = 5.0 / theta[:-2] ** 2
    r2 = np.tensordot(precisions, squares, 1)  # (n, n)
    r = np.sqrt(r2)
    decay = theta[-2] * np.exp(-r)
    signal = decay * (1.0 + r + r2 / 3.0)
    noise = theta[-1] * relative_noise
    factor = cholesky(signal + np.diag(noise), lower=True, check_finite=False)
    weights = cho_solve((factor, True), y, check_finite=False)
    inverse, _ = dpotri(factor, lower=1)  # its lower half
    inverse = np.where(np.tri(len(y), dtype=bool), inverse, inverse.T)
    inner = np.outer(weights, weights) - inverse  # dL/dK = inner / 2
    slope = inner * decay * (1.0 + r) / 3.0
    gradient = np.concatenate(
        [
            0.5 * precisions * np.tensordot(squares, slope, 2),
            [0.5 * np.vdot(inner, signal), 0.5 * np.diag(inner) @ noise],
        ]
    )
    log_det = 2.0 * np.log(np.diag(factor)).sum()
    value = -0.5 * (y @ weights + log_det + len(y) * np.log(2.0 * np.pi))
    shape, rate, constant = _priors(len(theta) - 2)
    value += float((constant + (shape - 1.0) * log_theta - rate * theta).sum())
    return float(value), gradient + (shape - 1.0) - rate * theta


def fit_hyperparameters(
    inputs: np.ndarray, y: np.ndarray, relative_noise: np.ndarray
) -> Hyperparameters:
    """Return the most probable hyper-parameters; a function of the data alone.

    Args:
        inputs: (n, d) in the unit cube.
        y: (n,) standardised outputs.
        relative_noise: (n,) multiples of the noise variance.
    """
    num_inputs = inputs.shape[1]
    if len(y) == 0:
        return usual_hyperparameters(num_inputs)
    squares = (inputs.T[:, :, None] - inputs.T[:, None, :]) ** 2  # (d, n, n)
    ranges = [LENGTHSCALE_RANGE] * num_inputs + [SIGNAL_RANGE, NOISE_RANGE]
    bounds = [(float(np.log(low)), float(np.log(high))) for low, high in ranges]
    loss = partial(_loss, squares=squares, y=y, relative_noise=relative_noise)
    starts = [np.log([length] * num_inputs + rest) for length, *rest in _STARTS]
    options = {"maxiter": 60, "ftol": 1e-8}
    fits = [
        minimize(loss, x0, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
        for x0 in starts
    ]
    best = min(fits, key=lambda fit: fit.fun)
    theta = np.exp(best.x)
    return Hyperparameters(theta[:-2], float(theta[-2]), float(theta[-1]), -float(best.fun))


def _loss(log_theta: np.ndarray, **data: np.ndarray) -> tuple[float, np.ndarray]:
    value, gradient = log_posterior(log_theta, **data)
    return -value, -gradient


def _priors(num_inputs: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return shapes, rates and log normalisers of the Gamma priors (d + 2,)."""
    rows = [LENGTHSCALE_PRIOR] * num_inputs + [SIGNAL_PRIOR, NOISE_PRIOR]
    shape, rate = np.array(rows).T
    return shape, rate, shape * np.log(rate) - gammaln(shape)
