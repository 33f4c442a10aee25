# SPDX-License-Identifier: Apache-2.0
"""Keeps how the primitives of an episode ended, and sums it up."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.skills.execution.active_primitive import ActivePrimitive
from vi_ik_ros.skills.execution.episode import Episode, FactorOutcome, Outcome, PrimitiveOutcome
from vi_ik_ros.skills.execution.graph.skill import BoundSkill, Factor


@dataclass(frozen=True)
class Ending:
    """How a primitive ended.

    Attributes:
        outcome: which way.
        error: name of the predicate or fault, or ''.
        invalid_reason: why this says nothing about the parameters, or ''.
        is_latched: whether the plant takes no more commands.
    """

    outcome: Outcome
    error: str = ""
    invalid_reason: str = ""
    is_latched: bool = False

    @property
    def goes_on(self) -> bool:
        """Whether the graph goes on from here."""
        return self.outcome in (Outcome.SUCCESS, Outcome.SKIPPED)


class Record:
    """The primitives that were entered, and how each ended.

    Args:
        skill: the skill, its parameters bound.
        seed: of the episode.
    """

    def __init__(self, skill: BoundSkill, seed: int) -> None:
        self._skill, self._seed = skill, seed
        self._left: dict[int, tuple[ActivePrimitive, Ending, float]] = {}

    def leave(self, index: int, active: ActivePrimitive, ending: Ending, time: float) -> None:
        """Keep how a primitive ended.

        Args:
            index: of the primitive.
            active: the primitive.
            ending: how it ended.
            time: of the plant's clock [s].
        """
        self._left[index] = active, ending, time

    def episode(self, last: Ending, last_primitive: int, times: tuple[float, float]) -> Episode:
        """Sum up.

        Args:
            last: how the last primitive ended.
            last_primitive: its index.
            times: of the episode's begin and end [s].
        """
        skill = self._skill
        success = last.goes_on
        primitives = tuple(self._primitive(k) for k in range(len(skill.primitives)))
        return Episode(
            skill=skill.name,
            parameters=dict(skill.parameters),
            seed=self._seed,
            success=success,
            last_primitive=len(primitives) if success else last_primitive,
            primitives=primitives,
            factors=tuple(self._factor(factor) for factor in skill.factors),
            cost=self._cost(primitives) if success else math.nan,
            invalid_reason=last.invalid_reason,
            recovered=False,
            duration=times[1] - times[0],
            peak_force=max((active.peak_force for active, _, _ in self._left.values()), default=0),
        )

    def _primitive(self, index: int) -> PrimitiveOutcome:
        primitive = self._skill.primitives[index]
        if index not in self._left:
            none = math.nan
            return PrimitiveOutcome(
                primitive.name, Outcome.NOT_REACHED, none, none, "", none, 0.0, 0.0
            )
        active, ending, end = self._left[index]
        succeeded = ending.outcome is Outcome.SUCCESS
        return PrimitiveOutcome(
            name=primitive.name,
            outcome=ending.outcome,
            begin=active.begin,
            end=end,
            error=ending.error,
            score=primitive.score(end - active.begin) if succeeded else math.nan,
            saturated=active.saturated,
            peak_force=active.peak_force,
        )

    def _cost(self, primitives: Sequence[PrimitiveOutcome]) -> float:
        """Return 1 - J, J the weighted mean of the scores (Eq. 6.8)."""
        weights = np.array([primitive.weight for primitive in self._skill.primitives])
        scores = np.array([outcome.score for outcome in primitives])
        counted = (weights > 0.0) & ~np.isnan(scores)
        if not counted.any():
            return 0.0
        return 1.0 - float(weights[counted] @ scores[counted] / weights[counted].sum())

    def _factor(self, factor: Factor) -> FactorOutcome:
        entered = [self._left[k] for k in factor.primitives if k in self._left]
        entered = [one for one in entered if one[1].outcome is not Outcome.SKIPPED]
        if not entered:
            return FactorOutcome(factor.name, False, None, math.nan, {})
        metrics, scaled = {}, []
        for active, _, _ in entered:
            for error in active.primitive.errors:
                margin = active.margins[error.name]
                if margin > -math.inf:
                    metrics[f"{active.primitive.name}.{error.name}"] = margin
                    scaled.append(margin / error.scale)
        failed = any(ending.outcome is Outcome.ERROR for _, ending, _ in entered)
        constraint = max(scaled, default=math.nan)
        if failed and not constraint >= 0.0:
            constraint = math.nan
        ok = not failed and not constraint > 0.0
        return FactorOutcome(factor.name, True, ok, constraint, metrics)
