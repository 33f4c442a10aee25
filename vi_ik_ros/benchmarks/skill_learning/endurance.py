# SPDX-License-Identifier: Apache-2.0
"""What optimisers do with many episodes of the same parameters that contradict each other."""

import time
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.benchmarks.report import Row
from vi_ik_ros.benchmarks.skill_learning.runs.learned import REQUIRED
from vi_ik_ros.benchmarks.skill_learning.tasks.best_point import best_point
from vi_ik_ros.benchmarks.skill_learning.tasks.surrogate import Surrogate
from vi_ik_ros.exceptions import ViIkError
from vi_ik_ros.skills.learning.methods import make_optimizer
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome

NUM_POINTS = 10  # distinct ones
SPREAD = 0.01  # of all but the first, in the unit cube
EVERY = 10  # episodes between two questions
NUM_TIMED = 3  # steps whose median is told


@dataclass(frozen=True)
class Endured:
    """What an optimiser did.

    Attributes:
        exceptions: how many questions ended in one, or in parameters that are no numbers.
        questions: how many there were.
        seconds: processor time of the last steps, median [s].
    """

    exceptions: int
    questions: int
    seconds: float


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
    exceptions, questions, seconds = 0, 0, []
    for number, outcome in enumerate(outcomes, start=1):
        optimizer.observe(outcome)
        if number % EVERY and number <= len(outcomes) - NUM_TIMED:
            continue
        begin = time.process_time()
        questions += 1
        try:
            x = [optimizer.suggest().x]
            seconds.append(time.process_time() - begin)
            x += [optimizer.recommend(required).x for required in REQUIRED]
            exceptions += not np.isfinite(x).all()
        except ViIkError:
            raise
        except Exception:  # Of any library: how often this happens is the figure.
            exceptions += 1
    last = seconds[-NUM_TIMED:] or [np.nan]
    return Endured(exceptions, questions, float(np.median(last)))


def endurance_rows(method: str, num_episodes: int) -> list[Row]:
    """Return what a method does with so many contradictory episodes."""
    found = endure(method, contradictions(num_episodes))
    case = f"{num_episodes} contradictory episodes: {method}"
    metric = f"exceptions in {found.questions} questions"
    return [
        Row(case, metric, float(found.exceptions), None, 0.0, "goal"),
        Row(case, f"learner step at {num_episodes} [s]", found.seconds),
    ]
