# SPDX-License-Identifier: Apache-2.0
"""What the draws of one model for one point are worth, by the measures of the source.

Its truth for a point are draws of the prior whose tips are at most 0.05 m off, and its estimate of
the distance to it is above zero for the truth itself. Exact draws miss that truth, too, most where
the arm is nearly stretched: blurred draws come nearer to it.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.spatial import ConvexHull

from vi_ik_ros.benchmarks.planar_inverse.measures.two_samples import source_kernel
from vi_ik_ros.benchmarks.planar_inverse.planar_arm import PlanarArm, PosteriorDraws
from vi_ik_ros.sampling.inference.estimates.maximum_mean_discrepancy import squared_mmd

NUM_DRAWS = 100  # M, for each point
RADIUS = 0.05  # [m], of the rejection
NEAREST = 0.97  # of the points that a hull is put around


@dataclass(frozen=True)
class SourcePoint:
    """A point and draws of the truth for it; empty where the prior reaches it too rarely.

    Attributes:
        target: (2,) [m].
        near: (M, D), whose tips are at most `RADIUS` off, as the source has them.
        again: (M, D), further ones.
        exact: (M, D), whose tips are at the target.
    """

    target: np.ndarray
    near: np.ndarray
    again: np.ndarray
    exact: np.ndarray

    @property
    def known(self) -> bool:
        """Tell whether there is a truth."""
        return len(self.near) > 0


@dataclass(frozen=True)
class SourceFigures:
    """Figures of one model for one point.

    Attributes:
        biased: biased MMD^2 against the source's truth; NaN without one.
        resimulation: half of the mean of |F(x) - y|^2 [m^2].
        resimulation_refined: the same after one Newton step.
    """

    biased: float
    resimulation: float
    resimulation_refined: float


def find_point(
    near: PosteriorDraws,
    exact: PosteriorDraws,
    target: np.ndarray,
    num_draws: int,
    rng: np.random.Generator,
) -> SourcePoint:
    """Return a point with M = `num_draws` draws of each kind, taken from two sets."""
    around, hits = near.within(target, RADIUS, rng), exact.exact(target, num_draws, rng)
    enough = len(around) >= 2 * num_draws and len(hits) >= num_draws
    M = num_draws if enough else 0
    # Copies, as a view would keep all that was drawn.
    return SourcePoint(target, around[:M].copy(), around[M : 2 * M].copy(), hits[:M].copy())


def measure_as_source(arm: PlanarArm, point: SourcePoint, q: np.ndarray) -> SourceFigures:
    """Measure draws q (M, D) of a model for a point."""
    refined = arm.newton_step(q, np.broadcast_to(point.target, (len(q), 2)))
    return SourceFigures(
        biased=biased(q, point.near) if point.known else np.nan,
        resimulation=resimulation(arm, q, point.target),
        resimulation_refined=resimulation(arm, refined, point.target),
    )


def biased(one: np.ndarray, other: np.ndarray) -> float:
    """Return the source's e_posterior between two sets of draws (M, D)."""
    pair = torch.from_numpy(one), torch.from_numpy(other)
    return float(squared_mmd(*pair, source_kernel, unbiased=False))


def resimulation(arm: PlanarArm, q: np.ndarray, target: np.ndarray) -> float:
    """Return the source's e_resim [m^2] of draws q (M, D): a mean over coordinates, too."""
    return float(0.5 * ((arm.tips(q) - target) ** 2).sum(1).mean())


def hull(arm: PlanarArm, q: np.ndarray, target: np.ndarray) -> tuple[float, float]:
    """Return area [m^2] and perimeter [m] of the hull of the tips nearest to a target."""
    around = ConvexHull(nearest_tips(arm, q, target))
    return float(around.volume), float(around.area)  # scipy's words for 3-D


def nearest_tips(arm: PlanarArm, q: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the tips (m, 2) that the hull is put around."""
    tips = arm.tips(q)
    distance = np.linalg.norm(tips - target, axis=1)
    return tips[distance.argsort()[: int(NEAREST * len(tips))]]
