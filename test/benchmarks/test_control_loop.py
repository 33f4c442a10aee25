# SPDX-License-Identifier: Apache-2.0
"""What the benchmark counts, on clocks and plants that are known; and all of it on a real node."""

import math
import os
import time
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from vi_ik_ros.benchmarks.control_law.stability_limit import swings
from vi_ik_ros.benchmarks.control_loop import control_loop as bench
from vi_ik_ros.benchmarks.control_loop import gain_limits
from vi_ik_ros.benchmarks.control_loop.gain_limits import GainLimits
from vi_ik_ros.benchmarks.control_loop.lock_step import run_in_lock_step
from vi_ik_ros.benchmarks.control_loop.pose_delays import PoseDelays
from vi_ik_ros.benchmarks.control_loop.processors import Meter, Shares, busy_processor
from vi_ik_ros.benchmarks.control_loop.real_time import LATE, RealTime, real_time_rows
from vi_ik_ros.benchmarks.control_loop.second_timer import Commands, by_timer, command_rows
from vi_ik_ros.skills.execution.control.stability import max_gain
from vi_ik_ros.skills.plants.faults import Fault, FaultKind
from vi_ik_ros.skills.plants.plant import PlantState
from vi_ik_ros.skills.plants.scene import load_scene

SCENE = load_scene("screw_slot")
PERIOD = 0.02
LINUX = pytest.mark.skipif(not os.path.exists("/proc/stat"), reason="needs Linux")


def figures(rows):
    return {(row.case, row.metric): row.value for row in rows}


def test_poses_are_charged_with_those_that_were_left_out_before_them(monkeypatch):
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(time, "monotonic_ns", lambda: round(1e9 * clock.now))
    monkeypatch.setattr(time, "time_ns", lambda: round(1e9 * clock.now) + 10**18)
    poses = PoseDelays()
    for due, late in ((0.0, 0.5), (0.02, 0.001), (0.04, 0.003), (0.10, 0.004)):
        clock.now = due + late
        poses.add(10**18 + round(1e9 * due))
    assert (poses.count, poses.age()) == (4, pytest.approx(0.004))
    np.testing.assert_allclose(poses.delays(PERIOD), [0.001, 0.003, 0.044], atol=1e-9)
    np.testing.assert_allclose(poses.delays(PERIOD, begin=2), [0.044], atol=1e-9)


@LINUX
def test_a_busy_process_is_seen_and_ends():
    with busy_processor() as pid:
        meter = Meter({"busy": pid})
        end = time.monotonic() + 20.0
        while not meter.shares().by["busy"] > 0.0:
            assert time.monotonic() < end, "it is idle"
    assert not os.path.exists(f"/proc/{pid}")
    assert math.isnan(meter.shares().by["busy"])


def test_late_ticks_and_faults_are_counted():
    found = RealTime(
        seconds=10.0,
        ticks=500,
        late=10,
        missed=3,
        delays=np.array([0.001, 0.002, 0.030]),
        faults={FaultKind.DEADMAN: 2, FaultKind.HARD_FORCE: 1, FaultKind.STALE_POSE: 1},
        episodes=[],
        shares=Shares({"node": 0.2}, others=1.1, load=4.0),
    )
    seen = figures(real_time_rows("ours", found))
    assert seen["ours", LATE] == 2.0
    assert seen["ours", "watchdog faults"] == 3
    assert seen["ours", "faults hard_force"] == 1
    assert seen["ours", "pose arrives after its tick was due, latest [ms]"] == pytest.approx(30.0)
    assert seen["ours", "use of a processor, others on this machine [%]"] == pytest.approx(110.0)


def test_a_timer_is_charged_with_periods_it_leaves_out_and_commands_it_doubles():
    counts = iter([4, 5, 5, 8, 9, 10])
    sent = []

    class Poses:
        count = property(lambda self: next(counts))
        age = staticmethod(lambda: 0.007)

    plant = SimpleNamespace(
        control_period=PERIOD, reset=lambda seed: None, stop=lambda: None, status=None
    )
    found = by_timer(plant, SimpleNamespace(command=sent.append), Poses(), 0.11, 0.5)
    assert len(sent) == 6 and sent[0].linear[0] > 0.0
    assert (found.missing, found.doubled, found.fault) == (2, 1, "")
    other = Commands(30.0, 1, 0, np.array([0.001]), "deadman")
    seen = figures(command_rows("x", [other, other]))
    assert seen["x", "periods without a command, a minute"] == 2.0
    assert seen["x", "whiles that ended with a fault"] == 2


