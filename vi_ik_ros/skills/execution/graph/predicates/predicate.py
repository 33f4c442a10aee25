# SPDX-License-Identifier: Apache-2.0
"""The base of all predicates."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from vi_ik_ros.skills.execution.control.set_values import AXES
from vi_ik_ros.skills.execution.observation import Observation
from vi_ik_ros.skills.plants.scene.reading import Within

NOT_YET = float("-inf")  # the margin of what cannot be judged yet

Axis = Literal["x", "y", "z", "rx", "ry", "rz"]
Force = Annotated[float, Within(1e-3, 1e4, "N")]
Window = Annotated[float, Within(1e-3, 30.0, "s")]
Grace = Annotated[float, Within(0.0, 60.0, "s")]
Length = Annotated[float, Within(1e-6, 10.0, "m")]
Angle = Annotated[float, Within(1e-6, 3.2, "rad")]

INDEX = {axis: index for index, axis in enumerate(AXES)}


@dataclass(frozen=True)
class Predicate(ABC):
    """Something that is observed to hold, or not, with a margin.

    A subclass is a frozen dataclass; its fields are the keys of its kind in a skill file.
    """

    kind: ClassVar[str]  # what files call it
    unit: ClassVar[str]  # of the margin
    limit_field: ClassVar[str]  # the field that the metric is compared with

    @abstractmethod
    def margin(self, observation: Observation) -> float:
        """Return by how much it holds, in `unit`: it does from 0 on; -inf if it is too early."""

    @property
    def scale(self) -> float:
        """Return what margins of different units are divided by to compare them."""
        return float(getattr(self, self.limit_field))

    @property
    def name(self) -> str:
        """Return the kind, with the axis if it has one."""
        axis = getattr(self, "axis", "")
        return f"{self.kind}_{axis}" if axis else self.kind
