# SPDX-License-Identifier: Apache-2.0
"""The tool pushes."""

from dataclasses import dataclass
from typing import ClassVar

from vi_ik_ros.skills.execution.graph.predicates.predicate import (
    INDEX,
    Axis,
    Force,
    Predicate,
    Window,
)
from vi_ik_ros.skills.execution.observation import Observation


@dataclass(frozen=True)
class Contact(Predicate):
    """The mean force along an axis is more than noise, Eq. (6.2).

    Attributes:
        axis: of the task frame.
        force: the least [N].
        window: of the mean [s].
    """

    kind: ClassVar[str] = "contact"
    unit: ClassVar[str] = "N"
    limit_field: ClassVar[str] = "force"

    axis: Axis
    force: Force
    window: Window

    def margin(self, observation: Observation) -> float:
        """Return by how much the mean is larger [N]."""
        return observation.history.mean(INDEX[self.axis], self.window) - self.force
