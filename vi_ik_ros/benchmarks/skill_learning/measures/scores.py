# SPDX-License-Identifier: Apache-2.0
"""What the runs of one task are worth, seed by seed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.benchmarks.skill_learning.runs.learned import Learned
from vi_ik_ros.benchmarks.skill_learning.tasks.best_point import best_point
from vi_ik_ros.benchmarks.skill_learning.tasks.named_tasks import named_task
from vi_ik_ros.benchmarks.skill_learning.tasks.surrogate import Surrogate


@dataclass(frozen=True)
class Scores:
    """Figures of one method on one task, an entry for each of n seeds, r for the probabilities.

    Attributes:
        first_success: (n,) number of the first episode that succeeded; one more than there were
            if none did.
        successes: (n,) how many episodes succeeded.
        is_valid: (n, r) whether the last recommendation succeeds in 8 of 10 repetitions.
        is_feasible: (n, r) whether it is feasible without noise, NaN if nobody knows.
        regret: (n, r) of the last recommendation: J* - J; J* if it is invalid.
        noise_free_regret: (n, r) the same with J* only where it is infeasible without noise, NaN
            if nobody knows.
        step_seconds: (n,) processor time of the learner's last step [s].
        longest_step: (n,) processor time of the longest step [s].
        brier: (n,) of the probabilities told at the suggestions, NaN if none were.
        errors: how many runs an exception ended.
    """

    first_success: np.ndarray
    successes: np.ndarray
    is_valid: np.ndarray
    is_feasible: np.ndarray
    regret: np.ndarray
    noise_free_regret: np.ndarray
    step_seconds: np.ndarray
    longest_step: np.ndarray
    brier: np.ndarray
    errors: int


def scores(runs: Sequence[Learned], optimum: float) -> Scores:
    """Score the runs of one method.

    Args:
        runs: one for each seed.
        optimum: J*.
    """
    return Scores(
        first_success=np.array([run.first_success for run in runs]),
        successes=np.array([run.success.sum() for run in runs]),
        is_valid=np.array([run.is_valid for run in runs]),
        is_feasible=np.array([run.feasible[-1] for run in runs]),
        regret=np.array([last_regret(run, optimum) for run in runs]),
        noise_free_regret=np.array([noise_free_regret(run, optimum)[-1] for run in runs]),
        step_seconds=np.array([run.seconds[-1] for run in runs]),
        longest_step=np.array([run.seconds.max() for run in runs]),
        brier=np.array([run.brier for run in runs]),
        errors=sum(str(run.error) != "" for run in runs),
    )


def last_regret(run: Learned, optimum: float) -> np.ndarray:
    """Return (r,) regrets of the last recommendations; J* where fewer than 8 of 10 succeed."""
    known = 1.0 - run.true_costs[-1]
    values = np.where(np.isnan(known), repeated_score(run), known)
    return np.where(run.is_valid, optimum - values, optimum)


def noise_free_regret(run: Learned, optimum: float) -> np.ndarray:
    """Return (k, r) regrets at the marks; J* where a recommendation is infeasible without noise.

    NaN where no truth is known.
    """
    values = np.where(run.feasible == 1.0, optimum - (1.0 - run.true_costs), optimum)
    return np.where(np.isnan(run.feasible), np.nan, values)


def repeated_score(run: Learned) -> np.ndarray:
    """Return (r,) mean J of the successful repetitions, 0 if there are none."""
    kept = ~np.isnan(run.repeated_costs)
    total = np.where(kept, 1.0 - run.repeated_costs, 0.0).sum(1)
    return total / np.maximum(kept.sum(1), 1)


def best_score(task: str, runs: Iterable[Learned]) -> float:
    """Return J*: of the surrogate the truth, else the best valid recommendation of all runs.

    Args:
        task: name.
        runs: of the task, of all methods.
    """
    made = named_task(task)
    if isinstance(made, Surrogate):
        return 1.0 - best_point(made).cost
    found = [repeated_score(run)[run.is_valid] for run in runs]
    return float(max(np.concatenate(found), default=np.nan)) if found else np.nan
