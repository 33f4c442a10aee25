# SPDX-License-Identifier: Apache-2.0
"""The one gate that every command to a plant goes through, simulation or robot."""

import math
from dataclasses import replace

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.plants.faults import Fault, FaultKind
from vi_ik_ros.skills.plants.gate.reach import Reach
from vi_ik_ros.skills.plants.gate.watchdog import Watchdog
from vi_ik_ros.skills.plants.limits import Limits
from vi_ik_ros.skills.plants.plant import FRAMES, Plant, PlantState, TickResult, Twist
from vi_ik_ros.skills.plants.scene import Scene


class SafetyGate:
    """A plant that keeps limits around another plant.

    * Faster commands and longer steps are scaled; direction is kept, of the linear and of the
      angular triple apart. `saturated` tells so.
    * A step that would end beyond the offset budget or the workspace is shortened to end there,
      and `saturated`. A command that asks for more from there on is a fault: a constraint failure.
    * A measured force of `hard_force` is a fault, the other constraint failure; so is a measured
      place outside of the workspace.
    * Numbers that are none, unknown frames, stale measurements while commands are carried out,
      and silence are faults that make an episode invalid. Before silence is a fault, the last
      command goes on, then the tool stands still.
    * The state is HOLD from `reset` to the first command, in silence, and after `stop`.
    * The first fault is latched. Until `clear_fault` or `reset` nothing but zero goes to the plant,
      and no further fault of the gate is added, so that what came first decides.

    Args:
        plant: what the commands that remain go to, always in base_link.
        limits: what is kept.
    """

    def __init__(self, plant: Plant, limits: Limits) -> None:
        self._plant, self._limits = plant, limits
        self._watchdog = Watchdog(limits.hold_after, limits.deadman_after)
        self._take_periods()
        self._fault: Fault | None = None
        self._stopped = self._is_slowed = False
        self._last: TickResult | None = None
        self._wrench_time = 0.0

    def reset(self, seed: int, scene: Scene | None = None) -> TickResult:
        """Bring the tool to where episodes start, and arm it: offsets count from here."""
        self._fault, self._stopped = None, False
        self._watchdog.disarm()
        result = self._plant.reset(seed, scene)
        self._take_periods()
        self._reach.arm(result.T_base_tcp[:3, 3])
        self._wrench_time = result.time
        return self._checked(result, saturated=False)

    def tick(self, twist: Twist | None) -> TickResult:
        """Move for one control period, as far as the limits allow.

        Args:
            twist: the velocity; None: no command has come.
        """
        allowed, saturated = Twist.zero(), False
        if self._last is None:
            raise RuntimeError("a safety gate is reset before its first tick")
        if self._fault is None and not self._stopped:
            allowed, saturated = self._allowed(twist, self._last)
        return self._checked(self._plant.tick(allowed), saturated=saturated)

    def stop(self) -> None:
        """Stand still and take no command until the next `reset`."""
        self._stopped = True
        self._watchdog.disarm()
        self._plant.stop()

    def clear_fault(self) -> None:
        """Leave FAULT, if its cause is gone; offsets go on to count from where it was armed."""
        self._plant.clear_fault()
        if self._last is None or self._measured_fault(self._last, active=False) is None:
            self._fault = None
            self._watchdog.disarm()

    def close(self) -> None:
        """Let go of everything, at rest."""
        self._plant.close()

    def _take_periods(self) -> None:
        """Take over the plant's periods, which another scene may change."""
        self.control_period = self._plant.control_period
        self.wrench_period = self._plant.wrench_period
        if self.control_period >= self._limits.hold_after:
            expected = f"more than the control period, {self.control_period:g} s"
            raise InvalidInput("limits.hold_after", self._limits.hold_after, expected)
        self._reach = Reach(self._limits, self.control_period)

    def _allowed(self, twist: Twist | None, last: TickResult) -> tuple[Twist, bool]:
        """Return the command that may go on, and whether it is less than what was asked for."""
        now = last.time
        if twist is not None:
            self._fault = _command_fault(twist)
            if self._fault is None:
                self._feed(twist, last)
        elif self._watchdog.is_late(now):
            line = f"no command for {1e3 * self._watchdog.silence(now):.0f} ms"
            self._fault = Fault(FaultKind.DEADMAN, line)
        going = self._watchdog.twist(now) if self._fault is None else None
        if going is None:
            return Twist.zero(), False
        allowed = self._reach.allow(going)
        self._fault = allowed.fault
        return allowed.twist, allowed.saturated or self._is_slowed

    def _feed(self, twist: Twist, last: TickResult) -> None:
        """Give the watchdog a new command, slowed first: turning a huge one would overflow."""
        slowed = self._reach.slowed(twist)
        self._is_slowed = slowed.saturated
        self._watchdog.feed(slowed.twist.in_base(last.T_base_tcp[:3, :3]), last.time)

    def _checked(self, result: TickResult, *, saturated: bool) -> TickResult:
        """Look at what the plant tells, and add what the gate knows."""
        if len(result.wrench_times):
            self._wrench_time = float(result.wrench_times[-1])
        self._last = result
        active = self._watchdog.twist(result.time) is not None and not self._stopped
        if self._fault is None and result.faults:  # what the plant names is nearer to the cause
            self._fault = result.faults[0]
        if self._fault is None:
            self._fault = self._measured_fault(result, active=active)
        own = () if self._fault is None else (self._fault,)
        faults = (*own, *(fault for fault in result.faults if fault not in own))
        state = result.state
        if faults:
            state = PlantState.FAULT
        elif state is PlantState.ACTIVE and not active:
            state = PlantState.HOLD
        shortened = saturated or result.saturated
        return replace(result, state=state, faults=faults, saturated=shortened)

    def _measured_fault(self, result: TickResult, *, active: bool) -> Fault | None:
        """Return what is wrong with a measurement; of its age only while active."""
        position, limits = result.T_base_tcp[:3, 3], self._limits
        if not (_is_finite(result.wrenches) and _is_finite(result.T_base_tcp)):
            return Fault(FaultKind.NOT_A_NUMBER, "in a measured wrench or pose")
        peak = max((math.hypot(*force) for force in result.wrenches[:, :3].tolist()), default=0.0)
        if peak >= limits.hard_force:
            line = f"measured force {peak:.1f} N, limit {limits.hard_force:g} N"
            return Fault(FaultKind.HARD_FORCE, line, peak)
        bounds = zip("xyz", position.tolist(), limits.lower, limits.upper, strict=True)
        for axis, value, low, high in bounds:
            if not low - limits.overshoot <= value <= high + limits.overshoot:
                line = f"measured {axis} {value:.4f} m, box {low:g} to {high:g} m"
                return Fault(FaultKind.WORKSPACE, line)
        return self._age_fault(result) if active else None

    def _age_fault(self, result: TickResult) -> Fault | None:
        """Return which measurement is stale."""
        wrench_age, pose_age = result.time - self._wrench_time, result.time - result.pose_time
        if wrench_age > self._limits.wrench_age:
            line = f"newest wrench is {1e3 * wrench_age:.0f} ms old"
            return Fault(FaultKind.STALE_WRENCH, line)
        if pose_age > self._limits.pose_age:
            return Fault(FaultKind.STALE_POSE, f"newest pose is {1e3 * pose_age:.0f} ms old")
        return None


def _command_fault(twist: Twist) -> Fault | None:
    """Return why a command cannot be taken."""
    if twist.frame not in FRAMES:
        line = f"command in frame {twist.frame[:60]!r}, expected {' or '.join(FRAMES)}"
        return Fault(FaultKind.FRAME, line)
    if not (_is_finite(twist.linear) and _is_finite(twist.angular)):
        line = f"command {[*twist.linear.tolist(), *twist.angular.tolist()]}"
        return Fault(FaultKind.NOT_A_NUMBER, line)
    return None


def _is_finite(array: np.ndarray) -> bool:
    """Tell whether all numbers of a small array are finite, in half the time of numpy."""
    return all(map(math.isfinite, array.ravel().tolist()))
