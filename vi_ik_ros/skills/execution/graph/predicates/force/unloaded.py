# SPDX-License-Identifier: Apache-2.0
"""The tool touches nothing."""

from dataclasses import dataclass
from typing import ClassVar

from vi_ik_ros.skills.execution.graph.predicates.predicate import Force, Predicate, Window
from vi_ik_ros.skills.execution.observation import Observation


@dataclass(frozen=True)
class Unloaded(Predicate):
    """The norm of the mean force is no more than noise.

    Attributes:
        force: the largest [N].
        window: of the mean [s].
    """

    kind: ClassVar[str] = "unloaded"
    unit: ClassVar[str] = "N"
    limit_field: ClassVar[str] = "force"

    force: Force
    window: Window

    def margin(self, observation: Observation) -> float:
        """Return by how much the norm is smaller [N]."""
        return self.force - observation.history.mean_norm(self.window)
