# SPDX-License-Identifier: Apache-2.0
"""Outcomes as arrays over all parameters, with nothing said of primitives and factors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from vi_ik_ros.skills.learning.outcome import EpisodeOutcome
from vi_ik_ros.skills.learning.problem import Problem


@dataclass(frozen=True)
class History:
    """What a rival sees of the episodes so far.

    Attributes:
        x: (n, n_xi) in the unit cube.
        success: (n,) bool, of the whole skill.
        cost: (n,) of the whole skill; NaN on failure.
        violation: (n,) largest constraint of all factors that were measured, at most 0 on success,
            more than 0 on failure; NaN where nothing that explains the label was measured.
        progress: (n,) index of the primitive that ended the episode.
    """

    x: np.ndarray
    success: np.ndarray
    cost: np.ndarray
    violation: np.ndarray
    progress: np.ndarray

    @classmethod
    def of(cls, outcomes: Sequence[EpisodeOutcome], problem: Problem) -> Self:
        """Stack outcomes in their order."""
        x = np.array([one.x for one in outcomes], dtype=float)
        return cls(
            x=x.reshape(len(outcomes), problem.num_parameters),
            success=np.array([one.success for one in outcomes], dtype=bool),
            cost=np.array([one.cost(problem.weights) for one in outcomes], dtype=float),
            violation=np.array([_violation(one) for one in outcomes], dtype=float),
            progress=np.array([one.last_primitive for one in outcomes], dtype=int),
        )

    def __len__(self) -> int:
        return len(self.x)

    def first(self, n: int) -> Self:
        """Return the first n episodes."""
        return type(self)(
            self.x[:n], self.success[:n], self.cost[:n], self.violation[:n], self.progress[:n]
        )

    @property
    def best(self) -> int | None:
        """Return the index of the cheapest success; None without a success."""
        return int(np.nanargmin(self.cost)) if self.success.any() else None

    @property
    def farthest(self) -> int:
        """Return the index of the latest episode that got farthest."""
        return int(np.flatnonzero(self.progress == self.progress.max())[-1])

    def completed_violation(self) -> np.ndarray:
        """Return violations (n,) without gaps.

        A failure of which no violation was measured counts as the median of those that were, a
        success without a metric as the median of successes; where there is none, as 1 and -1.
        """
        known = ~np.isnan(self.violation)
        filled = self.violation.copy()
        for group, usual in ((self.success, -1.0), (~self.success, 1.0)):
            some = group & known
            filled[group & ~known] = np.median(self.violation[some]) if some.any() else usual
        return filled


def _violation(outcome: EpisodeOutcome) -> float:
    """Return the largest constraint that was measured; NaN if it contradicts the label."""
    measured = outcome.constraints[np.isfinite(outcome.constraints)]
    largest = float(measured.max()) if len(measured) else float("nan")
    if outcome.success:
        return min(largest, 0.0)
    return largest if largest > 0.0 else float("nan")
