# SPDX-License-Identifier: Apache-2.0
"""The tool pushes as hard as it should."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from vi_ik_ros.skills.execution.graph.predicates.predicate import (
    INDEX,
    NOT_YET,
    Axis,
    Force,
    Predicate,
    Window,
)
from vi_ik_ros.skills.execution.observation import Observation
from vi_ik_ros.skills.plants.scene.reading import Within


@dataclass(frozen=True)
class ForceSettled(Predicate):
    """The mean force error along an axis is small, over a window since entry, Eq. (6.4).

    It is the absolute value of the mean: the mean of absolute values never falls below the noise.

    Attributes:
        axis: of the task frame.
        desired: force [N].
        tolerance: the largest mean error [N].
        window: of the mean [s].
    """

    kind: ClassVar[str] = "force_settled"
    unit: ClassVar[str] = "N"
    limit_field: ClassVar[str] = "tolerance"

    axis: Axis
    desired: Annotated[float, Within(-1e4, 1e4, "N")]
    tolerance: Force
    window: Window

    def margin(self, observation: Observation) -> float:
        """Return by how much the mean error is smaller [N]."""
        if observation.elapsed < self.window:
            return NOT_YET
        mean = observation.history.mean(INDEX[self.axis], self.window)
        return self.tolerance - abs(self.desired - mean)
