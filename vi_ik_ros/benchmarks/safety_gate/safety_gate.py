# SPDX-License-Identifier: Apache-2.0
"""Random commands through the safety gate, and a robot that fails in every way it can.

What comes out of the gate, which faults it names; and whether the COMAU plant, on a fake controller
in virtual time, notices each of 8 kinds of trouble and sends nothing more until it is cleared.
"""

import math
import time
from collections import Counter
from collections.abc import Callable

import numpy as np

from vi_ik_ros.benchmarks.fake_controller.campaign_rows import campaign_rows
from vi_ik_ros.benchmarks.fake_controller.fault_campaign import run_fault_campaign
from vi_ik_ros.benchmarks.report import Report, Row
from vi_ik_ros.benchmarks.safety_gate.random_commands import KINDS, Tick, ticks
from vi_ik_ros.benchmarks.safety_gate.watched_plant import LIMITS_WATCHED, Sabotage, WatchedPlant
from vi_ik_ros.skills.plants.faults import Fault, FaultKind
from vi_ik_ros.skills.plants.limits import Limits
from vi_ik_ros.skills.plants.plant import FRAMES, TickResult
from vi_ik_ros.skills.plants.safety_gate import SafetyGate

NAME = "safety-gate"
NUM_COMMANDS, QUICK_COMMANDS = 1_000_000, 20_000
NUM_TROUBLES, QUICK_TROUBLES = 1_000, 8  # of the fake controller
TOLD_EVERY = 100_000
LIMITS = Limits(lower=(-0.05, -0.05, -0.04), upper=(0.03, 0.05, 0.04))
PLACES = (FaultKind.WORKSPACE, FaultKind.OFFSET_BUDGET)
SWALLOWED = "commands that came to nothing without a fault"
TURNED = "commands whose direction was changed"
UNTOLD = "shortened commands not reported as saturated"
MISTAKES = (
    "faults that did not come",
    "faults of a wrong name",
    "faults without a cause",
    "faults that did not stay the first one",
    "faults cleared while their cause was there",
    "faults that could not be cleared",
    "motions in silence after 60 ms",
    SWALLOWED,
    TURNED,
    UNTOLD,
)


