# SPDX-License-Identifier: Apache-2.0
"""Moments of a normal distribution cut by a noisy threshold, Eq. (4.8) in its probit form."""

from dataclasses import dataclass

import numpy as np
from scipy.special import erfcx, log_ndtr

FAR = -50.0  # below, the exact formula cancels and a series takes over


@dataclass(frozen=True)
class TiltedMoments:
    """Of N(g; mean, variance) times the probability of a label given g; (n,) each.

    Attributes:
        log_normalizer: log of the integral.
        hazard: rho, the normal density over the normal probability at b.
        b: the standardised distance to the threshold, positive if the label was likely.
        deviation: t, the standard deviation that includes the noise of the label.
        shift: of the mean.
        precision_gain: 1 / new variance - 1 / variance, at least 0.
    """

    log_normalizer: np.ndarray
    hazard: np.ndarray
    b: np.ndarray
    deviation: np.ndarray
    shift: np.ndarray
    precision_gain: np.ndarray


def tilted_moments(
    mean: np.ndarray,
    variance: np.ndarray,
    signs: np.ndarray,
    *,
    threshold: float,
    noise: float,
) -> TiltedMoments:
    """Return what a label makes of normal distributions.

    Args:
        mean: (n,) of g.
        variance: (n,) of g.
        signs: (n,) 1 for "g plus noise was below the threshold", -1 for above.
        threshold: c.
        noise: variance of the noise, at least 0; with 0 the threshold is a hard one.
    """
    total = variance + noise  # t^2
    t = np.sqrt(total)
    b = signs * (threshold - mean) / t
    rho = hazard(b)
    left = noise / total + variance / total * shrinkage(b)  # new variance / variance
    gain = np.maximum(1.0 - left, 0.0) / (left * variance)
    return TiltedMoments(log_ndtr(b), rho, b, t, -signs * variance * rho / t, gain)


def hazard(b: np.ndarray) -> np.ndarray:
    """Return the normal density over the normal distribution function, exact in both tails."""
    # erfcx overflows to infinity far right, which gives the hazard 0 that it should.
    return np.sqrt(2.0 / np.pi) / erfcx(-np.asarray(b, dtype=float) / np.sqrt(2.0))


def shrinkage(b: np.ndarray) -> np.ndarray:
    """Return 1 - rho (b + rho): what a hard threshold leaves of the variance, 0 to 1."""
    b = np.asarray(b, dtype=float)
    near = np.maximum(b, FAR)
    rho = hazard(near)
    inverse = 1.0 / np.minimum(b, FAR) ** 2
    series = inverse * (1.0 - 6.0 * inverse + 50.0 * inverse**2)
    return np.where(b < FAR, series, np.clip(1.0 - rho * (near + rho), 0.0, 1.0))
