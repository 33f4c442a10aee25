# SPDX-License-Identifier: Apache-2.0
"""Which factor learns what from an episode, Eq. (5.10)."""

from collections.abc import Sequence
from enum import Enum

import numpy as np

from vi_ik_ros.skills.learning.graph_optimizer.settings import GraphSettings
from vi_ik_ros.skills.learning.models.constraint_model import ConstraintData
from vi_ik_ros.skills.learning.models.gaussian_process import TrainingData
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome
from vi_ik_ros.skills.learning.problem import Problem


class Assigned(Enum):
    """What a factor is told of an episode."""

    NOTHING = 0
    SAFE = 1
    FAILED = 2
    ASSUMED = 3  # a failure that nobody observed


def assign(outcome: EpisodeOutcome, problem: Problem, unreached: str) -> tuple[Assigned, ...]:
    """Return what each factor is told of an episode.

    Args:
        outcome: of the episode.
        problem: whose factors these are.
        unreached: off, same_cause or all.
    """
    factors = range(len(problem.factors))
    return tuple(_assigned(outcome, j, problem, unreached) for j in factors)


def constraint_data(
    outcomes: Sequence[EpisodeOutcome],
    problem: Problem,
    settings: GraphSettings,
) -> tuple[ConstraintData, ...]:
    """Return what each factor knows.

    Args:
        outcomes: of the skill.
        problem: whose factors these are.
        settings: switches.
    """
    told = [assign(outcome, problem, settings.assign_unreached) for outcome in outcomes]
    return tuple(
        _data_of(j, outcomes, [row[j] for row in told], problem, settings)
        for j in range(len(problem.factors))
    )


def _assigned(outcome: EpisodeOutcome, j: int, problem: Problem, unreached: str) -> Assigned:
    if outcome.success:
        return Assigned.SAFE
    if outcome.fired[j]:
        return Assigned.FAILED
    active = np.flatnonzero(problem.activity[:, j])
    last = outcome.last_primitive
    if not len(active):
        return Assigned.NOTHING
    if last in active:  # with a known cause it was broken off before its end
        return Assigned.NOTHING if outcome.fired.any() else Assigned.FAILED
    if active[0] < last:
        return Assigned.SAFE
    return Assigned.ASSUMED if _is_suspect(outcome, j, problem, unreached) else Assigned.NOTHING


def _is_suspect(outcome: EpisodeOutcome, j: int, problem: Problem, unreached: str) -> bool:
    """Whether a factor that was not reached is told of the failure."""
    explored = problem.scopes[: outcome.last_primitive + 1].any(0)
    if unreached == "off" or not (problem.adjacency[j] & explored).any():
        return False
    if unreached == "all":
        return True
    suspects = problem.activity[outcome.last_primitive].astype(bool)
    causes = outcome.fired if outcome.fired.any() else suspects
    return bool((problem.adjacency[causes] & problem.adjacency[j]).any())


def _data_of(
    j: int,
    outcomes: Sequence[EpisodeOutcome],
    told: Sequence[Assigned],
    problem: Problem,
    settings: GraphSettings,
) -> ConstraintData:
    points = np.array([outcome.x for outcome in outcomes]).reshape(-1, problem.num_parameters)
    metrics = np.array([outcome.constraints[j] for outcome in outcomes], dtype=float)
    is_safe, is_assumed = (
        np.array([one is kind for one in told], dtype=bool)
        for kind in (Assigned.SAFE, Assigned.ASSUMED)
    )
    is_failed = np.array([one is Assigned.FAILED for one in told], dtype=bool)
    columns = problem.adjacency[j].astype(bool)
    near = np.abs(points[:, None, columns] - points[None, is_safe][:, :, columns])
    contradicted = (near <= settings.assumed_radius).all(2).any(1)
    is_failed |= is_assumed & ~contradicted
    noise = np.where(is_assumed, settings.assumed_noise, 1.0)
    metrics = np.where(is_assumed, np.nan, metrics)
    measured = is_safe & np.isfinite(metrics)
    return ConstraintData(
        TrainingData(points[measured], metrics[measured], noise[measured]),
        TrainingData(points[is_failed], metrics[is_failed], noise[is_failed]),
    )
