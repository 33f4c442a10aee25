# SPDX-License-Identifier: Apache-2.0
"""What an optimiser sees of an episode."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from vi_ik_ros.skills.execution.episode import Episode, Outcome
from vi_ik_ros.skills.learning.problem import Problem


@dataclass(frozen=True)
class EpisodeOutcome:
    """One valid episode, Eq. (1.2): invalid ones never become outcomes.

    Attributes:
        x: (n_xi,) the parameters in the unit cube.
        success: whether the whole skill succeeded.
        last_primitive: index of the primitive that failed; n_V on success.
        costs: (n_V,) of primitives that succeeded, to be minimised, 0 to 1; NaN of the others.
        constraints: (n_g,) metrics of factors, feasible when at most 0; NaN where none was
            measured.
        kept: (n_g,) 1 for factors that were evaluated and kept, 0 for those that were violated, NaN
            for those of which nothing is known: not reached, or broken off without a violation.
        fired: (n_g,) bool, factors whose violation ended the episode; all False on success. Empty
            of True on a failure of unknown cause.
    """

    x: np.ndarray
    success: bool
    last_primitive: int
    costs: np.ndarray
    constraints: np.ndarray
    kept: np.ndarray
    fired: np.ndarray

    @property
    def num_primitives(self) -> int:
        """Return n_V."""
        return len(self.costs)

    @classmethod
    def of(cls, episode: Episode, problem: Problem) -> Self:
        """Take what matters from the record of a valid episode."""
        values = np.array([[episode.parameters[name] for name in problem.space.names]])
        succeeded = [one.outcome is Outcome.SUCCESS for one in episode.primitives]
        costs = [
            one.cost if ok else np.nan
            for one, ok in zip(episode.primitives, succeeded, strict=True)
        ]
        failed = not episode.success
        active = np.zeros(len(problem.factors), dtype=bool)
        if failed:
            active = problem.activity[episode.last_primitive].astype(bool)
        known = {None: np.nan, True: 1.0, False: 0.0}
        return cls(
            x=problem.space.to_unit(values)[0],
            success=episode.success,
            last_primitive=episode.last_primitive,
            costs=np.array(costs),
            constraints=np.array([factor.constraint for factor in episode.factors]),
            kept=np.array([known[factor.ok] for factor in episode.factors]),
            fired=active & np.array([factor.ok is False for factor in episode.factors]),
        )

    def cost(self, weights: np.ndarray) -> float:
        """Return the weighted mean of the primitives' costs; NaN unless success.

        Args:
            weights: (n_V,) of the problem.
        """
        if not self.success:
            return float("nan")
        counted = ~np.isnan(self.costs) & (weights > 0.0)
        total = float(weights[counted].sum())
        return float(weights[counted] @ self.costs[counted] / total) if total > 0.0 else 0.0
