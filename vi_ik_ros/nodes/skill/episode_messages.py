# SPDX-License-Identifier: Apache-2.0
"""Goals to requests, and episodes to messages and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from vi_ik_ros.action import RunEpisode
from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.msg import Episode as EpisodeMsg
from vi_ik_ros.msg import FactorOutcome as FactorMsg
from vi_ik_ros.msg import PrimitiveOutcome as PrimitiveMsg
from vi_ik_ros.skills.execution.episode import Episode, FactorOutcome, Outcome, PrimitiveOutcome
from vi_ik_ros.skills.execution.graph.skill import BoundSkill, Skill
from vi_ik_ros.skills.execution.graph.skill_file import load_skill
from vi_ik_ros.skills.plants.scene import Scene, load_scene


@dataclass(frozen=True)
class EpisodeRequest:
    """An episode that can be carried out.

    Attributes:
        skill: what is done.
        scene: where.
        parameters: all of the skill's, by name, in its units.
        seed: of everything random in it.
    """

    skill: Skill
    scene: Scene
    parameters: Mapping[str, float]
    seed: int

    @property
    def bound(self) -> BoundSkill:
        """The skill with its parameters; where it begins is left open."""
        return self.skill.bind(self.parameters, np.eye(4))


def request_from_goal(goal: RunEpisode.Goal, default_skill: str) -> EpisodeRequest:
    """Return what a goal asks for.

    Args:
        goal: of the action.
        default_skill: of goals that name none.

    Raises:
        InvalidInput: a field cannot be used.
    """
    skill = load_skill(goal.skill or default_skill)
    scene = load_scene(goal.scene or skill.scene)
    given = _named(goal.parameter_names, goal.parameters)
    return EpisodeRequest(skill, scene, skill.space.checked(given), goal.seed)


def episode_to_msg(episode: Episode, stamp: Time) -> EpisodeMsg:
    """Return the message of an episode.

    Args:
        episode: the record.
        stamp: when it ended.
    """
    return EpisodeMsg(
        header=Header(stamp=stamp),
        skill=episode.skill,
        parameter_names=list(episode.parameters),
        parameters=list(episode.parameters.values()),
        seed=episode.seed,
        success=episode.success,
        last_primitive=episode.last_primitive,
        primitives=[_primitive_to_msg(one) for one in episode.primitives],
        factors=[_factor_to_msg(one) for one in episode.factors],
        cost=episode.cost,
        invalid_reason=episode.invalid_reason,
        recovered=episode.recovered,
        duration=episode.duration,
        peak_force=float(episode.peak_force),
        digest=episode.digest(),
    )


def episode_from_msg(message: EpisodeMsg) -> Episode:
    """Return the record that a message holds; a digest is computed anew."""
    return Episode(
        skill=message.skill,
        parameters=_named(message.parameter_names, message.parameters),
        seed=message.seed,
        success=message.success,
        last_primitive=message.last_primitive,
        primitives=tuple(_primitive_from_msg(one) for one in message.primitives),
        factors=tuple(_factor_from_msg(one) for one in message.factors),
        cost=message.cost,
        invalid_reason=message.invalid_reason,
        recovered=message.recovered,
        duration=message.duration,
        peak_force=message.peak_force,
    )


def _named(names: Sequence[str], numbers: Sequence[float]) -> dict[str, float]:
    """Return numbers by name."""
    if len(names) != len(numbers):
        expected = f"one for each of {len(names)} parameter_names"
        raise InvalidInput("parameters", f"{len(numbers)} numbers", expected)
    named = dict(zip(names, (float(number) for number in numbers), strict=True))
    if len(named) != len(names):
        raise InvalidInput("parameter_names", ", ".join(names), "each parameter once")
    return named


def _primitive_to_msg(outcome: PrimitiveOutcome) -> PrimitiveMsg:
    return PrimitiveMsg(
        name=outcome.name,
        outcome=outcome.outcome,
        begin=outcome.begin,
        end=outcome.end,
        error=outcome.error,
        score=outcome.score,
        saturated=float(outcome.saturated),
        peak_force=float(outcome.peak_force),
    )


def _primitive_from_msg(message: PrimitiveMsg) -> PrimitiveOutcome:
    return PrimitiveOutcome(
        name=message.name,
        outcome=Outcome(message.outcome),
        begin=message.begin,
        end=message.end,
        error=message.error,
        score=message.score,
        saturated=message.saturated,
        peak_force=message.peak_force,
    )


def _factor_to_msg(outcome: FactorOutcome) -> FactorMsg:
    return FactorMsg(
        name=outcome.name,
        evaluated=outcome.evaluated,
        ok=bool(outcome.ok),
        constraint=float(outcome.constraint),
        metric_names=list(outcome.metrics),
        metrics=[float(metric) for metric in outcome.metrics.values()],
    )


def _factor_from_msg(message: FactorMsg) -> FactorOutcome:
    return FactorOutcome(
        name=message.name,
        evaluated=message.evaluated,
        ok=message.ok if message.evaluated else None,
        constraint=message.constraint,
        metrics=_named(message.metric_names, message.metrics),
    )
