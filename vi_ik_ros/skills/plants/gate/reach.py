# SPDX-License-Identifier: Apache-2.0
"""Where a tool has been sent since arming, and how much of a command its limits let through."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.skills.plants.faults import Fault, FaultKind
from vi_ik_ros.skills.plants.limits import Limits
from vi_ik_ros.skills.plants.plant import Twist
from vi_ik_ros.skills.plants.vectors.shortening import (
    Vector,
    length,
    part_in_ball,
    part_in_box,
    part_in_cap,
    within_length,
)

NEGLIGIBLE = 1e-6  # [m, rad], of a step: what is nearer to a limit stands at it


@dataclass(frozen=True)
class Allowed:
    """What is left of a command.

    Attributes:
        twist: the part of it that may be carried out.
        saturated: whether that is less than all.
        fault: the reason to carry out nothing, or None.
    """

    twist: Twist
    saturated: bool
    fault: Fault | None = None


class Reach:
    """The sum of all steps since arming.

    Speed and step limits scale a command. A step that would end beyond the offset budget or the
    workspace is shortened to end there; a command that asks for more from there on is a fault.

    Args:
        limits: what is kept.
        period: of control [s].
    """

    def __init__(self, limits: Limits, period: float) -> None:
        self._limits, self._period = limits, period
        self._speed = min(limits.speed, limits.step / period)
        self._angular_speed = min(limits.angular_speed, limits.angular_step / period)
        self.arm(np.zeros(3))

    def arm(self, position: np.ndarray) -> None:
        """Begin to add up steps.

        Args:
            position: (3,) of the tool centre point in base_link [m].
        """
        self._origin: Vector = position.tolist()
        self._offset: Vector = (0.0, 0.0, 0.0)
        self._rotation: Sequence[float] = (0.0, 0.0, 0.0, 1.0)  # quaternion x y z w

    def slowed(self, twist: Twist) -> Allowed:
        """Scale a copy of a command down to the speeds that are allowed, along its own axes."""
        asked = (twist.linear.tolist(), twist.angular.tolist())
        linear = within_length(asked[0], self._speed)
        angular = within_length(asked[1], self._angular_speed)
        scaled = Twist(np.array(linear), np.array(angular), twist.frame)
        return Allowed(scaled, saturated=([*linear], [*angular]) != asked)

    def allow(self, twist: Twist) -> Allowed:
        """Shorten a command, and add up what is left of it.

        Args:
            twist: finite, in base_link.
        """
        asked = (twist.linear.tolist(), twist.angular.tolist())
        linear = within_length(asked[0], self._speed)
        angular = within_length(asked[1], self._angular_speed)
        step = [entry * self._period for entry in linear]
        turn = [entry * self._period for entry in angular]
        moved, moved_fault = self._part_of_step(step)
        turned, turned_fault = self._part_of_turn(turn)
        fault = moved_fault or turned_fault
        if fault:
            return Allowed(Twist.zero(), True, fault)
        self._offset = [a + moved * b for a, b in zip(self._offset, step, strict=True)]
        self._rotation = _turned(self._rotation, [turned * entry for entry in turn])
        if moved == turned == 1.0 and ([*linear], [*angular]) == asked:
            return Allowed(twist, saturated=False)
        allowed = Twist(moved * np.array(linear), turned * np.array(angular))
        return Allowed(allowed, saturated=True)

    def _part_of_step(self, step: Vector) -> tuple[float, Fault | None]:
        """Return how much of a displacement may be gone, or why none."""
        limits, size = self._limits, length(step)
        position = [a + b for a, b in zip(self._origin, self._offset, strict=True)]
        in_budget = part_in_ball(self._offset, step, limits.offset)
        in_box = part_in_box(position, step, limits.lower, limits.upper)
        part = min(in_budget, in_box)
        if part == 1.0 or part * size > NEGLIGIBLE or size <= NEGLIGIBLE:
            return part, None
        if in_box <= in_budget:
            place = " ".join(f"{entry:.4f}" for entry in position)
            box = f"{_numbers(limits.lower)} to {_numbers(limits.upper)}"
            line = f"the tool at {place} m would leave its box, {box} m"
            return 0.0, Fault(FaultKind.WORKSPACE, line)
        gone = 1e3 * length(self._offset)
        line = f"{gone:.1f} mm from where it was armed, limit {1e3 * limits.offset:g} mm"
        return 0.0, Fault(FaultKind.OFFSET_BUDGET, line)

    def _part_of_turn(self, turn: Vector) -> tuple[float, Fault | None]:
        """Return how much of a rotation may be gone, or why none."""
        limit, size = self._limits.angular_offset, length(turn)
        part = part_in_cap(self._rotation, turn, limit)
        if part == 1.0 or part * size > NEGLIGIBLE or size <= NEGLIGIBLE:
            return part, None
        angle = 2.0 * math.atan2(length(self._rotation[:3]), abs(self._rotation[3]))
        line = f"turned by {angle:.3f} rad since it was armed, limit {limit:g} rad"
        return 0.0, Fault(FaultKind.OFFSET_BUDGET, line)


def _turned(quaternion: Sequence[float], turn: Vector) -> Sequence[float]:
    """Return a unit quaternion x y z w, turned by a rotation vector on its left."""
    angle = length(turn)
    if angle == 0.0:
        return quaternion
    s, c = math.sin(0.5 * angle) / angle, math.cos(0.5 * angle)
    a, b, d = (entry * s for entry in turn)
    x, y, z, w = quaternion
    product = (
        c * x + a * w + b * z - d * y,
        c * y - a * z + b * w + d * x,
        c * z + a * y - b * x + d * w,
        c * w - a * x - b * y - d * z,
    )
    norm = math.hypot(*product)  # else rounding would add up
    return [entry / norm for entry in product]


def _numbers(vector: Vector) -> str:
    return " ".join(f"{entry:g}" for entry in vector)
