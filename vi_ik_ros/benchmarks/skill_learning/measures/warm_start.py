# SPDX-License-Identifier: Apache-2.0
"""After how many episodes a recommendation is good enough, with and without a warm start."""

from collections.abc import Mapping, Sequence

import numpy as np

from vi_ik_ros.benchmarks.report import Row
from vi_ik_ros.benchmarks.skill_learning.measures.scores import noise_free_regret
from vi_ik_ros.benchmarks.skill_learning.runs.learned import NUM_VALID, REQUIRED, Learned

CHOICE = 0  # which of the required probabilities
NEAR = 0.05  # regret of an optimum, at most
COLD_START, WARM_START = "cold start", "warm start"
GOAL = 10.0  # episodes to a valid optimum with a warm start


def warm_start_rows(
    task: str, starts: Mapping[str, Sequence[Learned]], optimum: float
) -> list[Row]:
    """Return how many episodes it takes, for each start.

    Valid is what succeeds in 8 of 10 repetitions, an optimum what is valid and has a regret of at
    most `NEAR`. That it stays so is asked without noise: feasible, or feasible with that regret.

    Args:
        task: name.
        starts: by their names, runs whose recommendations are scored after every episode.
        optimum: J*.
    """
    rows = []
    for start, runs in starts.items():
        case = f"{task}, {start}, p {REQUIRED[CHOICE]:g}"
        goal = GOAL if start == WARM_START else None
        feasible = np.array([run.feasible[:, CHOICE] == 1.0 for run in runs])  # (n, k)
        valid = np.array([run.passed[:, CHOICE] >= NUM_VALID for run in runs])
        near = np.array([noise_free_regret(run, optimum)[:, CHOICE] <= NEAR for run in runs])
        marks = runs[0].marks
        optimum_found = first(valid & near, marks)
        rows += [
            *_episodes(case, "to a valid recommendation", first(valid, marks)),
            *_episodes(case, "until feasible to stay", staying(feasible, marks)),
            *_episodes(case, f"to a valid optimum, regret {NEAR:g}", optimum_found, goal),
            *_episodes(case, f"until regret {NEAR:g} to stay", staying(feasible & near, marks)),
        ]
    return rows


def first(good: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Return (n,) episodes of the first good mark of n runs (n, k); one more than all if none."""
    after = np.append(marks, marks[-1] + 1)
    return after[np.where(good.any(1), good.argmax(1), len(marks))]


def staying(good: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Return (n,) episodes of the mark from which on all of (n, k) are good."""
    bad = ~good[:, ::-1]
    after = np.append(marks, marks[-1] + 1)
    return after[np.where(bad.any(1), len(marks) - bad.argmax(1), 0)]


def _episodes(case: str, what: str, found: np.ndarray, goal: float | None = None) -> list[Row]:
    """Return median and 90 % of numbers of episodes (n,)."""
    source = None if goal is None else "goal, at most"
    return [
        Row(case, f"episodes {what}, median", float(np.median(found)), None, goal, source),
        Row(case, f"episodes {what}, 90 %", float(np.percentile(found, 90))),
    ]
