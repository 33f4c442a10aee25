# SPDX-License-Identifier: Apache-2.0
"""Intervals of 95 % for rates, and for statistics of paired runs."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest, wilcoxon

LEVEL = 0.95
NUM_RESAMPLES = 2000
TAIL = 100.0 * (1.0 - LEVEL) / 2.0  # [%]


@dataclass(frozen=True)
class Estimate:
    """A figure with the ends of its interval."""

    value: float
    lower: float
    upper: float


def rate(successes: np.ndarray) -> Estimate:
    """Return the share of successes (n,) with its Wilson interval."""
    count, n = int(np.sum(successes)), len(successes)
    interval = binomtest(count, n).proportion_ci(LEVEL, method="wilson")
    return Estimate(count / n, interval.low, interval.high)


def paired(
    ours: np.ndarray,
    theirs: np.ndarray,
    statistic: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> Estimate:
    """Return a statistic of two paired samples; whole pairs are resampled for its interval.

    Args:
        ours: (n,) a value for each seed.
        theirs: (n,) for the same seeds.
        statistic: of two arrays (..., n) along their last axis.
    """
    picked = np.random.default_rng(0).integers(len(ours), size=(NUM_RESAMPLES, len(ours)))
    again = statistic(ours[picked], theirs[picked])
    lower, upper = np.nanpercentile(again, [TAIL, 100.0 - TAIL])
    return Estimate(float(statistic(ours, theirs)), float(lower), float(upper))


def median_ratio(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Return the ratio of the medians (...) of two samples (..., n)."""
    return np.median(ours, axis=-1) / np.maximum(np.median(theirs, axis=-1), 1e-12)


def mean_difference(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Return the difference of the means (...) of two samples (..., n)."""
    return np.mean(ours, axis=-1) - np.mean(theirs, axis=-1)


def wilcoxon_p(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the p-value of ours (n,) being less than theirs (n,), pair by pair."""
    if np.array_equal(ours, theirs):
        return 1.0
    return float(wilcoxon(ours, theirs, alternative="less").pvalue)
