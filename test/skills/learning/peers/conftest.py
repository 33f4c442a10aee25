# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from vi_ik_ros.skills.execution.parameters import ParameterSpace, SkillParameter
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome
from vi_ik_ros.skills.learning.problem import Problem

NAN = float("nan")


class ToySkill:
    """Two primitives on paper: not too fast, then into a disc; about 4 % of the cube succeed."""

    safe = np.array([0.1, 0.6, 0.4])

    def problem(self) -> Problem:
        sides = (SkillParameter(name, "1", 0.0, 1.0, "linear", 0.5) for name in ("a", "b", "c"))
        return Problem(
            space=ParameterSpace(tuple(sides)),
            primitives=("touch", "insert"),
            factors=("impact", "miss"),
            weights=np.array([0.5, 0.5]),
            scopes=np.array([[True, False, False], [False, True, True]]),
            adjacency=np.array([[True, False, False], [False, True, True]]),
            activity=np.eye(2, dtype=bool),
        )

    def constraints(self, x: np.ndarray) -> np.ndarray:
        return np.array([3.0 * (x[0] - 0.35), 3.0 * (np.hypot(x[1] - 0.6, x[2] - 0.4) - 0.25)])

    def is_feasible(self, x: np.ndarray) -> bool:
        return bool((self.constraints(x) <= 0.0).all())

    def outcome(self, x: np.ndarray, rng: np.random.Generator) -> EpisodeOutcome:
        metrics = self.constraints(x) + 0.02 * rng.standard_normal(2)
        costs = np.array([1.0 - 2.0 * x[0], abs(x[1] - 0.5)]) + 0.01 * rng.standard_normal(2)
        violated = np.flatnonzero(metrics > 0.0)
        last = int(violated[0]) if len(violated) else 2
        order = np.arange(2)
        return EpisodeOutcome(
            x=x,
            success=last == 2,
            last_primitive=last,
            costs=np.where(order < last, costs, NAN),
            constraints=np.where(order <= last, metrics, NAN),
            kept=np.where(order < last, 1.0, np.where(order == last, 0.0, NAN)),
            fired=order == last,
        )

    def play(self, optimizer, num_episodes: int, seed: int = 0) -> list[EpisodeOutcome]:
        rng = np.random.default_rng(seed)
        outcomes = []
        for _ in range(num_episodes):
            outcomes.append(self.outcome(optimizer.suggest().x, rng))
            optimizer.observe(outcomes[-1])
        return outcomes


@pytest.fixture(scope="session")
def toy() -> ToySkill:
    return ToySkill()


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
