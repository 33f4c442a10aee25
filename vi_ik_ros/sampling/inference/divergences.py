# SPDX-License-Identifier: Apache-2.0
"""How far a normalised model q is from an unnormalised target p~: on a grid, or from draws.

The Bhattacharyya coefficient BC = int sqrt(p q) and the overlap int min(p, q) lie between 0
(nothing in common) and 1 (equal). Everything takes log densities of the same points, numpy arrays;
whoever calls has drawn the points. Draws of q must be those of its `log_prob`: none redrawn.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.inference.estimates.importance_weights import Estimate, mean


@dataclass(frozen=True)
class GridDivergences:
    """Figures summed over the cells of a grid; q is not renormalised.

    Attributes:
        bhattacharyya: int sqrt(p q).
        overlap: int min(p, q).
        reverse_kl: int q log(q / p) over the grid.
        elbo: int q log(p~ / q) over the grid.
        log_normalizer: log int p~.
        mass: int q; what is missing from 1 lies outside the grid, or between its points.
    """

    bhattacharyya: float
    overlap: float
    reverse_kl: float
    elbo: float
    log_normalizer: float
    mass: float

    @property
    def squared_hellinger(self) -> float:
        """Return int (sqrt p - sqrt q)^2 = 2 (1 - BC), the D of the paper's tables."""
        return 2.0 * (1.0 - self.bhattacharyya)

    @property
    def renyi_half(self) -> float:
        """Return the Renyi divergence of order 1/2, -2 log BC."""
        return -2.0 * math.log(self.bhattacharyya) if self.bhattacharyya > 0.0 else math.inf


@dataclass(frozen=True)
class SampledDivergences:
    """Figures estimated from draws.

    Attributes:
        bhattacharyya: int sqrt(p q).
        overlap: int min(p, q).
        reverse_kl: int q log(q / p); trust it only where `pareto_shape` of the weights is low.
        log_normalizer: log int p~, as it was given or estimated.
    """

    bhattacharyya: Estimate
    overlap: Estimate
    reverse_kl: Estimate
    log_normalizer: Estimate

    @property
    def squared_hellinger(self) -> Estimate:
        """Return 2 (1 - BC); slightly negative values are noise."""
        return Estimate(2.0 * (1.0 - self.bhattacharyya.value), 2.0 * self.bhattacharyya.stderr)

    @property
    def renyi_half(self) -> Estimate:
        """Return -2 log BC; its relative error is large below a BC of 0.1."""
        value, stderr = self.bhattacharyya.value, self.bhattacharyya.stderr
        if value <= 0.0:
            return Estimate(math.inf, math.inf)
        return Estimate(-2.0 * math.log(value), 2.0 * stderr / value)


def grid_divergences(
    log_target: np.ndarray, log_model: np.ndarray, cell_volume: float
) -> GridDivergences:
    """Compare p~ and q on the midpoints of equal cells.

    Args:
        log_target: log p~ of every cell, any shape.
        log_model: log q of every cell, the same shape.
        cell_volume: of one cell.

    Raises:
        InvalidInput: The target is 0 in every cell.
    """
    log_cell = math.log(cell_volume)
    log_normalizer = float(logsumexp(log_target) + log_cell)
    if not math.isfinite(log_normalizer):
        raise InvalidInput("log_target", log_normalizer, "a density above 0 somewhere on the grid")
    log_p, log_q = log_target - log_normalizer, log_model
    q = np.exp(log_q)
    inside = q > 0.0
    mass = float(q.sum() * cell_volume)
    ratio = log_q[inside] - log_p[inside]
    reverse_kl = float((q[inside] * ratio).sum() * cell_volume)
    return GridDivergences(
        bhattacharyya=float(np.exp(0.5 * (log_p + log_q)).sum() * cell_volume),
        overlap=float(np.exp(np.minimum(log_p, log_q)).sum() * cell_volume),
        reverse_kl=reverse_kl,
        elbo=log_normalizer * mass - reverse_kl,
        log_normalizer=log_normalizer,
        mass=mass,
    )


