# SPDX-License-Identifier: Apache-2.0
"""How well two sets of draws can be told apart: kernels, a classifier, transport along each joint.

What is worked out for one set alone is kept with it, as one set is compared with many.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy.spatial import cKDTree
from scipy.stats import wasserstein_distance
from torch import Tensor

from vi_ik_ros.sampling.inference.estimates.maximum_mean_discrepancy import (
    Kernel,
    gaussian,
    inverse_multiquadrics,
    median_distance,
    squared_distances,
)

KERNEL_LENGTH = 1.2  # of the source's kernel


def source_kernel(squared: Tensor) -> Tensor:
    """Return h^2 / (h^2 + d): the source does not square the distance d."""
    # No gradient is taken, so the root at zero does no harm.
    return KERNEL_LENGTH**2 / (KERNEL_LENGTH**2 + squared.sqrt())


@dataclass(frozen=True)
class Draws:
    """Draws of the truth, and what comparisons with them have in common.

    Attributes:
        q: (M, D).
    """

    q: np.ndarray

    def unbiased(self, other: np.ndarray) -> dict[str, float]:
        """Return unbiased estimates of MMD^2 from other draws (n, D), by kernel.

        `source`: the source's kernel; `multiquadrics`: those of Kruse et al. (2021); `median`: a
        Gaussian as wide as the median distance between draws of the truth.
        """
        rows = torch.from_numpy(other)
        within = _means_within(rows, self._kernels)
        squared = squared_distances(rows, torch.from_numpy(self.q))
        return {
            name: within[name] + self._within[name] - 2 * float(kernel(squared).mean())
            for name, kernel in self._kernels.items()
        }

    def wasserstein(self, other: np.ndarray) -> float:
        """Return the mean over joints of the distance that mass must be moved by [rad]."""
        columns = zip(self.q.T, other.T, strict=True)
        return float(np.mean([wasserstein_distance(one, two) for one, two in columns]))

    def told_apart(self, other: np.ndarray) -> float:
        """Return the share [%] of draws that a classifier puts to the right set; 50 by chance.

        Neighbours vote, as many as the root of the rows that vote (Lopez-Paz, Oquab 2017); one
        half of each set votes, the other half is judged.

        Args:
            other: (M, D) draws, as many as those of the truth.
        """
        rows = (
            np.concatenate([self.q[::2], other[::2]]),
            np.concatenate([self.q[1::2], other[1::2]]),
        )
        scale = rows[0].std(0)
        ours = np.arange(len(rows[0])) < len(self.q[::2])
        truth = np.arange(len(rows[1])) < len(self.q[1::2])
        voters = int(np.sqrt(len(ours))) // 2 * 2 + 1  # odd: no draw
        _, nearest = cKDTree(rows[0] / scale).query(rows[1] / scale, k=voters)
        return 100 * float(((ours[nearest].mean(1) > 0.5) == truth).mean())

    @cached_property
    def _kernels(self) -> Mapping[str, Kernel]:
        width = median_distance(torch.from_numpy(self.q))
        multiquadrics = inverse_multiquadrics()
        return {"source": source_kernel, "multiquadrics": multiquadrics, "median": gaussian(width)}

    @cached_property
    def _within(self) -> Mapping[str, float]:
        return _means_within(torch.from_numpy(self.q), self._kernels)


def _means_within(rows: Tensor, kernels: Mapping[str, Kernel]) -> dict[str, float]:
    """Return the mean of each kernel over pairs of different rows (n, D)."""
    squared = squared_distances(rows, rows)
    pairs = len(rows) * (len(rows) - 1)
    means = {}
    for name, kernel in kernels.items():
        similar = kernel(squared)
        means[name] = float(similar.sum() - similar.diagonal().sum()) / pairs
    return means
