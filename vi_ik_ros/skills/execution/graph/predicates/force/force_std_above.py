# SPDX-License-Identifier: Apache-2.0
"""The tool chatters."""

from dataclasses import dataclass
from typing import ClassVar

from vi_ik_ros.skills.execution.graph.predicates.predicate import (
    INDEX,
    NOT_YET,
    Axis,
    Force,
    Grace,
    Predicate,
    Window,
)
from vi_ik_ros.skills.execution.observation import Observation


@dataclass(frozen=True)
class ForceStdAbove(Predicate):
    """The filtered force along an axis scatters too much, Eq. (3.6).

    Attributes:
        axis: of the task frame.
        limit: of the standard deviation [N].
        window: in which it is taken, one value a control period [s].
        grace: not judged before this time since entry: an impact scatters by itself [s].
    """

    kind: ClassVar[str] = "force_std_above"
    unit: ClassVar[str] = "N"
    limit_field: ClassVar[str] = "limit"

    axis: Axis
    limit: Force
    window: Window
    grace: Grace = 0.0

    def margin(self, observation: Observation) -> float:
        """Return by how much the standard deviation is larger [N]."""
        if observation.elapsed < self.grace:
            return NOT_YET
        return observation.history.std(INDEX[self.axis], self.window) - self.limit