def one_sided_divergences(
    log_target: np.ndarray, log_model: np.ndarray, log_normalizer: Estimate
) -> SampledDivergences:
    """Estimate from draws of q alone, with a known log Z: BC = E_q[sqrt(p / q)].

    The variance of sqrt(p / q) is at most 1 - BC^2 in any dimension. The error of log Z is part of
    the errors. Do not estimate log Z from the same draws: they miss the modes that q misses, and
    BC would come out too high.

    Args:
        log_target: (N,) log p~ of N draws of q.
        log_model: (N,) log q of the same.
        log_normalizer: log Z.
    """
    log_ratio = log_target - log_model - log_normalizer.value  # log p / q
    root = mean(np.exp(0.5 * log_ratio))
    overlap, below = _overlap(log_ratio)
    return SampledDivergences(
        bhattacharyya=_widened(root, 0.5 * root.value * log_normalizer.stderr),
        overlap=_widened(mean(overlap), below * log_normalizer.stderr),
        reverse_kl=_widened(mean(-log_ratio), log_normalizer.stderr),
        log_normalizer=log_normalizer,
    )


def two_sided_divergences(
    model_draws: tuple[np.ndarray, np.ndarray], target_draws: tuple[np.ndarray, np.ndarray]
) -> SampledDivergences:
    """Estimate from draws of q and draws of p; log Z is found on the way (geometric bridge).

    BC^2 = E_q[sqrt(p~ / q)] E_p[sqrt(q / p~)] and Z is the quotient of the same two.

    Args:
        model_draws: log p~ (N,) and log q (N,) of independent draws of q.
        target_draws: log p~ (M,) and log q (M,) of independent draws of p.
    """
    at_q, at_p = (log_target - log_model for log_target, log_model in (model_draws, target_draws))
    root_q, log_a = _relative(0.5 * at_q)
    root_p, log_b = _relative(-0.5 * at_p)
    bhattacharyya, log_normalizer = math.exp(0.5 * (log_a + log_b)), log_a - log_b
    overlap_q, below_q = _overlap(at_q - log_normalizer)
    overlap_p, below_p = _overlap(log_normalizer - at_p)
    slope = 0.5 * (below_p - below_q)  # of the overlap in log Z, which has the draws in common
    # Terms in (root - 1) have mean 0; they carry what the error of log Z does to each figure.
    overlap = _sum(
        0.5 * overlap_q + slope * (root_q - 1.0), 0.5 * overlap_p - slope * (root_p - 1.0)
    )
    return SampledDivergences(
        bhattacharyya=_sum(0.5 * bhattacharyya * root_q, 0.5 * bhattacharyya * root_p),
        overlap=overlap,
        reverse_kl=_sum(log_normalizer + root_q - 1.0 - at_q, 1.0 - root_p),
        log_normalizer=_sum(log_normalizer + root_q - 1.0, 1.0 - root_p),
    )


def _sum(*independent: np.ndarray) -> Estimate:
    """Return the sum of the means of independent values."""
    means = [mean(values) for values in independent]
    return Estimate(sum(m.value for m in means), math.hypot(*(m.stderr for m in means)))


def _relative(logs: np.ndarray) -> tuple[np.ndarray, float]:
    """Return exp(logs) divided by its mean, and the log of that mean."""
    log_mean = float(logsumexp(logs)) - math.log(len(logs))
    return np.exp(logs - log_mean), log_mean


def _overlap(log_ratio: np.ndarray) -> tuple[np.ndarray, float]:
    """Return min(1, r), and the part of its mean where r < 1: the mean's slope in log r."""
    ratio = np.exp(np.minimum(log_ratio, 0.0))
    return ratio, float(ratio[log_ratio < 0.0].sum() / len(ratio))


def _widened(estimate: Estimate, error: float) -> Estimate:
    """Add an independent error."""
    return Estimate(estimate.value, math.hypot(estimate.stderr, error))
