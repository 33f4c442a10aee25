# SPDX-License-Identifier: Apache-2.0
"""What a primitive contributes to how good an episode is, Eq. (6.8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from vi_ik_ros.skills.execution.graph.names import Number, value_of

N = TypeVar("N", float, Number)


@dataclass(frozen=True)
class Objective(Generic[N]):
    """A share of the objective: a parameter over its upper bound, or the time that is left.

    Attributes:
        weight: at least 0, relative to those of the other primitives; 0: it does not count.
        value: of the parameter, over `upper`; not looked at if there is a time.
        upper: bound of that parameter.
        time: from which on the score is 0 [s]; 0: the score is that of the parameter.
    """

    weight: float
    value: N
    upper: float
    time: N

    def bind(self, values: Mapping[str, float]) -> "Objective[float]":
        """Return the same with all numbers known."""
        value, time = value_of(self.value, values), value_of(self.time, values)
        return Objective(self.weight, value, self.upper, time)

    def score(self: "Objective[float]", elapsed: float) -> float:
        """Return a number from 0 to 1, 1 the best.

        Args:
            elapsed: time that the primitive took [s].
        """
        if self.time > 0.0:
            return 1.0 - min(1.0, max(0.0, elapsed) / self.time)
        return min(1.0, max(0.0, self.value / self.upper))
