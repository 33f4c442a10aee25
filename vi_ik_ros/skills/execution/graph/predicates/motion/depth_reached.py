# SPDX-License-Identifier: Apache-2.0
"""The tool has gone deep enough."""

from dataclasses import dataclass
from typing import ClassVar

from vi_ik_ros.skills.execution.graph.predicates.predicate import Length, Predicate
from vi_ik_ros.skills.execution.observation import Observation


@dataclass(frozen=True)
class DepthReached(Predicate):
    """The tool centre point has gone as far in the pushing direction, Eq. (6.7).

    Attributes:
        depth: the least, along z of the task frame [m].
    """

    kind: ClassVar[str] = "depth_reached"
    unit: ClassVar[str] = "m"
    limit_field: ClassVar[str] = "depth"

    depth: Length

    def margin(self, observation: Observation) -> float:
        """Return how much deeper it is [m]."""
        return observation.travel[2] - self.depth
