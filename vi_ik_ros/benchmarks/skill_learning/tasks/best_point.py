# SPDX-License-Identifier: Apache-2.0
"""The optimum of the surrogate, by brute force."""

from dataclasses import dataclass

import numpy as np

from vi_ik_ros.benchmarks.skill_learning.tasks.surrogate import Surrogate

STEPS = 25  # of the grid along each side
ZOOMS = 10  # each onto two cells around the best point


@dataclass(frozen=True)
class BestPoint:
    """The cheapest parameters that are allowed.

    Attributes:
        x: (3,) in the unit cube.
        cost: without noise.
        probability: of success.
    """

    x: np.ndarray
    cost: float
    probability: float


def best_point(surrogate: Surrogate, required_probability: float | None = None) -> BestPoint:
    """Search a grid, then ever finer ones around its best point.

    Args:
        surrogate: what is optimised.
        required_probability: of success; None: what is feasible without noise is allowed.
    """
    low, high = np.zeros(3), np.ones(3)
    best = BestPoint(np.full(3, np.nan), np.inf, np.nan)
    for _ in range(ZOOMS):
        sides = [np.linspace(a, b, STEPS) for a, b in zip(low, high, strict=True)]
        x = np.stack([axis.ravel() for axis in np.meshgrid(*sides, indexing="ij")], axis=1)
        cost, allowed, probability = surrogate.truths(x)
        if required_probability is not None:
            allowed = probability >= required_probability
        k = int(np.argmin(np.where(allowed, cost, np.inf)))
        if allowed[k] and cost[k] <= best.cost:
            best = BestPoint(x[k], float(cost[k]), float(probability[k]))
        width = 2.0 * (high - low) / (STEPS - 1)
        low, high = np.clip(best.x - width, 0.0, 1.0), np.clip(best.x + width, 0.0, 1.0)
    return best
