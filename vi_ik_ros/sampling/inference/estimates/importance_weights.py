# SPDX-License-Identifier: Apache-2.0
"""Weights of draws that came from another density: the mass of p~, and how far to trust it."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import logsumexp

from vi_ik_ros.exceptions import InvalidInput


@dataclass(frozen=True)
class Estimate:
    """A figure and its standard error, 0 where it is exact."""

    value: float
    stderr: float = 0.0


@dataclass(frozen=True, eq=False)
class ImportanceWeights:
    """Unnormalised weights w = p~ / (density that the points were drawn from), as logs (N,)."""

    log_weights: np.ndarray

    @cached_property
    def shares(self) -> np.ndarray:
        """Return the weights divided by their sum, (N,)."""
        highest = self.log_weights.max()
        if not np.isfinite(highest):
            expected = "a target density above 0 at one draw at least"
            raise InvalidInput("log_weights", f"a maximum of {highest}", expected)
        weights = np.exp(self.log_weights - highest)
        return weights / weights.sum()

    @property
    def log_normalizer(self) -> Estimate:
        """Return log of the mean weight; the weights' tail decides how far to trust the error."""
        relative = len(self.shares) * self.shares  # mean 1
        log_mean = logsumexp(self.log_weights) - math.log(len(relative))
        return Estimate(float(log_mean), mean(relative).stderr)

    @property
    def effective_sample_size(self) -> float:
        """Return (sum w)^2 / sum w^2, between 1 and N."""
        return float(1.0 / np.square(self.shares).sum())

    @property
    def largest_share(self) -> float:
        """Return how much of the sum is due to one weight."""
        return float(self.shares.max())

    @property
    def pareto_shape(self) -> float:
        """Return the shape k-hat of a generalised Pareto fitted to the largest weights.

        Above 0.5 the weights' variance is infinite; above 0.7 averages of w cannot be trusted.
        Averages of sqrt(w) and min(1, w / Z) still can. NaN below 25 draws.
        """
        from scipy.stats import genpareto  # A second to import, and only this figure needs it.

        size = int(min(0.2 * len(self.shares), 3.0 * math.sqrt(len(self.shares))))
        if size < 5:
            return math.nan
        largest = np.partition(self.shares, -size - 1)[-size - 1 :]
        excess = np.sort(largest)[1:] - largest.min()
        if excess[-1] <= 1e-12 * largest.max():
            return 0.0  # All the same: no tail.
        return float(genpareto.fit(excess / excess.mean(), floc=0.0)[0])


def uniform_weights(log_target: np.ndarray, volume: float) -> ImportanceWeights:
    """Weigh uniform draws of a box.

    Args:
        log_target: (N,) log p~ of the draws.
        volume: of the box, which must hold all of p~.
    """
    return ImportanceWeights(log_target + math.log(volume))


def defensive_weights(
    log_target: np.ndarray,
    log_model: np.ndarray,
    inside: np.ndarray,
    volume: float,
    model_share: float = 0.5,
) -> ImportanceWeights:
    """Weigh draws of the mixture of q and the uniform density of a box.

    The uniform part bounds the weights, wherever q has no mass. Draws may be stratified (so many of
    each part); the standard errors are then on the safe side.

    Args:
        log_target: (N,) log p~ of the draws.
        log_model: (N,) log q of them.
        inside: (N,) bool, whether they lie in the box, which must hold all of p~.
        volume: of the box.
        model_share: share of the draws that come from q.
    """
    log_uniform = np.where(inside, math.log1p(-model_share) - math.log(volume), -np.inf)
    return ImportanceWeights(
        log_target - np.logaddexp(math.log(model_share) + log_model, log_uniform)
    )


def mean(values: np.ndarray) -> Estimate:
    """Return the mean of independent values and its standard error."""
    return Estimate(float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values))))
