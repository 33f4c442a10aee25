# SPDX-License-Identifier: Apache-2.0
"""What a tool may do at most, whatever a skill asks for."""

import math
from dataclasses import dataclass, fields
from typing import Self

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.plants.scene import Scene

Corner = tuple[float, float, float]


@dataclass(frozen=True)
class Limits:
    """The limits of a safety gate.

    Attributes:
        speed: of the tool centre point, norm [m/s].
        angular_speed: norm [rad/s].
        step: displacement in one control period, norm [m].
        angular_step: rotation in one control period [rad].
        offset: displacement since arming, norm of the sum of all steps [m].
        angular_offset: rotation since arming, angle of the product of all steps [rad].
        lower: corner of the box in base_link that the tool centre point stays in [m].
        upper: the other corner [m].
        overshoot: how far the measured tool centre point may be outside of that box [m].
        hard_force: measured force that stops everything, norm [N].
        hold_after: time without a command after which the tool stands still [s].
        deadman_after: time without a command that is a fault [s].
        wrench_age: oldest wrench that is fresh, while commands are carried out [s].
        pose_age: oldest pose that is fresh, while commands are carried out [s].
    """

    speed: float = 0.05
    angular_speed: float = 0.2
    step: float = 0.001
    angular_step: float = 0.004
    offset: float = 0.06
    angular_offset: float = 0.2
    lower: Corner = (-math.inf, -math.inf, -math.inf)
    upper: Corner = (math.inf, math.inf, math.inf)
    overshoot: float = 0.001
    hard_force: float = 30.0
    hold_after: float = 0.06
    deadman_after: float = 0.2
    wrench_age: float = 0.05
    pose_age: float = 0.1

    def __post_init__(self) -> None:
        """Refuse what is no limit."""
        for name in (field.name for field in fields(self) if field.name not in ("lower", "upper")):
            value = getattr(self, name)
            if not value > 0.0:
                raise InvalidInput(f"limits.{name}", value, "a number above 0")
        if self.angular_offset >= math.pi:
            raise InvalidInput("limits.angular_offset", self.angular_offset, "less than pi [rad]")
        if self.deadman_after < self.hold_after:
            expected = f"at least hold_after, {self.hold_after} s"
            raise InvalidInput("limits.deadman_after", self.deadman_after, expected)
        if len(self.lower) != 3 or len(self.upper) != 3:
            raise InvalidInput("limits.lower, limits.upper", (self.lower, self.upper), "x y z each")
        if not all(low < high for low, high in zip(self.lower, self.upper, strict=True)):
            raise InvalidInput("limits.upper", self.upper, f"above limits.lower, {self.lower}")

    @classmethod
    def of(cls, scene: Scene) -> Self:
        """Return the usual limits, with the workspace of a scene."""
        return cls(lower=scene.workspace.lower, upper=scene.workspace.upper)
