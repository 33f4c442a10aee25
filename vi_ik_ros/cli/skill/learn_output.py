# SPDX-License-Identifier: Apache-2.0
"""What `vi-ik skill learn` prints: a line an episode, then a table."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from rich.table import Table

from vi_ik_ros.cli.skill.output import verdict
from vi_ik_ros.skills.execution.episode import Episode
from vi_ik_ros.skills.learning.episode_store.stored_episode import StoredEpisode
from vi_ik_ros.skills.learning.problem import Problem
from vi_ik_ros.skills.learning.run.learning_run import LearningRun
from vi_ik_ros.skills.learning.run.progress import LearningSummary, Progress
from vi_ik_ros.viewer.episodes.chance import chance

NO_FAILURE = "no failure yet to learn bounds from"


@dataclass(frozen=True)
class Checked:
    """What became of episodes with a recommendation.

    Attributes:
        num_episodes: carried out.
        num_successes: of them.
        cost: mean of the successful ones, NaN without any.
    """

    num_episodes: int
    num_successes: int
    cost: float

    @classmethod
    def of(cls, episodes: Sequence[Episode]) -> Self:
        """Count."""
        costs = [episode.cost for episode in episodes if episode.success]
        return cls(len(episodes), len(costs), float(np.mean(costs)) if costs else math.nan)


def run_line(run: LearningRun, place: Path, num_stored: int) -> str:
    """Return what is learned, how, and where it is kept."""
    what = f"{run.skill_name} in {run.scene_name} ({run.plant}), {run.method}, seed {run.seed}"
    return f"learning {what}; {num_stored} episodes in {place}"


def episode_line(entry: StoredEpisode, progress: Progress, num_episodes: int) -> str:
    """Return the suggestion, what came of it, and the best so far, in one line."""
    episode, suggestion = entry.episode, entry.suggestion
    values = ", ".join(f"{name} {value:.4g}" for name, value in episode.parameters.items())
    best = "no success yet"
    if progress.best is not None:
        best = f"best {progress.best.episode.cost:.3f}, {progress.num_successes} succeeded"
    count = f"{progress.num_valid:{len(str(num_episodes))}d}/{num_episodes}"
    expected = chance(suggestion.probability)
    why = f"{suggestion.reason}, Pr {expected}" if expected else suggestion.reason
    return f"{count} {values} ({why}): {verdict(episode)}; {best}"


def summary_table(
    problem: Problem, run: LearningRun, summary: LearningSummary, checked: Checked | None
) -> Table:
    """Return the recommendation in units, and what it came to."""
    progress = summary.progress
    title = f"{run.skill_name}, {run.method}, seed {run.seed}: {_counted(progress)}"
    table = Table(title=title)
    table.add_column("")
    for column in ("recommended", "best episode"):
        table.add_column(column, justify="right")
    table.add_column("unit")
    recommended, best = _recommended(problem, summary), _best(summary)
    for parameter in problem.space.parameters:
        numbers = [_number(one.get(parameter.name), ".4g") for one in (recommended, best)]
        table.add_row(parameter.name, *numbers, parameter.unit)
    table.add_section()
    found = summary.recommendation
    if found is not None:
        predicted, cost = found.recommendation.probability, found.recommendation.cost
        required = f"{found.required_probability:g} is required"
        missed = predicted < found.required_probability  # not of one that is unknown
        met = f"{required}: not met" if missed else required
        if progress.num_successes == progress.num_valid and not math.isnan(predicted):
            met += f"; {NO_FAILURE}"
        table.add_row("probability of success", chance(predicted, "unknown"), "", met)
        own = _number(progress.best.episode.cost, ".3f") if progress.best else ""
        table.add_row("cost", _number(cost, ".3f", "unknown"), own, "expected; measured")
    if checked is not None:
        share = f"{checked.num_successes} of {checked.num_episodes}"
        mean = f"mean cost {_number(checked.cost, '.3f', 'none')}"
        table.add_row("succeeded when carried out again", share, "", mean)
    return table


def summary_data(
    problem: Problem,
    run: LearningRun,
    place: Path,
    summary: LearningSummary,
    checked: Checked | None,
) -> Mapping[str, object]:
    """Return the same as plain data."""
    progress, found = summary.progress, summary.recommendation
    recommended: dict[str, object] | None = None
    if found is not None:
        recommended = {
            "parameters": _recommended(problem, summary),
            "probability": found.recommendation.probability,
            "cost": found.recommendation.cost,
            "is_safe": found.recommendation.is_safe,
            "required_probability": found.required_probability,
        }
        if checked is not None:
            recommended["carried_out"] = checked.num_episodes
            recommended["succeeded"] = checked.num_successes
            recommended["mean_cost"] = checked.cost
    return {
        "store": str(place),
        "skill": run.skill_name,
        "scene": run.scene_name,
        "plant": run.plant,
        "method": run.method,
        "seed": run.seed,
        "ending": str(summary.ending),
        "episodes": progress.num_valid,
        "invalid": progress.num_invalid,
        "successes": progress.num_successes,
        "first_success": progress.first_success,
        "best": None
        if progress.best is None
        else {"parameters": _best(summary), "cost": progress.best.episode.cost},
        "recommendation": recommended,
    }


def _counted(progress: Progress) -> str:
    """Return how many episodes there were, in words."""
    words = f"{progress.num_successes} successes in {progress.num_valid} episodes"
    if progress.first_success is not None:
        words += f", the first at {progress.first_success}"
    return f"{words}, {progress.num_invalid} invalid" if progress.num_invalid else words


def _recommended(problem: Problem, summary: LearningSummary) -> dict[str, float]:
    """Return the recommended parameters by name, in their units."""
    if summary.recommendation is None:
        return {}
    return problem.space.named(summary.recommendation.recommendation.x)


def _best(summary: LearningSummary) -> dict[str, float]:
    """Return the parameters of the best episode by name."""
    best = summary.progress.best
    return {} if best is None else dict(best.episode.parameters)


def _number(value: float | None, form: str, otherwise: str = "") -> str:
    """Return a number in words, or what stands for none."""
    return otherwise if value is None or math.isnan(value) else format(value, form)
