# SPDX-License-Identifier: Apache-2.0
"""The tool pushes too hard."""

from dataclasses import dataclass
from typing import ClassVar

from vi_ik_ros.skills.execution.graph.predicates.predicate import (
    NOT_YET,
    Force,
    Grace,
    Predicate,
)
from vi_ik_ros.skills.execution.observation import Observation


@dataclass(frozen=True)
class ForceAbove(Predicate):
    """The norm of the fast-filtered force is too large, Eq. (6.3).

    Attributes:
        limit: of the norm, F_max [N].
        grace: not judged before this time since entry: a recovery may begin at a large force [s].
    """

    kind: ClassVar[str] = "force_above"
    unit: ClassVar[str] = "N"
    limit_field: ClassVar[str] = "limit"

    limit: Force
    grace: Grace = 0.0

    def margin(self, observation: Observation) -> float:
        """Return by how much the peak since the last control period is larger [N]."""
        if observation.elapsed < self.grace:
            return NOT_YET
        return observation.peak_force - self.limit