def run(
    *,
    seeds: int = 1,
    quick: bool = False,
    budget: float | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Send random commands and count what must not be.

    Args:
        seeds: rounds of a million commands and 1,000 troubles.
        quick: 20,000 commands a round, and 8 troubles.
        budget: of no use here.
        on_progress: called with a line now and then.
    """
    started = time.monotonic()
    total = QUICK_COMMANDS if quick else NUM_COMMANDS
    trials = []
    for seed in range(seeds):
        trial = Trial(np.random.default_rng(seed))
        for done in range(1, total + 1):
            trial.tick()
            if done % TOLD_EVERY == 0:
                on_progress(f"seed {seed}: {done} of {total} commands ...")
        trials.append(trial)
    seconds = time.monotonic() - started
    rows = figures(trials)
    rows.append(
        Row("ours", "time of a command, with its checks [us]", 1e6 * seconds / seeds / total)
    )
    troubles = QUICK_TROUBLES if quick else NUM_TROUBLES
    for seed in range(seeds):
        rows += campaign_rows(run_fault_campaign(troubles, seed, on_progress=on_progress))
    seconds = time.monotonic() - started
    return Report(bench=NAME, rows=rows, seeds=list(range(seeds)), seconds=seconds)


class Trial:
    """A gate, the plant behind it, and what has been counted.

    Args:
        rng: decides on everything.
        gate: makes the gate around the plant; another one only in tests.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        gate: Callable[[WatchedPlant, Limits], SafetyGate] = SafetyGate,
    ) -> None:
        self._rng, self._ticks = rng, ticks(rng)
        self.plant = WatchedPlant(LIMITS, np.diag([1.0, -1.0, -1.0, 1.0]))
        self._gate = gate(self.plant, LIMITS)
        self.commands: Counter[str] = Counter()
        self.faults: Counter[FaultKind] = Counter()
        self.mistakes: Counter[str] = Counter()
        self._latched: Fault | None = None
        self._silence: float | None = None  # since the last command; None: none yet [s]
        self._reset()

    def tick(self) -> None:
        """Send one command, and look at what comes of it."""
        tick = next(self._ticks)
        self.commands[tick.kind] += 1
        self.plant.sabotage = tick.sabotage
        self.plant.must_stand = self._latched is not None
        reached = self.plant.limits_reached
        if tick.twist is not None and self._latched is None:
            self._silence = 0.0
        elif self._silence is not None:
            self._silence += self.plant.control_period
        result = self._gate.tick(tick.twist)
        if self._latched is not None:
            self._check_latched(result)
        else:
            self._check_fault(tick, result, reached=reached)
            self._check_motion(tick, result)
        if self._latched is not None and self._rng.random() < 0.2:
            self._leave_fault()

    def _check_fault(self, tick: Tick, result: TickResult, *, reached: set[FaultKind]) -> None:
        """Compare the fault of a tick with what should have come; places come in between."""
        of_command = self._expected_of_command(tick)
        expected = of_command or self._expected_of_measurement(tick)
        fault = result.faults[0] if result.faults else None
        if fault is None:
            self.mistakes["faults that did not come"] += expected is not None
            return
        self._latched = fault
        self.faults[fault.kind] += 1
        if fault.kind in PLACES and of_command is None:
            self.mistakes["faults without a cause"] += fault.kind not in reached
        elif expected is None:
            self.mistakes["faults without a cause"] += 1
        else:
            self.mistakes["faults of a wrong name"] += fault.kind is not expected

    def _expected_of_command(self, tick: Tick) -> FaultKind | None:
        """Return which fault a command or silence must bring."""
        twist = tick.twist
        silence = 0.0 if self._silence is None else self._silence
        if twist is not None and twist.frame not in FRAMES:
            return FaultKind.FRAME
        if twist is not None and not np.isfinite([*twist.linear, *twist.angular]).all():
            return FaultKind.NOT_A_NUMBER
        return FaultKind.DEADMAN if silence > LIMITS.deadman_after - 1e-6 else None

    def _expected_of_measurement(self, tick: Tick) -> FaultKind | None:
        """Return which fault a measurement must bring, if nothing before it is one."""
        if not np.isfinite(tick.sabotage.force):
            return FaultKind.NOT_A_NUMBER
        if abs(tick.sabotage.force) >= LIMITS.hard_force:
            return FaultKind.HARD_FORCE
        plant = self.plant
        silence = math.inf if self._silence is None else self._silence + plant.control_period
        is_active = silence < LIMITS.hold_after - 1e-6
        if is_active and plant.wrench_age > LIMITS.wrench_age:
            return FaultKind.STALE_WRENCH
        return FaultKind.STALE_POSE if is_active and plant.pose_age > LIMITS.pose_age else None

    def _check_motion(self, tick: Tick, result: TickResult) -> None:
        """Compare what went on to the plant with the command."""
        got = self.plant.got
        if self._silence is not None and self._silence > LIMITS.hold_after - 1e-6:
            moved = got.linear.any() or got.angular.any()
            self.mistakes["motions in silence after 60 ms"] += bool(moved)
        if tick.twist is None or result.faults:
            return
        R = np.eye(3) if tick.twist.frame == "base_link" else self.plant.R_before
        pairs = [(tick.twist.linear, got.linear, LIMITS.speed)]
        pairs.append((tick.twist.angular, got.angular, LIMITS.angular_speed))
        for asked, passed, limit in pairs:
            found = mistakes_of(asked, R.T @ passed, limit, saturated=result.saturated)
            self.mistakes.update(found)

    def _check_latched(self, result: TickResult) -> None:
        """See that the first fault is still the first."""
        if not result.faults or result.faults[0] != self._latched:
            self.mistakes["faults that did not stay the first one"] += 1

    def _leave_fault(self) -> None:
        """Reset, or clear the fault, which works only without its cause."""
        if self._rng.random() < 0.5:
            self._reset()
            return
        sabotage = self.plant.sabotage
        blocked = not abs(sabotage.force) < LIMITS.hard_force
        self._gate.clear_fault()
        self._silence = None if not blocked else self._silence
        self.plant.sabotage = Sabotage()
        result = self._gate.tick(None)
        if blocked and not result.faults:
            self.mistakes["faults cleared while their cause was there"] += 1
        if not blocked and result.faults:
            self.mistakes["faults that could not be cleared"] += 1
        self._latched = result.faults[0] if result.faults else None

    def _reset(self) -> None:
        """Begin a new episode."""
        self.plant.must_stand = False
        self._gate.reset(0)
        self._latched = self._silence = None


def figures(trials: list[Trial]) -> list[Row]:
    """Add up what the trials counted."""
    rows = [Row("ours", "commands", sum(sum(t.commands.values()) for t in trials))]
    for kind in KINDS:
        rows.append(Row("ours", f"commands: {kind}", sum(t.commands[kind] for t in trials)))
    for name in LIMITS_WATCHED:
        value = sum(t.plant.exceeded[name] for t in trials)
        rows.append(Row("ours", f"exceeded: {name}", value, None, 0.0, "required"))
    for fault in FaultKind:
        value = sum(t.faults[fault] for t in trials)
        if value:
            rows.append(Row("ours", f"faults latched: {fault}", value))
    for mistake in MISTAKES:
        value = sum(t.mistakes[mistake] for t in trials)
        rows.append(Row("ours", mistake, value, None, 0.0, "required"))
    return rows


def mistakes_of(
    asked: np.ndarray, passed: np.ndarray, limit: float, *, saturated: bool
) -> list[str]:
    """Return what is wrong with one triple of a command that went on without a fault.

    Args:
        asked: (3,) what was sent to the gate.
        passed: (3,) what came out of it, along the same axes.
        limit: of its length.
        saturated: whether the gate said that it is less.
    """
    unit = asked / max(float(np.abs(asked).max()), 1e-300)
    unit = unit / max(float(np.linalg.norm(unit)), 1e-300)
    wanted = unit * min(float(np.hypot(np.hypot(*asked[:2]), asked[2])), limit)
    length, h = float(np.linalg.norm(passed)), WatchedPlant.control_period
    return [
        name
        for name, is_wrong in (
            (SWALLOWED, length * h <= 0.999e-6 and np.linalg.norm(wanted) * h > 1.001e-6),
            (TURNED, np.linalg.norm(passed - length * unit) > 1e-9 * limit),
            (UNTOLD, not saturated and np.linalg.norm(passed - asked) > 1e-9 * limit),
        )
        if is_wrong
    ]
