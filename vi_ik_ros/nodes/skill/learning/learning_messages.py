# SPDX-License-Identifier: Apache-2.0
"""Goals to requests; suggestions, outcomes and summaries to messages."""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from vi_ik_ros.action import LearnSkill
from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.graph.skill import Skill
from vi_ik_ros.skills.learning.episode_store.stored_episode import StoredEpisode
from vi_ik_ros.skills.learning.methods import DEFAULT_METHOD
from vi_ik_ros.skills.learning.optimizer import Suggestion
from vi_ik_ros.skills.learning.problem import Problem
from vi_ik_ros.skills.learning.run.method_settings import settings_from_words
from vi_ik_ros.skills.learning.run.prepare import LearningRequest
from vi_ik_ros.skills.learning.run.progress import Ending, LearningSummary, Progress
from vi_ik_ros.skills.plants.scene import Scene

PROBABILITY = 0.8  # that is required where the goal says 0
_CODES = {
    Ending.COMPLETE: LearnSkill.Result.NONE,
    Ending.STOPPED: LearnSkill.Result.STOPPED,
    Ending.INVALID: LearnSkill.Result.INVALID_EPISODES,
}


def request_from_goal(
    goal: LearnSkill.Goal, skill: Skill, values: Mapping, scene: Scene, directory: Path
) -> LearningRequest:
    """Return what a goal asks for.

    Args:
        goal: of the action.
        skill: that it names.
        values: of the skill's file.
        scene: that it names.
        directory: of stores that are named by less than a whole path.

    Raises:
        InvalidInput: a field cannot be used.
    """
    if len(goal.setting_names) != len(goal.setting_values):
        expected = f"one for each of {len(goal.setting_names)} setting_names"
        raise InvalidInput("setting_values", f"{len(goal.setting_values)} values", expected)
    method = goal.method or DEFAULT_METHOD
    own = re.sub(r"[^\w.-]+", "_", f"{skill.name}-{scene.name}-{method}-{goal.seed}")
    return LearningRequest(
        skill=values,
        scene=scene.plain(),
        place=_place(goal.store or own, directory),
        num_episodes=goal.num_episodes,
        resume=goal.resume,
        method=goal.method or None,
        seed=None if goal.resume and goal.seed == 0 else goal.seed,
        required_probability=goal.required_probability or PROBABILITY,
        settings=settings_from_words(goal.setting_names, goal.setting_values),
        safe_start=goal.safe_start,
        earlier=_place(goal.earlier, directory) if goal.earlier else None,
    )


def feedback_to_msg(
    problem: Problem,
    suggestion: Suggestion,
    progress: Progress,
    entry: StoredEpisode | None = None,
) -> LearnSkill.Feedback:
    """Return what is told of an episode.

    Args:
        problem: what is learned.
        suggestion: what is tried.
        progress: so far.
        entry: what became of it; None: it begins now.
    """
    parameters = problem.space.named(suggestion.x)
    best_parameters, best_cost = _best(progress)
    message = LearnSkill.Feedback(
        number=progress.num_episodes + (entry is None),
        parameter_names=list(parameters),
        parameters=list(parameters.values()),
        probability=suggestion.probability,
        reason=suggestion.reason,
        ended=entry is not None,
        cost=math.nan,
        num_valid=progress.num_valid,
        num_successes=progress.num_successes,
        best_parameters=best_parameters,
        best_cost=best_cost,
    )
    if entry is not None:
        _add_outcome(message, entry)
    return message


def result_to_msg(
    problem: Problem, place: Path, progress: Progress, summary: LearningSummary | None = None
) -> LearnSkill.Result:
    """Return what a learning run came to.

    Args:
        problem: what was learned.
        place: file of the store.
        progress: of all episodes in it.
        summary: of the run; None: it was broken off, and whoever asks says why.
    """
    best_parameters, best_cost = _best(progress)
    message = LearnSkill.Result(
        store=str(place),
        num_episodes=progress.num_episodes,
        num_valid=progress.num_valid,
        num_successes=progress.num_successes,
        first_success=progress.first_success or 0,
        parameter_names=list(problem.space.names),
        expected_cost=math.nan,
        probability=math.nan,
        best_parameters=best_parameters,
        best_cost=best_cost,
    )
    if summary is not None:
        message.error_code = _CODES[summary.ending]
        message.ending = str(summary.ending)
        _add_recommendation(message, problem, summary)
    return message


def _place(text: str, directory: Path) -> Path:
    """Return a place on this machine; what is not a whole path lies in a directory."""
    return directory / Path(text).expanduser()


def _best(progress: Progress) -> tuple[Sequence[float], float]:
    """Return parameters and cost of the best episode so far."""
    if progress.best is None:
        return [], math.nan
    episode = progress.best.episode
    return list(episode.parameters.values()), episode.cost


def _add_outcome(message: LearnSkill.Feedback, entry: StoredEpisode) -> None:
    episode = entry.episode
    is_failure = not episode.success and entry.is_valid
    message.success = episode.success and entry.is_valid
    message.failed_primitive = episode.failed_primitive
    message.error = episode.primitives[episode.last_primitive].error if is_failure else ""
    message.cost = episode.cost if message.success else math.nan
    message.invalid_reason = episode.invalid_reason


def _add_recommendation(
    message: LearnSkill.Result, problem: Problem, summary: LearningSummary
) -> None:
    if summary.recommendation is None:
        return
    found = summary.recommendation.recommendation
    message.parameters = list(problem.space.named(found.x).values())
    message.expected_cost = found.cost
    message.probability = found.probability
    message.is_safe = found.is_safe
