# SPDX-License-Identifier: Apache-2.0
"""What an optimiser sees of an episode."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
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

    def __post_init__(self) -> None:
        """Refuse shapes and labels that contradict each other, and numbers that are none."""
        num_factors = len(self.constraints)
        for name in ("kept", "fired"):
            if np.shape(getattr(self, name)) != (num_factors,):
                raise _refused(name, np.shape(getattr(self, name)), f"shape ({num_factors},)")
        if np.ndim(self.x) != 1 or not np.isfinite(self.x).all():
            raise _refused("x", self.x, "finite numbers, one for each parameter")
        if np.isinf(self.costs).any():
            raise _refused("costs", self.costs, "finite numbers, NaN where none was measured")
        if not np.isin(self.kept[~np.isnan(self.kept)], (0.0, 1.0)).all():
            raise _refused("kept", self.kept, "1, 0, or NaN where nothing is known")
        last, end = self.last_primitive, len(self.costs)
        if not 0 <= last <= end or self.success != (last == end):
            expected = f"{end} on success, 0 to {end - 1} on failure"
            raise _refused("last_primitive", last, expected)
        if self.success and np.any(self.fired):
            raise _refused("fired", self.fired, "no factor on success")

    @property
    def num_primitives(self) -> int:
        """Return n_V."""
        return len(self.costs)

    @classmethod
    def of(cls, episode: Episode, problem: Problem) -> Self:
        """Take what matters from the record of a valid episode.

        Raises:
            InvalidInput: a number in it cannot be learned from.
        """
        _check_numbers(episode)
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


def _check_numbers(episode: Episode) -> None:
    """Refuse a success without a cost, and constraints beyond all numbers."""
    if episode.success and not np.isfinite(episode.cost):
        raise InvalidInput("episode.cost", episode.cost, "a number, since it succeeded")
    for one in episode.primitives:
        if one.outcome is Outcome.SUCCESS and not np.isfinite(one.score):
            expected = "a number, since the primitive succeeded"
            raise InvalidInput(f"episode.primitives.{one.name}.score", one.score, expected)
    for factor in episode.factors:
        if np.isinf(factor.constraint):
            expected = "a finite number, NaN where none was measured"
            raise InvalidInput(
                f"episode.factors.{factor.name}.constraint", factor.constraint, expected
            )


def _refused(name: str, value: object, expected: str) -> InvalidInput:
    return InvalidInput(f"outcome.{name}", value, expected)
