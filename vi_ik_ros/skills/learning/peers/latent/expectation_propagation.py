# SPDX-License-Identifier: Apache-2.0
"""Expectation propagation for values and labels of one latent function, spec 4.5.

A value and a label are both sites of the same kind, exp(-S g^2 / 2 + nu g): those of values are
exact, those of labels are found by matching moments. All solves go through B = I + S^1/2 K S^1/2,
whose eigenvalues are at least 1, so that duplicates cannot make it singular.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, solve_triangular

from vi_ik_ros.skills.learning.peers.latent.cholesky import safe_cholesky
from vi_ik_ros.skills.learning.peers.latent.probit import TiltedMoments, tilted_moments

DAMPING = 0.7
MAX_SWEEPS = 60
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Observations:
    """What is known of a latent function at n points.

    Attributes:
        signs: (n,) 0 where a value was observed, 1 where only "below the threshold", -1 "above".
        values: (n,) used where signs is 0.
        threshold: c.
        noise: variance of values, and of what decided a label.
    """

    signs: np.ndarray
    values: np.ndarray
    threshold: float
    noise: float


@dataclass(frozen=True)
class Posterior:
    """The normal approximation at the n points.

    Attributes:
        mean: (n,).
        variance: (n,).
        precision: (n,) of the sites, S.
        shift: (n,) of the sites, nu.
        factor: (n, n) lower Cholesky factor of B.
        weights: (n,) K^-1 mean, without inverting K.
        log_evidence: of values and labels together.
        cavity: moments at the labelled points, in their order.
    """

    mean: np.ndarray
    variance: np.ndarray
    precision: np.ndarray
    shift: np.ndarray
    factor: np.ndarray
    weights: np.ndarray
    log_evidence: float
    cavity: TiltedMoments

    def predict(self, cross: np.ndarray, prior: float) -> tuple[np.ndarray, np.ndarray]:
        """Return means and latent standard deviations (m,), Eq. (4.9) with combined sites.

        Args:
            cross: (n, m) covariances of the points with new ones.
            prior: variance of the latent function.
        """
        root = np.sqrt(self.precision)[:, None]
        half = solve_triangular(self.factor, root * cross, lower=True, check_finite=False)
        variance = prior - np.einsum("nm,nm->m", half, half)
        return self.weights @ cross, np.sqrt(np.maximum(variance, 1e-10 * prior))

    def inverse(self) -> np.ndarray:
        """Return (K + S^-1)^-1, (n, n)."""
        root = np.sqrt(self.precision)
        return root[:, None] * cho_solve((self.factor, True), np.diag(root), check_finite=False)


def propagate(covariance: np.ndarray, seen: Observations) -> Posterior:
    """Return the approximate posterior of a latent function with mean 0.

    Sweeps over the labels are parallel and damped; one that has not settled after the last sweep
    is still a valid normal approximation.

    Args:
        covariance: (n, n) prior at the observed points.
        seen: what was observed there.
    """
    labelled = seen.signs != 0
    precision = np.where(labelled, 0.0, 1.0 / seen.noise)
    shift = np.where(labelled, 0.0, seen.values / seen.noise)
    mean, variance, factor, weights = _moments(covariance, precision, shift)
    for _ in range(MAX_SWEEPS if labelled.any() else 0):
        new_precision, new_shift = _matched(mean, variance, precision, shift, seen)
        step = DAMPING * (new_precision - precision[labelled])
        turn = DAMPING * (new_shift - shift[labelled])
        precision[labelled] += step
        shift[labelled] += turn
        mean, variance, factor, weights = _moments(covariance, precision, shift)
        scale = 1.0 + np.abs(precision[labelled]) + np.abs(shift[labelled])
        if np.max((np.abs(step) + np.abs(turn)) / scale) < TOLERANCE:
            break
    sites = precision, shift
    evidence, cavity = _log_evidence(mean, variance, factor, sites, seen)
    return Posterior(mean, variance, precision, shift, factor, weights, evidence, cavity)


def _moments(
    covariance: np.ndarray, precision: np.ndarray, shift: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return means (n,), variances (n,), the factor of B (n, n) and K^-1 means (n,)."""
    root = np.sqrt(precision)
    factor = safe_cholesky(np.eye(len(root)) + root[:, None] * covariance * root)
    half = solve_triangular(factor, root[:, None] * covariance, lower=True, check_finite=False)
    prior = np.diag(covariance)
    variance = np.maximum(prior - np.einsum("nm,nm->m", half, half), 1e-12 * prior)
    spread = covariance @ shift
    weights = shift - root * cho_solve((factor, True), root * spread, check_finite=False)
    return covariance @ weights, variance, factor, weights


def _cavities(
    mean: np.ndarray, variance: np.ndarray, precision: np.ndarray, shift: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return precisions and precision-weighted means (m,) of points without their own site."""
    without = np.maximum(1.0 / variance - precision, 1e-10 / variance)
    return without, mean / variance - shift


def _matched(
    mean: np.ndarray,
    variance: np.ndarray,
    precision: np.ndarray,
    shift: np.ndarray,
    seen: Observations,
) -> tuple[np.ndarray, np.ndarray]:
    """Return site precisions and shifts of the labelled points (m,) that match the moments."""
    some = seen.signs != 0
    cavity, turn = _cavities(mean[some], variance[some], precision[some], shift[some])
    centre = turn / cavity
    tilted = _tilted(centre, 1.0 / cavity, seen)
    gain = tilted.precision_gain
    # mean_hat / variance_hat - mean / variance, with what cancels left out.
    moved = centre * gain + tilted.shift * (cavity + gain)
    return gain, np.where(gain > 0.0, moved, 0.0)


def _tilted(centre: np.ndarray, variance: np.ndarray, seen: Observations) -> TiltedMoments:
    signs = seen.signs[seen.signs != 0]
    return tilted_moments(centre, variance, signs, threshold=seen.threshold, noise=seen.noise)


def _log_evidence(
    mean: np.ndarray,
    variance: np.ndarray,
    factor: np.ndarray,
    sites: tuple[np.ndarray, np.ndarray],
    seen: Observations,
) -> tuple[float, TiltedMoments]:
    """Return log N(y) + log Z_EP in one sum over all sites, and the moments at the labels."""
    precision, shift = sites
    some = seen.signs != 0
    cavity, turn = _cavities(mean[some], variance[some], precision[some], shift[some])
    tilted = _tilted(turn / cavity, 1.0 / cavity, seen)
    own, pull = precision[some], shift[some]
    labels = tilted.log_normalizer + 0.5 * np.log1p(own / cavity)
    labels -= 0.5 * ((turn + pull) ** 2 / (cavity + own) - turn**2 / cavity)
    values = seen.values[~some]
    exact = -0.5 * values**2 / seen.noise - 0.5 * np.log(2.0 * np.pi * seen.noise)
    whole = 0.5 * shift @ mean - np.log(np.diag(factor)).sum()
    return float(labels.sum() + exact.sum() + whole), tilted
