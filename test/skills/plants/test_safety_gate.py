# SPDX-License-Identifier: Apache-2.0
import math
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.plants.faults import Fault, FaultKind
from vi_ik_ros.skills.plants.limits import Limits
from vi_ik_ros.skills.plants.plant import PlantState, TickResult, Twist
from vi_ik_ros.skills.plants.safety_gate import SafetyGate


class FakePlant:
    """A tool that is where it was sent, and whose results a test may change."""

    control_period, wrench_period = 0.02, 0.02

    def __init__(self):
        self.sent, self.change, self.calls = [], {}, []
        self.reset(0)

    def reset(self, seed, scene=None):
        self.time, self.position = 0.0, np.zeros(3)
        return self.result()

    def tick(self, twist):
        self.sent.append(twist)
        self.time += self.control_period
        self.position = self.position + twist.linear * self.control_period
        return self.result()

    def result(self):
        T = np.diag([1.0, -1.0, -1.0, 1.0])
        T[:3, 3] = self.position
        result = TickResult(
            time=self.time,
            wrenches=np.zeros((1, 6)),
            wrench_times=np.array([self.time]),
            T_base_tcp=T,
            pose_time=self.time,
            state=PlantState.ACTIVE,
        )
        return replace(result, **self.change)

    def stop(self):
        self.calls.append("stop")

    def clear_fault(self):
        self.calls.append("clear_fault")

    def close(self):
        self.calls.append("close")


@pytest.fixture
def plant():
    return FakePlant()


@pytest.fixture
def gate(plant):
    gate = SafetyGate(plant, Limits(lower=(-0.05, -0.05, -0.05), upper=(0.05, 0.05, 0.05)))
    gate.reset(0)
    return gate


def force(newtons):
    return {"wrenches": np.array([[0.0, 0.0, newtons, 0.0, 0.0, 0.0]])}


def test_commands_reach_the_plant_in_base_axes(gate, plant, move):
    result = gate.tick(move(y=3.0, z=5.0, frame="tcp"))
    np.testing.assert_allclose(plant.sent[-1].linear, [0.0, -0.003, -0.005])
    assert plant.sent[-1].frame == "base_link"
    assert result.state is PlantState.ACTIVE and not result.saturated and not result.faults


def test_a_clamped_command_is_told_as_long_as_it_goes_on(gate, plant, move):
    told = [gate.tick(move(x=80.0)), gate.tick(None), gate.tick(None), gate.tick(None)]
    assert [result.saturated for result in told] == [True, True, True, False]
    assert gate.tick(move(x=1.0)).saturated is False
    np.testing.assert_allclose(plant.sent[0].linear, [0.05, 0.0, 0.0])


def test_a_command_is_what_it_was_when_it_came(gate, plant, move):
    twist = move(x=1.0)
    gate.tick(twist)
    twist.linear[0] = math.nan  # by a caller that uses its array again
    gate.tick(None)
    assert [sent.linear[0] for sent in plant.sent] == [0.001, 0.001]


def test_a_huge_command_in_tool_axes_is_scaled(gate, plant):
    gate.tick(Twist(np.full(3, 1.7e308), np.full(3, -1.7e308), "tcp"))
    unit = np.array([1.0, -1.0, -1.0]) / math.sqrt(3.0)
    np.testing.assert_allclose(plant.sent[-1].linear, 0.05 * unit)
    np.testing.assert_allclose(plant.sent[-1].angular, -0.2 * unit)


@pytest.mark.parametrize(
    ("twist", "kind", "words"),
    [
        (Twist(np.array([math.nan, 0.0, 0.0]), np.zeros(3)), FaultKind.NOT_A_NUMBER, "nan"),
        (Twist(np.zeros(3), np.array([0.0, math.inf, 0.0])), FaultKind.NOT_A_NUMBER, "inf"),
        (Twist(np.zeros(3), np.zeros(3), "world"), FaultKind.FRAME, "'world', expected base_link"),
    ],
)
def test_commands_that_cannot_be_taken_are_faults(gate, plant, twist, kind, words):
    result = gate.tick(twist)
    assert result.state is PlantState.FAULT and result.faults[0].kind is kind
    assert words in result.faults[0].message and not result.faults[0].is_constraint
    assert not plant.sent[-1].linear.any()


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (force(30.0), FaultKind.HARD_FORCE),
        (force(-30.5), FaultKind.HARD_FORCE),
        (force(math.nan), FaultKind.NOT_A_NUMBER),
        ({"T_base_tcp": np.full((4, 4), math.inf)}, FaultKind.NOT_A_NUMBER),
        ({"T_base_tcp": np.diag([1.0, 1.0, 1.0, 1.0]) + 0.052}, FaultKind.WORKSPACE),
    ],
)
def test_what_is_measured_stops_in_the_same_tick(gate, plant, move, change, kind):
    plant.change = change
    result = gate.tick(move(x=1.0))
    assert result.state is PlantState.FAULT and [f.kind for f in result.faults] == [kind]
    gate.tick(move(x=1.0))
    assert not plant.sent[-1].linear.any()


