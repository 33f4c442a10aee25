# SPDX-License-Identifier: Apache-2.0
"""The tool has gone far enough, in any direction."""

import math
from dataclasses import dataclass
from typing import ClassVar

from vi_ik_ros.skills.execution.graph.predicates.predicate import Length, Predicate
from vi_ik_ros.skills.execution.observation import Observation


@dataclass(frozen=True)
class TravelBeyond(Predicate):
    """The tool centre point is as far from where it began.

    Attributes:
        distance: the least [m].
    """

    kind: ClassVar[str] = "travel_beyond"
    unit: ClassVar[str] = "m"
    limit_field: ClassVar[str] = "distance"

    distance: Length

    def margin(self, observation: Observation) -> float:
        """Return how much farther it is [m]."""
        return math.hypot(*observation.travel) - self.distance
