# SPDX-License-Identifier: Apache-2.0
"""One run: an optimiser, its episodes, and what it recommends on the way."""

import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from vi_ik_ros.benchmarks.skill_learning.runs.learned import NUM_REPEATS, REQUIRED, Learned
from vi_ik_ros.benchmarks.skill_learning.runs.run_key import RunKey
from vi_ik_ros.benchmarks.skill_learning.runs.variants import VARIANTS
from vi_ik_ros.benchmarks.skill_learning.tasks.named_tasks import named_task
from vi_ik_ros.benchmarks.skill_learning.tasks.task import Task
from vi_ik_ros.exceptions import ViIkError
from vi_ik_ros.skills.learning.optimizer import Optimizer
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome
from vi_ik_ros.skills.learning.run.seeds import check_seed, episode_seed

T = TypeVar("T")


def learn(key: RunKey) -> Learned:
    """Carry a run out; an exception of the optimiser ends it and is kept with the run."""
    task, variant = named_task(key.task), VARIANTS[key.variant]
    notes = _Notes(key, task)
    try:
        optimizer = variant.optimizer(key, task.problem)
        for index in range(key.num_episodes):
            outcome = _episode(index, optimizer, notes)
            notes.timed(index + 1, optimizer.observe, variant.seen(outcome))
            if index + 1 in key.marks:
                notes.mark(key.marks.index(index + 1), optimizer)
        notes.timed(key.num_episodes, optimizer.suggest)
    except ViIkError:
        raise
    except Exception as error:  # Of any library: how often this happens is one of the figures.
        notes.fields["error"] = np.array(f"{type(error).__name__}: {error}"[:200])
    return Learned(**notes.fields)


def _episode(index: int, optimizer: Optimizer, notes: "_Notes") -> EpisodeOutcome:
    """Carry out the suggested episode and note it."""
    suggestion = notes.timed(index, optimizer.suggest)
    outcome = notes.task.execute(suggestion.x, episode_seed(notes.key.seed, index))
    notes.fields["x"][index] = suggestion.x
    notes.fields["success"][index] = outcome.success
    notes.fields["last_primitive"][index] = outcome.last_primitive
    notes.fields["costs"][index] = outcome.cost(notes.task.problem.weights)
    notes.fields["probabilities"][index] = suggestion.probability
    return outcome


class _Notes:
    """Fills the arrays of a run."""

    def __init__(self, key: RunKey, task: Task) -> None:
        self.key, self.task = key, task
        n, k, d = key.num_episodes, len(key.marks), task.problem.num_parameters
        choices = len(REQUIRED)
        self.fields = {
            "x": np.full((n, d), np.nan),
            "success": np.zeros(n, dtype=bool),
            "last_primitive": np.full(n, -1),
            "costs": np.full(n, np.nan),
            "probabilities": np.full(n, np.nan),
            "seconds": np.zeros(n + 1),
            "marks": np.array(key.marks),
            "chosen": np.full((k, choices, d), np.nan),
            "told": np.full((k, choices), np.nan),
            "true_costs": np.full((k, choices), np.nan),
            "feasible": np.full((k, choices), np.nan),
            "passed": np.full((k, choices), np.nan),
            "repeated": np.zeros((choices, NUM_REPEATS), dtype=bool),
            "repeated_costs": np.full((choices, NUM_REPEATS), np.nan),
            "error": np.array(""),
        }

    def timed(self, index: int, call: Callable[..., T], *arguments: object) -> T:
        """Call and add the processor time to that of a step."""
        begin = time.process_time()
        answer = call(*arguments)
        self.fields["seconds"][index] += time.process_time() - begin
        return answer

    def mark(self, k: int, optimizer: Optimizer) -> None:
        """Note and score the recommendations of now."""
        is_last = k == len(self.key.marks) - 1
        for choice, required in enumerate(REQUIRED):
            found = optimizer.recommend(required)
            self.fields["chosen"][k, choice] = found.x
            self.fields["told"][k, choice] = found.probability
            truth = self.task.truth(found.x)
            if truth is None and not is_last:
                continue
            repeated, costs = self._repeated(found.x)
            if truth is not None:
                self.fields["true_costs"][k, choice] = truth.cost
                self.fields["feasible"][k, choice] = truth.is_feasible
                self.fields["passed"][k, choice] = repeated.sum()
            if is_last:
                self.fields["repeated"][choice] = repeated
                self.fields["repeated_costs"][choice] = costs

    def _repeated(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Carry a recommendation out 10 times; return success and cost of each (10,)."""
        seeds = (check_seed(self.key.seed, repeat) for repeat in range(NUM_REPEATS))
        outcomes = [self.task.execute(x, seed) for seed in seeds]
        weights = self.task.problem.weights
        return (
            np.array([outcome.success for outcome in outcomes], dtype=bool),
            np.array([outcome.cost(weights) for outcome in outcomes]),
        )
