# SPDX-License-Identifier: Apache-2.0
"""The tool is where it was sent."""

from dataclasses import dataclass
from typing import ClassVar

from vi_ik_ros.skills.execution.graph.predicates.predicate import Angle, Length, Predicate
from vi_ik_ros.skills.execution.observation import Observation


@dataclass(frozen=True)
class PoseReached(Predicate):
    """The tool centre point is at the target of the primitive, Eq. (6.1).

    Attributes:
        position: farthest from it [m].
        orientation: the largest angle to it [rad].
    """

    kind: ClassVar[str] = "pose_reached"
    unit: ClassVar[str] = ""

    position: Length
    orientation: Angle

    @property
    def scale(self) -> float:
        """Return 1: margins are shares of the tolerances."""
        return 1.0

    def margin(self, observation: Observation) -> float:
        """Return what is left of the tolerance of which the larger share is used."""
        position = observation.position_error / self.position
        return 1.0 - max(position, observation.orientation_error / self.orientation)