def test_forces_below_the_limit_and_small_overshoots_are_no_faults(gate, plant, move):
    plant.change = force(29.9)
    assert not gate.tick(move(x=1.0)).faults
    T = np.eye(4)
    T[0, 3] = 0.0509
    plant.change = {"T_base_tcp": T}
    assert not gate.tick(move(x=1.0)).faults


def test_silence_goes_on_holds_and_is_a_fault(gate, plant, move):
    gate.tick(move(x=10.0))
    states = [gate.tick(None).state for _ in range(10)]
    assert states == [PlantState.ACTIVE, *[PlantState.HOLD] * 8, PlantState.FAULT]
    moving = [bool(twist.linear.any()) for twist in plant.sent]
    assert moving == [True, True, True, *[False] * 8]
    assert gate.tick(move(x=10.0)).faults[0].kind is FaultKind.DEADMAN


def test_a_command_in_time_ends_the_hold(gate, plant, move):
    gate.tick(move(x=10.0))
    for _ in range(5):
        gate.tick(None)
    assert gate.tick(move(x=10.0)).state is PlantState.ACTIVE and plant.sent[-1].linear.any()


def test_nothing_is_late_before_the_first_command(gate):
    assert {gate.tick(None).state for _ in range(30)} == {PlantState.HOLD}


@pytest.mark.parametrize(
    ("change", "kind", "ticks"),
    [
        ({"wrench_times": np.zeros(0), "wrenches": np.zeros((0, 6))}, FaultKind.STALE_WRENCH, 3),
        ({"pose_time": 0.0}, FaultKind.STALE_POSE, 6),
    ],
)
def test_old_measurements_count_while_commands_are_carried_out(
    gate, plant, move, change, kind, ticks
):
    plant.change = change
    assert all(not gate.tick(None).faults for _ in range(20))
    gate.reset(0)
    faults = [gate.tick(move(x=1.0)).faults for _ in range(ticks)]
    assert not any(faults[:-1]) and faults[-1][0].kind is kind


def test_the_first_fault_stays_until_it_is_cleared(gate, plant, move):
    plant.change = force(50.0)
    first = gate.tick(move(x=1.0)).faults
    plant.change = {}
    for twist in (move(x=math.nan), None, move(x=1.0), *[None] * 20):
        assert gate.tick(twist).faults == first
    assert not any(twist.linear.any() for twist in plant.sent[1:])
    gate.clear_fault()
    assert gate.tick(None).state is PlantState.HOLD
    assert gate.tick(move(x=1.0)).state is PlantState.ACTIVE


def test_a_fault_whose_cause_is_there_is_not_cleared(gate, plant, move):
    plant.change = force(50.0)
    gate.tick(move(x=1.0))
    gate.clear_fault()
    plant.change = {}
    assert gate.tick(None).faults[0].kind is FaultKind.HARD_FORCE


def test_clearing_does_not_give_a_new_offset_budget(plant, move):
    gate = SafetyGate(plant, Limits())
    gate.reset(0)
    while not gate.tick(move(y=50.0)).faults:
        pass
    gate.clear_fault()
    assert gate.tick(move(y=50.0)).faults[0].kind is FaultKind.OFFSET_BUDGET
    gate.clear_fault()
    assert not gate.tick(move(y=-50.0)).faults
    gate.reset(0)
    assert not gate.tick(move(y=50.0)).faults


def test_constraint_failures_are_told_from_faults_of_the_cell(gate, move):
    result = gate.tick(move(x=50.0))
    while not result.faults:
        result = gate.tick(move(x=50.0))
    assert result.faults[0].kind is FaultKind.WORKSPACE and result.faults[0].is_constraint
    assert "0.0500 0.0000 0.0000" in result.faults[0].message


def test_a_stopped_gate_takes_nothing_until_a_reset(gate, plant, move):
    gate.tick(move(x=1.0))
    gate.stop()
    results = [gate.tick(move(x=1.0)) for _ in range(30)]
    assert {result.state for result in results} == {PlantState.HOLD}
    assert not any(twist.linear.any() for twist in plant.sent[1:]) and plant.calls == ["stop"]
    gate.reset(0)
    assert gate.tick(move(x=1.0)).state is PlantState.ACTIVE


def test_faults_of_the_plant_behind_are_latched_too(gate, plant, move):
    fault = Fault(FaultKind.TRANSPORT, "connection lost")
    plant.change = {"faults": (fault,), "state": PlantState.FAULT}
    assert gate.tick(move(x=1.0)).faults == (fault,)
    plant.change = {}
    assert gate.tick(move(x=1.0)).state is PlantState.FAULT
    gate.clear_fault()
    assert plant.calls == ["clear_fault"] and not gate.tick(move(x=1.0)).faults


def test_periods_are_those_of_the_newest_scene(gate, plant, move):
    plant.control_period = 0.01
    gate.reset(0)
    gate.tick(move(x=80.0))
    assert gate.control_period == 0.01
    np.testing.assert_allclose(plant.sent[-1].linear, [0.05, 0.0, 0.0])
    plant.control_period = 0.1
    with pytest.raises(InvalidInput, match="limits.hold_after"):
        gate.reset(0)


def test_a_gate_is_closed_with_its_plant(gate, plant):
    gate.close()
    assert plant.calls == ["close"]