def test_pressing_in_lock_step_has_the_limit_of_the_formula():
    limits = GainLimits.in_lock_step(SCENE)
    formula = max_gain(SCENE.tool.stiffness[2], SCENE.delay_ticks, PERIOD)
    found = limits.pressing(formula, 3)
    assert found == pytest.approx(formula, rel=0.25)
    delayed = GainLimits.in_lock_step(replace(SCENE, delay_ticks=SCENE.delay_ticks + 1))
    assert delayed.pressing(0.7 * formula, 1) < 0.9 * found


class Flaky:
    """A plant whose first probes end with a watchdog's fault."""

    def __init__(self, plant, num_faults: int) -> None:
        self._plant, self.num_faults = plant, num_faults
        self.control_period, self.wrench_period = plant.control_period, plant.wrench_period

    def reset(self, seed, scene=None):
        self.num_faults -= 1
        return self._plant.reset(seed, scene)

    def tick(self, twist):
        result = self._plant.tick(twist)
        if self.num_faults < 0:
            return result
        fault = Fault(FaultKind.DEADMAN, "late")
        return replace(result, state=PlantState.FAULT, faults=(fault,))

    def stop(self):
        self._plant.stop()


@pytest.mark.parametrize("kind", ["pressing", "episode"])
def test_probes_that_a_watchdog_breaks_off_are_repeated(kind, monkeypatch):
    monkeypatch.setattr(gain_limits, "swings", lambda pressing, rate: swings(pressing, rate // 5))
    plant = GainLimits.in_lock_step(SCENE).plant

    def limit(num_faults):
        limits = GainLimits(Flaky(plant, num_faults), SCENE)
        if kind == "pressing":
            return limits, limits.pressing(1.6e-3, 0)
        return limits, limits.episode(0, 1.6e-3, 0)

    limits, value = limit(3)
    assert limits.broken_off["deadman"] in (2, 3)
    assert value == limit(0)[1]
    assert math.isnan(limit(100)[1])


def test_lock_step_counts_ticks():
    found = run_in_lock_step(SCENE, [0])
    assert found.successes == [True]
    assert 150 < found.ticks < 400 and found.seconds > 0.0


def test_a_round_trip_that_cannot_be_told_leaves_the_delay_of_the_scene():
    plant = SimpleNamespace(
        reset=lambda seed: None, tick=lambda twist: None, stop=lambda: None, round_trip=None
    )
    assert bench._measured_delay(plant, SCENE, 2) == (SCENE.delay_ticks, [])
    told = SimpleNamespace(**{**vars(plant), "round_trip": 2.6, "control_period": PERIOD})
    delay, rows = bench._measured_delay(told, SCENE, 2)
    assert delay == 2 and [row.value for row in rows] == [2.6, 2]


@pytest.mark.slow
def test_everything_on_a_real_node(monkeypatch):
    effort = bench.Effort(2.0, 0.5, rounds=1, halvings=0, seeds=1, whiles=1, while_seconds=0.4)
    monkeypatch.setattr(bench, "QUICK", effort)
    monkeypatch.setattr(bench, "FREE_TICKS", 30)
    monkeypatch.setattr(bench, "busy_processor", lambda: nullcontext(os.getpid()))
    monkeypatch.setattr(gain_limits, "swings", lambda pressing, rate: swings(pressing, rate // 5))
    monkeypatch.setattr(GainLimits, "episode", lambda self, seed, guess, halvings: guess)
    report = bench.run(quick=True)
    seen = figures(report.rows)
    assert report.bench == "control-loop"
    assert seen["ours", "ticks at 50 Hz"] > 50
    assert 0.0 <= seen["ours", LATE] <= 100.0
    assert seen["in lock-step", "ticks a second of one core"] > 200.0
    assert ("a second timer", "periods without a command, a minute") in seen
    assert ("ours", "the same over that in lock-step, K_P at which an episode fails") in seen
