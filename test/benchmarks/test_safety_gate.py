# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.benchmarks import safety_gate as bench
from vi_ik_ros.benchmarks.safety_gate import safety_gate
from vi_ik_ros.benchmarks.safety_gate.random_commands import KINDS, ticks
from vi_ik_ros.benchmarks.safety_gate.safety_gate import MISTAKES, Trial
from vi_ik_ros.skills.plants.limits import Limits
from vi_ik_ros.skills.plants.safety_gate import SafetyGate

TICKS = 1500


class Deaf(SafetyGate):
    """Lets every command through as it is."""

    def tick(self, twist):
        result = self._plant.tick(self._last_twist if twist is None else twist)
        self._last_twist = twist or self._last_twist
        return result

    def reset(self, seed, scene=None):
        self._last_twist = safety_gate.WatchedPlant(self._limits, np.eye(4)).got
        return super().reset(seed, scene)


class Forgetful(SafetyGate):
    """Forgets its fault in the next tick."""

    def tick(self, twist):
        self._fault = None
        return super().tick(twist)


class Silent(SafetyGate):
    """Shortens commands without a word."""

    def tick(self, twist):
        return replace(super().tick(twist), saturated=False)


def wider(**changes):
    return lambda plant, limits: SafetyGate(plant, replace(limits, **changes))


def count(gate=SafetyGate):
    trial = Trial(np.random.default_rng(0), gate)
    for _ in range(TICKS):
        trial.tick()
    return trial.plant.exceeded + trial.mistakes


def test_the_gate_lets_nothing_through():
    assert not count()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("gate", "names"),
    [
        (Deaf, ["speeds", "numbers that are none", "frames other than base_link"]),
        (Forgetful, ["faults that did not stay the first one", "motions after a fault"]),
        (Silent, ["shortened commands not reported as saturated"]),
        (wider(speed=0.06, step=0.1), ["speeds", "steps"]),
        (wider(angular_speed=0.21, angular_step=0.1), ["angular speeds", "angular steps"]),
        (wider(offset=0.5, lower=Limits().lower, upper=Limits().upper), ["offsets"]),
        (wider(lower=Limits().lower), ["places outside of the workspace"]),
        (wider(angular_offset=0.3), ["angular offsets"]),
        (wider(hard_force=400.0), ["faults that did not come"]),
        (wider(wrench_age=1.0), ["faults that did not come"]),
        (wider(pose_age=1.0), ["faults that did not come"]),
        (wider(deadman_after=0.1), ["faults without a cause"]),
        (wider(hold_after=0.1), ["motions in silence after 60 ms"]),
    ],
)
def test_a_broken_gate_is_found_out(gate, names):
    found = count(gate)
    assert all(found[name] for name in names), found


def test_every_kind_of_stretch_comes():
    stream = ticks(np.random.default_rng(0))
    kinds = [next(stream).kind for _ in range(20_000)]
    assert set(kinds) == set(KINDS)


def test_the_report_counts_commands_and_requires_no_mistake(monkeypatch):
    monkeypatch.setattr(safety_gate, "QUICK_COMMANDS", 300)
    report = bench.run(seeds=2, quick=True)
    rows = {row.metric: row for row in report.rows}
    assert rows["commands"].value == 600 and report.bench == bench.NAME
    required = [row for row in report.rows if row.reference == 0.0]
    assert len(required) == 10 + len(MISTAKES) and not any(row.value for row in required)
