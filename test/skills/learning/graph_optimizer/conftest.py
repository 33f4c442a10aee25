# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.skills.execution.parameters import ParameterSpace, SkillParameter
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome
from vi_ik_ros.skills.learning.problem import Problem


class ToySkill:
    """A skill of three primitives on paper: an approach, a search, an insertion."""

    names = ("approach", "gain", "search")
    adjacency = np.array([[1, 0, 0], [0, 1, 1], [0, 1, 0]], dtype=bool)
    scopes = np.array([[1, 0, 0], [0, 1, 1], [0, 1, 0]], dtype=bool)

    def problem(self, adjacency=None, activity=None) -> Problem:
        sides = (SkillParameter(name, "1", 0.0, 1.0, "linear", 0.5) for name in self.names)
        return Problem(
            space=ParameterSpace(tuple(sides)),
            primitives=("touch", "search", "insert"),
            factors=("impact", "loss", "ringing"),
            weights=np.full(3, 1.0 / 3.0),
            scopes=self.scopes,
            adjacency=self.adjacency if adjacency is None else adjacency,
            activity=np.eye(3, dtype=bool) if activity is None else activity,
        )

    def constraints(self, x: np.ndarray) -> np.ndarray:
        """Noise-free metrics (3,): not too hard, not too fast for the gain, not too stiff."""
        approach, gain, search = x
        return np.array([2.0 * (approach - 0.35), 1.5 * search - gain - 0.1, 2.0 * (gain - 0.7)])

    def costs(self, x: np.ndarray) -> np.ndarray:
        approach, gain, search = x
        return np.array([1.0 - approach, 1.0 - 0.8 * search, 0.6 - 0.4 * gain])

    def is_feasible(self, x: np.ndarray) -> bool:
        return bool((self.constraints(x) <= 0.0).all())

    def outcome(
        self, x: np.ndarray, rng: np.random.Generator, noise: float = 0.02
    ) -> EpisodeOutcome:
        """Play an episode: primitives one after another until a constraint is violated."""
        metrics = self.constraints(x) + noise * rng.standard_normal(3)
        violated = np.flatnonzero(metrics > 0.0)
        last = int(violated[0]) if len(violated) else 3
        order = np.arange(3)
        seen = np.where(order == last, np.minimum(metrics, 0.05), metrics)  # errors cut it off
        return EpisodeOutcome(
            x=x,
            success=last == 3,
            last_primitive=last,
            costs=np.where(order < last, self.costs(x), np.nan),
            constraints=np.where(order <= last, seen, np.nan),
            kept=np.where(order < last, 1.0, np.where(order == last, 0.0, np.nan)),
            fired=order == last,
        )

    def play(self, optimizer, num_episodes: int, seed: int = 0) -> list[EpisodeOutcome]:
        """Let an optimiser choose episodes."""
        rng = np.random.default_rng(seed)
        outcomes = []
        for _ in range(num_episodes):
            outcomes.append(self.outcome(optimizer.suggest().x, rng))
            optimizer.observe(outcomes[-1])
        return outcomes


@pytest.fixture(scope="session")
def toy() -> ToySkill:
    return ToySkill()
