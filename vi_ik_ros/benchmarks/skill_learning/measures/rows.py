# SPDX-License-Identifier: Apache-2.0
"""The rows of the report."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy.stats import binom

from vi_ik_ros.benchmarks.report import Row, mean_row
from vi_ik_ros.benchmarks.skill_learning.measures.intervals import (
    Estimate,
    mean_difference,
    median_ratio,
    paired,
    rate,
    wilcoxon_p,
)
from vi_ik_ros.benchmarks.skill_learning.measures.scores import Scores
from vi_ik_ros.benchmarks.skill_learning.runs.learned import NUM_REPEATS, NUM_VALID, REQUIRED

OURS = ("factor_graph", "naive_bayes")
NO_WORSE = "pibu"  # whose rate of valid recommendations is to be reached
CHECKED, CHECKED_GOAL = "_gain_checked", -10.0  # [points] of valid recommendations
JUST = "what recommendations get that succeed just as often as required"
STEP_GOAL = 0.5  # [s]
STEP = (STEP_GOAL, "goal, at most")


def method_rows(task: str, method: str, found: Scores, num_episodes: int) -> list[Row]:
    """Return what a method reaches on a task."""
    case, n = f"{task}: {method}", num_episodes
    rows = [
        Row(case, "first success, median", float(np.median(found.first_success))),
        Row(case, "first success, 90 %", float(np.percentile(found.first_success, 90))),
        Row(case, f"successes in {n}, median", float(np.median(found.successes))),
    ]
    for choice, required in enumerate(REQUIRED):
        what = f"p {required:g}"
        valid = _ends(case, f"valid at {n}, {what} [%]", _percent(rate(found.is_valid[:, choice])))
        just = 100.0 * float(binom.sf(NUM_VALID - 1, NUM_REPEATS, required))
        valid[0] = replace(valid[0], reference=just, reference_source=JUST)
        rows += valid
        if not np.isnan(found.is_feasible).all():
            feasible = np.nan_to_num(found.is_feasible[:, choice])
            rows.append(mean_row(case, f"feasible at {n}, {what} [%]", 100.0 * feasible))
        for name, regret in _regrets(found, choice).items():
            rows.append(Row(case, f"{name} at {n}, {what}, median", float(np.median(regret))))
    seconds = float(np.median(found.step_seconds))
    rows.append(Row(case, f"learner step at {n} [s]", seconds, None, *STEP))
    longest = float(found.longest_step.max())
    rows.append(Row(case, f"learner step, longest of {n} [s]", longest, None, *STEP))
    if not np.isnan(found.brier).all():
        rows.append(Row(case, "Brier score of told probabilities", float(np.nanmean(found.brier))))
    rows.append(Row(case, "runs that an exception ended", float(found.errors), None, 0.0, "goal"))
    return rows


def rival_rows(task: str, found: Mapping[str, Scores]) -> list[Row]:
    """Return our methods beside every rival, paired over seeds."""
    rows = []
    for ours in (name for name in OURS if name in found):
        for rival in (name for name in found if name not in OURS):
            rows += _beside(f"{task}: {ours} / {rival}", rival, found[ours], found[rival])
    return rows


def variant_rows(task: str, variant: str, found: Scores, plain: Scores) -> list[Row]:
    """Return what an ablation changes, paired over seeds with the method as it is.

    Args:
        task: name.
        variant: name; of one with a wrong edge and the check on, a goal is known.
        found: of the variant.
        plain: of the method.
    """
    goal = CHECKED_GOAL if variant.endswith(CHECKED) else None
    case = f"{task}: {variant}"
    rows = [Row(case, "first success, median", float(np.median(found.first_success)))]
    for choice, required in enumerate(REQUIRED):
        valid = 100.0 * found.is_valid[:, choice]
        change = paired(valid, 100.0 * plain.is_valid[:, choice], mean_difference)
        rows.append(mean_row(case, f"valid, p {required:g} [%]", valid))
        rows += _ends(case, f"valid - plain, p {required:g} [points]", change, goal)
        regret = float(np.median(found.regret[:, choice]))
        rows.append(Row(case, f"regret, p {required:g}, median", regret))
    return rows


def _beside(case: str, rival: str, ours: Scores, theirs: Scores) -> list[Row]:
    """Return the comparison of two methods."""
    firsts = paired(ours.first_success, theirs.first_success, median_ratio)
    rows = _ends(case, "first success, ratio of medians", firsts, 0.6)
    for choice, required in enumerate(REQUIRED):
        what = f"p {required:g}"
        others = _regrets(theirs, choice)
        for name, mine in _regrets(ours, choice).items():
            pair = mine, others[name]
            p = wilcoxon_p(*pair)
            rows += _ends(
                case, f"{name}, {what}, ratio of medians", paired(*pair, median_ratio), 0.5
            )
            rows.append(Row(case, f"{name}, {what}, Wilcoxon p", p, None, 0.01, "goal"))
        rates = 100.0 * ours.is_valid[:, choice], 100.0 * theirs.is_valid[:, choice]
        goal = 0.0 if rival == NO_WORSE else None
        change = paired(*rates, mean_difference)
        rows += _ends(case, f"valid, {what}, difference [points]", change, goal)
    return rows


def _regrets(found: Scores, choice: int) -> dict[str, np.ndarray]:
    """Return by name the regrets (n,) of one required probability; none that nobody knows."""
    both = {"regret": found.regret, "noise-free regret": found.noise_free_regret}
    return {name: one[:, choice] for name, one in both.items() if not np.isnan(one).all()}


def _ends(case: str, metric: str, found: Estimate, goal: float | None = None) -> list[Row]:
    """Return a figure and the ends of its interval."""
    source = None if goal is None else "goal"
    return [
        Row(case, metric, found.value, None, goal, source),
        Row(case, f"{metric}, 95 % from", found.lower),
        Row(case, f"{metric}, 95 % to", found.upper),
    ]


def _percent(found: Estimate) -> Estimate:
    """Return a rate in percent."""
    return Estimate(100.0 * found.value, 100.0 * found.lower, 100.0 * found.upper)
