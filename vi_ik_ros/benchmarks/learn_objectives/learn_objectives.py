# SPDX-License-Identifier: Apache-2.0
"""A hidden task of the Panda, learned from a few demonstrated configurations.

Ours finds the numbers of an objectives file by maximum likelihood. Beside it: the moments of what
each objective looks at, as if the others were not there; densities that know no robot, fitted to
the same rows; and the task itself, which none can surpass but by chance.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from vi_ik_ros.benchmarks.learn_objectives.density_estimates import (
    best_gaussian_mixture,
    best_kernel_density,
)
from vi_ik_ros.benchmarks.learn_objectives.hidden_task import (
    FIELDS,
    hidden_density,
    open_document,
    task_errors,
)
from vi_ik_ros.benchmarks.report import Report, Row, mean_row
from vi_ik_ros.sampling.training.objective_learning.learn_objectives import (
    LearnOptions,
    learn_objectives,
)
from vi_ik_ros.sampling.training.objective_learning.open_fields import open_objectives

NAME = "learn-objectives"
NUM_DEMONSTRATIONS = (10, 30, 100)
NUM_SEEDS, QUICK_SEEDS = 5, 2
NUM_TESTS = 2000  # fresh draws of the task that judge
NUM_NUMBERS = 10  # that are learned: 6 of a pose, 1 of a height, 3 stds
TRUTH = "the hidden task"
ASYMPTOTIC = f"maximum likelihood of {NUM_NUMBERS} numbers, many rows: {NUM_NUMBERS} / (2 n)"
LIKELIHOOD, SHORTFALL = "held-out log-likelihood [nat]", "below the task's log-likelihood [nat]"


@dataclass(frozen=True)
class Judge:
    """Fresh draws of the task, and what the task says of them.

    Attributes:
        q: (n, nq).
        log_prob: (n,), log p of the task.
        stderr: that all of them share, of log Z.
    """

    q: np.ndarray
    log_prob: np.ndarray
    stderr: float

    def figures(self, log_prob: np.ndarray) -> dict[str, float]:
        """Compare another log density (n,) of the same rows."""
        shortfall = float((self.log_prob - log_prob).mean())
        return {LIKELIHOOD: float(log_prob.mean()), SHORTFALL: shortfall}


def run(
    *,
    seeds: int = 1,
    quick: bool = False,
    budget: float | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Learn from several sets of demonstrations of each size.

    Args:
        seeds: rounds of five sets of each size.
        quick: two sets of the smaller sizes.
        budget: not used, a fit takes seconds.
        on_progress: called with a line about what comes next.
    """
    started = time.monotonic()
    torch.set_num_threads(1)
    used = range(seeds * (QUICK_SEEDS if quick else NUM_SEEDS))
    sizes = NUM_DEMONSTRATIONS[: 2 if quick else 3]
    on_progress("the hidden task ...")
    hidden = hidden_density()
    pool = hidden.sample(NUM_TESTS + len(used) * max(sizes), seed=1)
    log_prob, log_normalizer = hidden.log_prob(pool[:NUM_TESTS], seed=2)
    judge = Judge(pool[:NUM_TESTS], log_prob, log_normalizer.stderr)
    rows = [_truth_row(judge)]
    for size in sizes:
        found: dict[tuple[str, str], list[float]] = defaultdict(list)
        for seed in used:
            on_progress(f"{size} demonstrations, set {seed} ...")
            first = NUM_TESTS + seed * max(sizes)
            for case, figures in compare(pool[first : first + size], judge, seed).items():
                for metric, value in figures.items():
                    found[case, metric].append(value)
        rows += [_row(case, metric, size, values) for (case, metric), values in found.items()]
    seconds = time.monotonic() - started
    return Report(bench=NAME, rows=rows, seeds=list(used), seconds=seconds)


def compare(demonstrations: np.ndarray, judge: Judge, seed: int) -> dict[str, Mapping[str, float]]:
    """Return the figures of every case for one set of demonstrations (n, nq)."""
    report = learn_objectives(
        open_document(), demonstrations, FIELDS, options=LearnOptions(seed=seed, holdout=0.0)
    )
    ours, _ = report.density.log_prob(judge.q, seed=seed)
    moments, _ = report.density.at_start().log_prob(judge.q, seed=seed)
    start = open_objectives(open_document(), torch.from_numpy(demonstrations), FIELDS).document
    rng = np.random.default_rng(seed)
    single = best_gaussian_mixture(demonstrations, rng, components=(1,))
    mixture = best_gaussian_mixture(demonstrations, rng)
    kernels = best_kernel_density(demonstrations)
    ours_only = {"learning [s]": report.seconds, "effective points": report.effective_points}
    return {
        "ours": judge.figures(ours) | task_errors(report.document) | ours_only,
        "moments of each objective": judge.figures(moments) | task_errors(start),
        "Gaussian mixture": judge.figures(mixture.log_prob(judge.q)),
        "one Gaussian": judge.figures(single.log_prob(judge.q)),
        "kernel density": judge.figures(kernels.log_prob(judge.q)),
    }


def _row(case: str, metric: str, size: int, values: list[float]) -> Row:
    """Return the mean over the sets of one size."""
    row = mean_row(f"{case}, {size} demonstrations", metric, np.array(values))
    if (case, metric) != ("ours", SHORTFALL):
        return row
    return replace(row, reference=NUM_NUMBERS / (2 * size), reference_source=ASYMPTOTIC)


def _truth_row(judge: Judge) -> Row:
    """Return the ceiling, with the errors of its mean and of log Z."""
    row = mean_row(TRUTH, LIKELIHOOD, judge.log_prob)
    assert row.stderr is not None
    return Row(TRUTH, LIKELIHOOD, row.value, float(np.hypot(row.stderr, judge.stderr)))
