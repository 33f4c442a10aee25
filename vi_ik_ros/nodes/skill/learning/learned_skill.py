# SPDX-License-Identifier: Apache-2.0
"""What a learning run of the skill node came to, without ROS."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from vi_ik_ros.action import LearnSkill


@dataclass(frozen=True)
class LearnedSkill:
    """The result of a learning run.

    Attributes:
        ending: complete, stopped or invalid; '' if the node broke it off.
        reason: why it is not complete, or ''.
        store: its file on the node's machine.
        num_episodes: in the store, invalid ones included.
        num_valid: that were learned from.
        num_successes: of them.
        first_success: how many valid ones it took, None before it.
        parameters: that are recommended, by name; empty: none.
        expected_cost: 1 - J of them; NaN: no idea.
        probability: of their success, predicted; NaN: no idea.
        is_safe: whether that is at least the required one.
        best_parameters: of the successful episode of least cost, by name; empty: none.
        best_cost: 1 - J of it, measured; NaN: none.
    """

    ending: str
    reason: str
    store: str
    num_episodes: int
    num_valid: int
    num_successes: int
    first_success: int | None
    parameters: Mapping[str, float]
    expected_cost: float
    probability: float
    is_safe: bool
    best_parameters: Mapping[str, float]
    best_cost: float

    @classmethod
    def of(cls, result: LearnSkill.Result) -> Self:
        """Take it from the result of the action."""
        names = list(result.parameter_names)  # also where there is nothing to name
        return cls(
            ending=result.ending,
            reason=result.error_msg,
            store=result.store,
            num_episodes=result.num_episodes,
            num_valid=result.num_valid,
            num_successes=result.num_successes,
            first_success=result.first_success or None,
            parameters=dict(zip(names, result.parameters, strict=False)),
            expected_cost=result.expected_cost,
            probability=result.probability,
            is_safe=result.is_safe,
            best_parameters=dict(zip(names, result.best_parameters, strict=False)),
            best_cost=result.best_cost,
        )
