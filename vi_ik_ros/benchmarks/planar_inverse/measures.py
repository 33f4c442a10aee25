# SPDX-License-Identifier: Apache-2.0
"""What the draws of one model for one point are worth."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.spatial import ConvexHull
from torch import Tensor

from vi_ik_ros.benchmarks.planar_inverse.planar_arm import PlanarArm, PosteriorDraws
from vi_ik_ros.sampling.inference.estimates.maximum_mean_discrepancy import (
    Kernel,
    gaussian,
    inverse_multiquadrics,
    median_distance,
    squared_mmd,
)

FEW = 100  # draws of the source's estimator
RADIUS = 0.05  # [m], of its rejection
KERNEL_LENGTH = 1.2  # of its kernel
NEAREST = 0.97  # of the points that a hull is put around

Draw = Callable[[np.ndarray, int], np.ndarray]  # target (2,), number n -> configurations (n, D)


def source_kernel(squared: Tensor) -> Tensor:
    """Return h^2 / (h^2 + d): the source does not square the distance d."""
    # No gradient is taken, so the root at zero does no harm.
    return KERNEL_LENGTH**2 / (KERNEL_LENGTH**2 + squared.sqrt())


@dataclass(frozen=True)
class Truth:
    """Draws of the truth for one point.

    Attributes:
        target: (2,) [m].
        exact: (M, D), whose tips are at the target.
        again: (M, D), further ones.
        near: (2 m, D), whose tips are at most `RADIUS` off, as the source has them.
    """

    target: np.ndarray
    exact: np.ndarray
    again: np.ndarray
    near: np.ndarray


@dataclass(frozen=True)
class Measured:
    """Figures of one model for one point.

    Attributes:
        biased: MMD^2 as the source estimates it, of `FEW` draws against `FEW`.
        unbiased: MMD^2 of all draws, with the same kernel.
        unbiased_multiquadrics: with the kernels of Kruse et al. (2021).
        unbiased_median: with a Gaussian kernel of the median distance.
        resimulation: half of the mean of |F(x) - y|^2 [m^2].
        resimulation_refined: the same after one Newton step.
    """

    biased: float
    unbiased: float
    unbiased_multiquadrics: float
    unbiased_median: float
    resimulation: float
    resimulation_refined: float


def find_truth(
    posterior: PosteriorDraws, target: np.ndarray, num_draws: int, rng: np.random.Generator
) -> Truth | None:
    """Return the truth for a point; None where the prior reaches it too rarely."""
    exact = posterior.exact(target, 2 * num_draws, rng)
    near = posterior.within(target, RADIUS, rng)
    if len(exact) < 2 * num_draws or len(near) < 2 * FEW:
        return None
    near = near[: max(2 * FEW, len(near) // FEW * FEW)][: 2 * num_draws]
    return Truth(target, exact[:num_draws], exact[num_draws : 2 * num_draws], near)


def measure(arm: PlanarArm, truth: Truth, q: np.ndarray) -> Measured:
    """Measure draws q (M, D) of a model for the point of a truth."""
    targets = np.broadcast_to(truth.target, (len(q), 2))
    median = median_distance(torch.from_numpy(truth.exact))
    return Measured(
        biased=_biased(q, truth.near),
        unbiased=_unbiased(q, truth.exact, source_kernel),
        unbiased_multiquadrics=_unbiased(q, truth.exact, inverse_multiquadrics()),
        unbiased_median=_unbiased(q, truth.exact, gaussian(median)),
        resimulation=_resimulation(arm, q, targets),
        resimulation_refined=_resimulation(arm, arm.newton_step(q, targets), targets),
    )


def floor(truth: Truth) -> float:
    """Return the source's estimate between two sets of the truth itself."""
    half = len(truth.near) // 2
    return _biased(truth.near[:half], truth.near[half:])


def hull(arm: PlanarArm, q: np.ndarray, target: np.ndarray) -> tuple[float, float]:
    """Return area [m^2] and perimeter [m] of the hull of the tips nearest to a target."""
    tips = arm.tips(q)
    distance = np.linalg.norm(tips - target, axis=1)
    nearest = tips[distance.argsort()[: int(NEAREST * len(tips))]]
    around = ConvexHull(nearest)
    return float(around.volume), float(around.area)  # scipy's words for 3-D


def _biased(one: np.ndarray, other: np.ndarray) -> float:
    """Return the mean over blocks of `FEW` draws of each side."""
    count = min(len(one), len(other)) // FEW
    blocks = [slice(i * FEW, (i + 1) * FEW) for i in range(count)]
    values = [
        squared_mmd(
            torch.from_numpy(one[b]), torch.from_numpy(other[b]), source_kernel, unbiased=False
        )
        for b in blocks
    ]
    return float(torch.stack(values).mean())


def _unbiased(one: np.ndarray, other: np.ndarray, kernel: Kernel) -> float:
    return float(squared_mmd(torch.from_numpy(one), torch.from_numpy(other), kernel, unbiased=True))


def _resimulation(arm: PlanarArm, q: np.ndarray, targets: np.ndarray) -> float:
    return float(0.5 * ((arm.tips(q) - targets) ** 2).sum(1).mean())
