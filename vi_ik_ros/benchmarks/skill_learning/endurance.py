# SPDX-License-Identifier: Apache-2.0
"""What optimisers do with many episodes of the same parameters that contradict each other."""

import time
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.benchmarks.report import Row
from vi_ik_ros.benchmarks.skill_learning.measures.rows import STEP_GOAL
from vi_ik_ros.benchmarks.skill_learning.runs.learned import REQUIRED
from vi_ik_ros.benchmarks.skill_learning.tasks.best_point import best_point
from vi_ik_ros.benchmarks.skill_learning.tasks.surrogate import Surrogate
from vi_ik_ros.exceptions import ViIkError
from vi_ik_ros.skills.learning.methods import make_optimizer
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome

NUM_POINTS = 10  # distinct ones
SPREAD = 0.01  # of all but the first, in the unit cube
EVERY = 10  # episodes between two questions
NUM_LAST = 3  # episodes at the end, after each of which it is asked
COUNTS = (60, 120, 180, 240, 300)  # episodes up to which the longest step is told
NUM_IN_GOAL = 60  # episodes at which a step has to be short


@dataclass(frozen=True)
class Endured:
    """What an optimiser did.

    Attributes:
        exceptions: how many questions ended in one, or in parameters that are no numbers.
        questions: how many there were.
        steps: (q, 2) numbers of episodes, and processor time of the step after them [s].
    """

    exceptions: int
    questions: int
    steps: np.ndarray

    def peak(self, num_episodes: int) -> float:
        """Return the longest step with at most so many episodes [s], NaN if there was none."""
        early = self.steps[self.steps[:, 0] <= num_episodes, 1]
        return float(early.max(initial=0.0)) if len(early) else float("nan")


def contradictions(num_episodes: int) -> list[EpisodeOutcome]:
    """Return episodes at a few points, each of which succeeds about every other time."""
    surrogate = Surrogate()
    rng = np.random.default_rng(0)
    middle = best_point(surrogate, 0.5).x
    points = np.clip(middle + SPREAD * rng.standard_normal((NUM_POINTS, 3)), 0.0, 1.0)
    points[0] = middle
    return [surrogate.execute(points[k % NUM_POINTS], k) for k in range(num_episodes)]


def endure(method: str, outcomes: list[EpisodeOutcome]) -> Endured:
    """Show an optimiser all episodes; ask it on the way for suggestions and recommendations."""
    problem = Surrogate().problem
    optimizer = make_optimizer(method, problem, 0)
    exceptions, questions, steps = 0, 0, []
    for number, outcome in enumerate(outcomes, start=1):
        optimizer.observe(outcome)
        if number % EVERY and number <= len(outcomes) - NUM_LAST:
            continue
        begin = time.process_time()
        questions += 1
        try:
            x = [optimizer.suggest().x]
            steps.append((number, time.process_time() - begin))
            x += [optimizer.recommend(required).x for required in REQUIRED]
            exceptions += not np.isfinite(x).all()
        except ViIkError:
            raise
        except Exception:  # Of any library: how often this happens is the figure.
            exceptions += 1
    return Endured(exceptions, questions, np.array(steps).reshape(-1, 2))


def endurance_rows(method: str, num_episodes: int) -> list[Row]:
    """Return what a method does with so many contradictory episodes."""
    found = endure(method, contradictions(num_episodes))
    case = f"{num_episodes} contradictory episodes: {method}"
    metric = f"exceptions in {found.questions} questions"
    rows = [Row(case, metric, float(found.exceptions), None, 0.0, "goal")]
    for count in sorted({min(count, num_episodes) for count in COUNTS}):
        goal = (STEP_GOAL, "goal, at most") if count <= NUM_IN_GOAL else (None, None)
        metric = f"learner step, longest of {count} episodes [s]"
        rows.append(Row(case, metric, found.peak(count), None, *goal))
    return rows
