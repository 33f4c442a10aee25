# SPDX-License-Identifier: Apache-2.0
"""How many control periods pass from a command to its effect."""

import numpy as np

from vi_ik_ros.skills.plants.plant import TickResult, Twist
from vi_ik_ros.skills.plants.scene.parts import Servo

MOST = 200  # control periods after a reset that are looked at
LONGEST = 20.0  # delay that is looked for [control periods]
LEAST_TRAVEL = 5e-4  # [m]; less cannot be told from noise
TOUCHED = 3.0  # [N]; from then on the plate decides where the tool is
RESOLUTION = 0.02  # [control periods]


class RoundTrip:
    """Compares where the tool was sent with where it went, in free air after a reset.

    Args:
        control_period: [s].
    """

    def __init__(self, control_period: float) -> None:
        self._period = control_period
        self.restart()

    def restart(self) -> None:
        """Begin anew, at rest."""
        self._sent: list[np.ndarray] = []  # displacement until the end of each tick [m]
        self._seen: list[np.ndarray] = []  # position at the end of each tick [m]
        self._first: np.ndarray | None = None
        self._is_over = False

    def begin(self, result: TickResult) -> None:
        """Take the place from which displacements count."""
        self.restart()
        self._first = result.T_base_tcp[:3, 3].copy()

    def add(self, twist: Twist, before: TickResult, after: TickResult) -> None:
        """Take a tick: its command, and the results before and after it."""
        forces = np.linalg.norm(after.wrenches[:, :3], axis=1)
        if after.saturated or after.faults or forces.max(initial=0.0) > TOUCHED:
            self._is_over = True
        if self._first is None or self._is_over or len(self._sent) >= MOST:
            return
        step = self._period * twist.in_base(before.T_base_tcp[:3, :3]).linear
        last = self._sent[-1] if self._sent else np.zeros(3)
        self._sent.append(last + step)
        self._seen.append(after.T_base_tcp[:3, 3] - self._first)

    def end(self) -> None:
        """Look at nothing more, such as after a period that was missed."""
        self._is_over = True

    @property
    def ticks(self) -> float | None:
        """Control periods from a command to its effect, lag of the servo included; None: unknown.

        0 is a tool that has gone the whole way at the end of the tick. It is the delay for which
        the displacement that was sent is nearest to the one that was seen.
        """
        if len(self._sent) < 3 or np.linalg.norm(np.ptp(self._sent, axis=0)) < LEAST_TRAVEL:
            return None
        sent, seen = np.array(self._sent), np.array(self._seen)
        times = np.arange(len(sent), dtype=float)
        delays = np.arange(0.0, min(LONGEST, 0.5 * len(sent)) + RESOLUTION, RESOLUTION)
        misses = [float(np.sum((_delayed(sent, times - d) - seen) ** 2)) for d in delays]
        return float(delays[int(np.argmin(misses))])


def delay_ticks(round_trip: float, servo: Servo, control_period: float) -> int:
    """Return the `delay_ticks` of a scene that a simulation in lock-step needs to answer as late.

    Args:
        round_trip: as measured [control periods].
        servo: of the scene, whose own lag is taken away.
        control_period: [s].
    """
    lag = servo.damping_ratio / (np.pi * servo.frequency) / control_period
    lag -= 0.5  # the reference jumps at the beginning of a tick, on average half a tick early
    return max(0, round(round_trip - lag))


def _delayed(sent: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the displacement at other times; before the first tick there is none."""
    ends = np.arange(-1.0, len(sent))
    rows = np.vstack([np.zeros(3), sent])
    return np.stack([np.interp(times, ends, column) for column in rows.T], axis=1)
