# SPDX-License-Identifier: Apache-2.0
"""What the draws of one model for one point are worth, against exact draws."""

from dataclasses import dataclass

import numpy as np

from vi_ik_ros.benchmarks.planar_inverse.measures.two_samples import Draws
from vi_ik_ros.benchmarks.planar_inverse.planar_arm import PlanarArm, PosteriorDraws


@dataclass(frozen=True)
class Truth:
    """Draws of the truth for one point.

    Attributes:
        target: (2,) [m].
        exact: M draws whose tips are at the target.
        again: (M, D), further ones.
    """

    target: np.ndarray
    exact: Draws
    again: np.ndarray


@dataclass(frozen=True)
class Measured:
    """Figures of one model for one point.

    Attributes:
        unbiased: MMD^2 with the source's kernel.
        unbiased_multiquadrics: with the kernels of Kruse et al. (2021).
        unbiased_median: with a Gaussian kernel of the median distance.
        told_apart: draws that a classifier tells from exact ones [%].
        wasserstein: mean over joints [rad].
        unbiased_refined: MMD^2 with the source's kernel after one Newton step.
    """

    unbiased: float
    unbiased_multiquadrics: float
    unbiased_median: float
    told_apart: float
    wasserstein: float
    unbiased_refined: float


def find_truth(
    posterior: PosteriorDraws, target: np.ndarray, num_draws: int, rng: np.random.Generator
) -> Truth | None:
    """Return the truth for a point; None where the prior reaches it too rarely."""
    exact = posterior.exact(target, 2 * num_draws, rng)
    if len(exact) < 2 * num_draws:
        return None
    # Copies, as a view would keep all that was drawn.
    exact = exact[: 2 * num_draws].copy()
    return Truth(target, Draws(exact[:num_draws]), exact[num_draws:])


def measure(arm: PlanarArm, truth: Truth, q: np.ndarray) -> Measured:
    """Measure draws q (M, D) of a model for the point of a truth."""
    unbiased = truth.exact.unbiased(q)
    refined = arm.newton_step(q, np.broadcast_to(truth.target, (len(q), 2)))
    return Measured(
        unbiased=unbiased["source"],
        unbiased_multiquadrics=unbiased["multiquadrics"],
        unbiased_median=unbiased["median"],
        told_apart=truth.exact.told_apart(q),
        wasserstein=truth.exact.wasserstein(q),
        unbiased_refined=truth.exact.unbiased(refined)["source"],
    )
