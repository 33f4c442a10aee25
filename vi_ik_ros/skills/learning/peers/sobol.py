# SPDX-License-Identifier: Apache-2.0
"""Scrambled Sobol points: what is reached without any model."""

import numpy as np

from vi_ik_ros.skills.learning.initial_design import initial_points
from vi_ik_ros.skills.learning.optimizer import Recommendation, Suggestion
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome
from vi_ik_ros.skills.learning.peers.monolithic.history import History
from vi_ik_ros.skills.learning.peers.monolithic.optimizer import Settings
from vi_ik_ros.skills.learning.problem import Problem


class Sobol:
    """The sequence whose first points are every method's initial ones.

    Information: the cost of successful episodes. Without a model it can state no probability: it
    recommends the cheapest success, before the first one the episode that got farthest.

    Args:
        problem: the skill.
        seed: of the scrambling.
        settings: what is left open.
        safe_point: (n_xi,) known to succeed, for the first episode, or None.
    """

    def __init__(
        self,
        problem: Problem,
        seed: int,
        settings: Settings | None = None,
        *,
        safe_point: np.ndarray | None = None,
    ) -> None:
        self._problem, self._seed = problem, seed
        self._settings = settings or Settings()
        self._safe_point = safe_point
        self._outcomes: list[EpisodeOutcome] = []

    def observe(self, outcome: EpisodeOutcome) -> None:
        """Take one more outcome."""
        self._outcomes.append(outcome)

    def suggest(self) -> Suggestion:
        """Return the next point of the sequence."""
        n = len(self._outcomes)
        return Suggestion(
            self._point(n), float("nan"), "sobol" if n >= self._settings.num_initial else "initial"
        )

    def recommend(self, required_probability: float) -> Recommendation:
        """Return the cheapest success so far, whatever probability is required."""
        unknown = float("nan")
        if not self._outcomes:
            return Recommendation(self._point(0), unknown, unknown, False)
        history = History.of(self._outcomes, self._problem)
        best = history.best
        if best is None:
            return Recommendation(history.x[history.farthest], unknown, unknown, False)
        return Recommendation(history.x[best], unknown, float(history.cost[best]), False)

    def _point(self, n: int) -> np.ndarray:
        """Return the point (n_xi,) of episode n."""
        d = self._problem.num_parameters
        return initial_points(d, self._seed, n + 1, safe_point=self._safe_point)[n]
