# SPDX-License-Identifier: Apache-2.0
"""How many episodes optimisers need to learn a contact skill, and how good they are in the end."""

import time
from collections.abc import Callable, Sequence

import numpy as np
import torch

from vi_ik_ros.benchmarks.report import Report, Row
from vi_ik_ros.benchmarks.skill_learning.endurance import endurance_rows
from vi_ik_ros.benchmarks.skill_learning.measures.calibration import calibration_rows
from vi_ik_ros.benchmarks.skill_learning.measures.rows import (
    OURS,
    method_rows,
    rival_rows,
    variant_rows,
)
from vi_ik_ros.benchmarks.skill_learning.measures.scores import best_score, scores
from vi_ik_ros.benchmarks.skill_learning.measures.warm_start import (
    COLD_START,
    WARM_START,
    warm_start_rows,
)
from vi_ik_ros.benchmarks.skill_learning.parallel_fits import parallel_rows
from vi_ik_ros.benchmarks.skill_learning.runs.learned import REQUIRED, Learned
from vi_ik_ros.benchmarks.skill_learning.runs.run_key import RunKey
from vi_ik_ros.benchmarks.skill_learning.runs.variants import (
    ABLATIONS,
    FOUR,
    GRAPH,
    OF_ALL,
    SAFE,
    VARIANTS,
    WARM,
)
from vi_ik_ros.benchmarks.skill_learning.runs.workers import learn_all
from vi_ik_ros.benchmarks.skill_learning.tasks.best_point import best_point
from vi_ik_ros.benchmarks.skill_learning.tasks.named_tasks import (
    MAIN_TASKS,
    OTHER_TASK,
    named_task,
)
from vi_ik_ros.benchmarks.skill_learning.tasks.surrogate import Surrogate
from vi_ik_ros.skills.learning.methods import METHODS

NAME = "skill-learning"
NUM_EPISODES, QUICK_EPISODES = 60, 10
NUM_CONTRADICTIONS, QUICK_CONTRADICTIONS = 300, 30
NUM_VOLUME = 200_000  # random points that tell how much of the box is feasible
WARM_EPISODES = 40  # after each of which a recommendation is scored
CHOICES = (*OF_ALL, WARM, *ABLATIONS)

Progress = Callable[[str], None]
Group = tuple[str, str]  # method and variant


def run(
    *,
    seeds: int = 1,
    quick: bool = False,
    budget: float | None = None,
    on_progress: Progress = lambda line: None,
    tasks: Sequence[str] = MAIN_TASKS,
    methods: Sequence[str] | None = None,
    variants: Sequence[str] = CHOICES,
) -> Report:
    """Learn every task with every method.

    Runs are kept as they end: an interrupted benchmark goes on where it stopped.

    Args:
        seeds: how many; all methods meet the same noise with the same seed.
        quick: 10 episodes instead of 60, no ablations.
        budget: Not used; episodes count, not time.
        on_progress: Called with a line about what comes next.
        tasks: names of `TASKS`.
        methods: names of `METHODS`; None means all.
        variants: ablations, on the surrogate only, other starts of all methods, and warm starts.
    """
    started = time.monotonic()
    num_episodes = QUICK_EPISODES if quick else NUM_EPISODES
    rows: list[Row] = []
    names = tuple(methods or METHODS)
    for task in tasks:
        groups = [(method, "") for method in names]
        if not quick and isinstance(named_task(task), Surrogate):
            groups += _variants(names, variants)
        runs = learn_groups(task, groups, range(seeds), num_episodes, on_progress)
        rows += _task_rows(task, runs, num_episodes)
    if not quick and WARM in variants and GRAPH in names:
        rows += _warm_rows(range(seeds), on_progress)
    rows += parallel_rows()
    torch.set_num_threads(1)  # a second one stalls BoTorch's small matrices for minutes
    on_progress("contradictory episodes ...")
    for name in names:
        rows += endurance_rows(name, QUICK_CONTRADICTIONS if quick else NUM_CONTRADICTIONS)
    return Report(NAME, rows, list(range(seeds)), time.monotonic() - started)


def learn_groups(
    task: str,
    groups: Sequence[Group],
    seeds: Sequence[int],
    num_episodes: int,
    on_progress: Progress = lambda line: None,
    *,
    interval: int = 10,
) -> dict[Group, list[Learned]]:
    """Return runs of methods and variants on a task, one for each seed.

    Seeds come first: what is stored of an interrupted benchmark has all methods of its seeds.
    """
    keys = {
        (method, variant, seed): RunKey(task, method, seed, variant, num_episodes, interval)
        for seed in seeds
        for method, variant in groups
    }
    found = learn_all(list(keys.values()), lambda line: on_progress(f"{task}: {line}"))
    return {group: [found[keys[(*group, seed)]] for seed in seeds] for group in groups}


def _variants(methods: Sequence[str], variants: Sequence[str]) -> list[Group]:
    """Return ablations, and what is a variant of every method."""
    ablated = [(VARIANTS[name].method, name) for name in variants if name in ABLATIONS]
    of_all = [(method, name) for name in OF_ALL if name in variants for method in methods]
    return [group for group in ablated if group[0] in methods] + of_all


def _task_rows(task: str, runs: dict[Group, list[Learned]], num_episodes: int) -> list[Row]:
    """Return all that is to be told of a task."""
    optimum = best_score(task, [one for group in runs.values() for one in group])
    found = {group: scores(ones, optimum) for group, ones in runs.items()}
    rows = _optimum_rows(task, optimum)
    titles = {SAFE: f"{task}, safe start", FOUR: f"{task}, 4 initial episodes", "": task}
    for variant, title in titles.items():
        plain = {method: one for (method, name), one in found.items() if name == variant}
        for method, one in plain.items():
            rows += method_rows(title, method, one, num_episodes)
            if method in OURS:
                rows += calibration_rows(f"{title}: {method}", runs[method, variant])
        rows += rival_rows(title, plain)
    for (method, variant), one in found.items():
        if variant in ABLATIONS:
            rows += variant_rows(task, variant, one, plain[method])
    return rows


def _warm_rows(seeds: Sequence[int], on_progress: Progress) -> list[Row]:
    """Return what episodes with another stiffness are worth, in both directions."""
    rows = []
    groups = {COLD_START: (GRAPH, ""), WARM_START: (GRAPH, WARM)}
    for task in OTHER_TASK:
        runs = learn_groups(
            task, list(groups.values()), seeds, WARM_EPISODES, on_progress, interval=1
        )
        starts = {start: runs[group] for start, group in groups.items()}
        rows += warm_start_rows(task, starts, best_score(task, []))
    return rows


def _optimum_rows(task: str, optimum: float) -> list[Row]:
    """Return the best that is possible, and of the surrogate how much of the box is feasible."""
    rows = [Row(task, "J of the optimum", optimum)]
    made = named_task(task)
    if not isinstance(made, Surrogate):
        return rows
    points = np.random.default_rng(0).random((NUM_VOLUME, made.problem.num_parameters))
    rows.append(Row(task, "feasible part of the box [%]", 100.0 * made.truths(points)[1].mean()))
    for required in REQUIRED:
        score = 1.0 - best_point(made, required).cost
        rows.append(Row(task, f"J of the optimum, p {required:g}", score))
    return rows
