# SPDX-License-Identifier: Apache-2.0
"""How far two sets of draws are apart, by the mean of a kernel within and between them.

Gretton et al. (2012): MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y), 0 for equal distributions.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Kernel = Callable[[Tensor], Tensor]  # of squared distances
MULTIQUADRICS = ((0.2, 0.1), (0.2, 0.5), (0.2, 2.0))  # (C, a) of Kruse et al. (2021)


def squared_mmd(x: Tensor, y: Tensor, kernel: Kernel, *, unbiased: bool) -> Tensor:
    """Return an estimate of MMD^2, a scalar.

    The biased one averages all pairs, those of a row with itself too, and is above zero for draws
    of one distribution; the unbiased one leaves these out, and may be below zero.

    Args:
        x: (n, D) draws of one distribution.
        y: (m, D) draws of the other.
        kernel: maps squared distances to similarities.
        unbiased: leave out the pairs of a row with itself.
    """
    within = _within(x, kernel, unbiased) + _within(y, kernel, unbiased)
    return within - 2 * kernel(squared_distances(x, y)).mean()


def inverse_multiquadrics(parameters: Sequence[tuple[float, float]] = MULTIQUADRICS) -> Kernel:
    """Return the sum of C^a ((C + d^2) / a)^-a over all (C, a); at zero it is the sum of a^a."""

    def kernel(squared: Tensor) -> Tensor:
        terms = [C**a * ((C + squared) / a) ** -a for C, a in parameters]
        return torch.stack(terms).sum(0)

    return kernel


def gaussian(length: float) -> Kernel:
    """Return exp(-d^2 / (2 length^2))."""
    return lambda squared: torch.exp(squared / (-2 * length**2))


def median_distance(x: Tensor) -> float:
    """Return the median of the distances between the rows of x (n, D)."""
    return float(torch.pdist(x).median())


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """Return |x_i - y_j|^2 (n, m), never below zero."""
    squared = x.square().sum(1)[:, None] + y.square().sum(1) - 2 * x @ y.T
    return squared.clamp_min(0.0)


def _within(x: Tensor, kernel: Kernel, unbiased: bool) -> Tensor:
    similar = kernel(squared_distances(x, x))
    if not unbiased:
        return similar.mean()
    return (similar.sum() - similar.diagonal().sum()) / (len(x) * (len(x) - 1))
