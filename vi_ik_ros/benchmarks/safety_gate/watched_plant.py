# SPDX-License-Identifier: Apache-2.0
"""A plant without dynamics that counts every command that it should not have got."""

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.skills.plants.faults import FaultKind
from vi_ik_ros.skills.plants.limits import Limits
from vi_ik_ros.skills.plants.plant import PlantState, TickResult, Twist
from vi_ik_ros.skills.plants.scene import Scene
from vi_ik_ros.skills.plants.vectors.rotation_vectors import exp_so3

ROUNDING = 1e-9  # [m, rad], of sums in another order than the gate's
NEAR = 1e-5  # [m, rad], of a limit
ABSURD = 1e3  # [m/s, rad/s]


@dataclass(frozen=True)
class Sabotage:
    """What a plant measures wrongly.

    Attributes:
        force: of every sample along z [N].
        no_wrench: whether no sample comes.
        old_pose: whether the pose is that of some time ago.
    """

    force: float = 0.0
    no_wrench: bool = False
    old_pose: bool = False


class WatchedPlant:
    """A tool that is where it was sent.

    Args:
        limits: that no command may exceed.
        start: (4, 4) where the tool is after a reset.
    """

    control_period = 0.02
    wrench_period = 0.01

    def __init__(self, limits: Limits, start: np.ndarray) -> None:
        self._limits, self._start = limits, start
        self.sabotage = Sabotage()
        self.must_stand = False  # whether anything but zero is wrong
        self.got = Twist.zero()  # the newest command
        self.exceeded: Counter[str] = Counter()
        self.reset(0)

    def reset(self, seed: int, scene: Scene | None = None) -> TickResult:
        """Put the tool where it was; time begins anew."""
        self.T, self.time = self._start.copy(), 0.0
        self.offset, self._R = np.zeros(3), np.eye(3)
        self._wrench_time = self._pose_time = 0.0
        return self._result(np.zeros((0, 6)), np.zeros(0))

    def tick(self, twist: Twist | None) -> TickResult:
        """Check a command and carry it out."""
        assert twist is not None
        h = self.control_period
        self.got, self.R_before = twist, self.T[:3, :3].copy()
        self._check(twist)
        if not np.abs([*twist.linear, *twist.angular]).max() < ABSURD:
            twist = Twist.zero()  # counted, and too large for sines
        self.offset = self.offset + twist.linear * h
        turn = exp_so3(twist.angular * h)
        self._R = turn @ self._R
        self.T[:3, 3] = self._start[:3, 3] + self.offset
        self.T[:3, :3] = self._R @ self._start[:3, :3]
        self._check_place()
        self.time += h
        times = np.array([self.time - self.wrench_period, self.time])
        wrenches = np.tile([0.0, 0.0, self.sabotage.force, 0.0, 0.0, 0.0], (2, 1))
        if self.sabotage.no_wrench:
            times, wrenches = times[:0], wrenches[:0]
        else:
            self._wrench_time = self.time
        if not self.sabotage.old_pose:
            self._pose_time = self.time
        return self._result(wrenches, times)

    def stop(self) -> None:
        """Do nothing."""

    def clear_fault(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    @property
    def angle(self) -> float:
        """Rotation since the reset [rad]."""
        skew = self._R - self._R.T
        sine = 0.5 * math.hypot(skew[2, 1], skew[0, 2], skew[1, 0])
        return math.atan2(sine, 0.5 * (float(np.trace(self._R)) - 1.0))

    @property
    def limits_reached(self) -> set[FaultKind]:
        """The limits of places that leave no room in some direction."""
        limits, position = self._limits, self.T[:3, 3]
        sides = min((position - limits.lower).min(), (limits.upper - position).min())
        offset = limits.offset - float(np.linalg.norm(self.offset))
        room = {
            FaultKind.WORKSPACE: sides,
            FaultKind.OFFSET_BUDGET: min(offset, limits.angular_offset - self.angle),
        }
        return {kind for kind, left in room.items() if left < NEAR}

    @property
    def wrench_age(self) -> float:
        """How old the newest sample is [s]."""
        return self.time - self._wrench_time

    @property
    def pose_age(self) -> float:
        """How old the pose is [s]."""
        return self.time - self._pose_time

    def _check(self, twist: Twist) -> None:
        """Count what is wrong with a command."""
        limits, h = self._limits, self.control_period
        speed, angular_speed = np.linalg.norm(twist.linear), np.linalg.norm(twist.angular)
        wrong = {
            "numbers that are none": not (math.isfinite(speed) and math.isfinite(angular_speed)),
            "frames other than base_link": twist.frame != "base_link",
            "speeds": speed > limits.speed,
            "angular speeds": angular_speed > limits.angular_speed,
            "steps": speed * h > limits.step + ROUNDING,
            "angular steps": angular_speed * h > limits.angular_step + ROUNDING,
            "motions after a fault": self.must_stand and speed + angular_speed > 0.0,
        }
        self.exceeded.update(name for name, is_wrong in wrong.items() if is_wrong)

    def _check_place(self) -> None:
        """Count which limits of places a command has broken."""
        limits, position = self._limits, self.T[:3, 3]
        outside = (position < limits.lower - np.full(3, ROUNDING)) | (
            position > limits.upper + np.full(3, ROUNDING)
        )
        wrong = {
            "offsets": np.linalg.norm(self.offset) > limits.offset + ROUNDING,
            "angular offsets": self.angle > limits.angular_offset + ROUNDING,
            "places outside of the workspace": outside.any(),
        }
        self.exceeded.update(name for name, is_wrong in wrong.items() if is_wrong)

    def _result(self, wrenches: np.ndarray, times: np.ndarray) -> TickResult:
        state = PlantState.ACTIVE
        return TickResult(self.time, wrenches, times, self.T.copy(), self._pose_time, state)


LIMITS_WATCHED = (
    "numbers that are none",
    "frames other than base_link",
    "speeds",
    "angular speeds",
    "steps",
    "angular steps",
    "offsets",
    "angular offsets",
    "places outside of the workspace",
    "motions after a fault",
)
