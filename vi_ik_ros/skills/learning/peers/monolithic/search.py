# SPDX-License-Identifier: Apache-2.0
"""Search for the highest score in the unit cube, also of scores that jump."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.skills.learning.initial_design import sobol_points

LOCAL_SCALES = (0.01, 0.3)  # of draws around points that were seen, log-uniform


@dataclass(frozen=True)
class Search:
    """Quasi-random points everywhere, random ones around known points, then around the best.

    Attributes:
        num_parameters: n_xi.
        num_candidates: half of them everywhere, half of them around known points.
        num_rounds: of draws around the best, each with a smaller spread.
        num_best: how many of the best are followed.
    """

    num_parameters: int
    num_candidates: int = 1024
    num_rounds: int = 4
    num_best: int = 4

    def maximise(
        self,
        score: Callable[[np.ndarray], np.ndarray],
        rng: np.random.Generator,
        known: np.ndarray,
    ) -> tuple[np.ndarray, float]:
        """Return the best point (n_xi,) found and its score, -inf if no score was a number.

        Args:
            score: of points (m, n_xi), (m,).
            rng: decides the draws.
            known: (k, n_xi) points worth looking around, themselves candidates; k at least 0.
        """
        points = self.candidates(rng, known)
        values = _numbers(score(points))
        for radius in 0.1 * 0.35 ** np.arange(self.num_rounds):
            best = np.argsort(-values, kind="stable")[: self.num_best]
            around = np.repeat(points[best], self.num_candidates // 16, axis=0)
            around = np.clip(around + radius * rng.standard_normal(around.shape), 0.0, 1.0)
            points = np.concatenate([points[best], around])
            values = np.concatenate([values[best], _numbers(score(around))])
        best_index = int(np.argmax(values))
        return points[best_index], float(values[best_index])

    def candidates(self, rng: np.random.Generator, known: np.ndarray) -> np.ndarray:
        """Return the points (m, n_xi) where a search begins."""
        half = self.num_candidates // 2 if len(known) else self.num_candidates
        everywhere = sobol_points(self.num_parameters, int(rng.integers(2**31)), half)
        if not len(known):
            return everywhere
        centres = known[rng.integers(len(known), size=half)]
        low, high = np.log(LOCAL_SCALES)
        spread = np.exp(rng.uniform(low, high, size=(half, 1)))
        around = np.clip(centres + spread * rng.standard_normal(centres.shape), 0.0, 1.0)
        return np.concatenate([known, everywhere, around])


def _numbers(values: np.ndarray) -> np.ndarray:
    """Read what is no number as the worst."""
    return np.where(np.isnan(values), -np.inf, values)
