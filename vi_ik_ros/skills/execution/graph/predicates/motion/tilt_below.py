# SPDX-License-Identifier: Apache-2.0
"""The tool points into the pushing direction."""

from dataclasses import dataclass
from typing import ClassVar

from vi_ik_ros.skills.execution.graph.predicates.predicate import Angle, Predicate
from vi_ik_ros.skills.execution.observation import Observation


@dataclass(frozen=True)
class TiltBelow(Predicate):
    """The angle between the tool's z and the task's z is small.

    Attributes:
        angle: the largest [rad].
    """

    kind: ClassVar[str] = "tilt_below"
    unit: ClassVar[str] = "rad"
    limit_field: ClassVar[str] = "angle"

    angle: Angle

    def margin(self, observation: Observation) -> float:
        """Return how much smaller the angle is [rad]."""
        return self.angle - observation.tilt
