# SPDX-License-Identifier: Apache-2.0
"""The tool pushes no more."""

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
class ContactLost(Predicate):
    """The mean force along an axis is no more than noise, Eq. (6.5).

    Attributes:
        axis: of the task frame.
        force: the largest [N].
        window: of the mean [s].
        grace: not judged before this time since entry: tools lose contact while they fall in [s].
    """

    kind: ClassVar[str] = "contact_lost"
    unit: ClassVar[str] = "N"
    limit_field: ClassVar[str] = "force"

    axis: Axis
    force: Force
    window: Window
    grace: Grace = 0.0

    def margin(self, observation: Observation) -> float:
        """Return by how much the mean is smaller [N]."""
        if observation.elapsed < self.grace:
            return NOT_YET
        return self.force - observation.history.mean(INDEX[self.axis], self.window)
