# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.skills.plants.faults import FaultKind
from vi_ik_ros.skills.plants.limits import Limits
from vi_ik_ros.skills.plants.plant import PlantState, TickResult, Twist
from vi_ik_ros.skills.plants.safety_gate import SafetyGate

from .conftest import RELATIVE, Cell, twist


class GatedCell:
    """A cell behind the gate, with a force sensor that feels a constant force."""

    def __init__(self, cell: Cell) -> None:
        self.cell, self.gate = cell, SafetyGate(cell.plant, Limits())
        self.first = self.gate.reset(seed=0)

    def run(self, ticks: int, command: Twist | None, force: float = 0.0) -> TickResult:
        for _ in range(ticks):
            wrench = np.array([0.0, 0.0, force, 0.0, 0.0, 0.0])
            self.cell.wrenches.push(self.cell.fake.now(), wrench)
            outcome = self.gate.tick(command)
            self.cell.fake.wait(self.gate.control_period)
        return outcome


@pytest.fixture
def gated(make_cell):
    return GatedCell(make_cell(replace(RELATIVE, sensor_type=10)))


def test_a_skill_streams_through_the_gate(gated):
    gated.run(50, twist(0.0, 0.0, -0.02))
    outcome = gated.run(3, Twist.zero())
    assert (outcome.state, outcome.faults) == (PlantState.ACTIVE, ())
    moved = outcome.T_base_tcp[:3, 3] - gated.first.T_base_tcp[:3, 3]
    np.testing.assert_allclose(moved, [0.0, 0.0, -0.02], atol=1e-5)


def test_commands_are_slowed_before_they_reach_the_controller(gated):
    assert gated.run(20, twist(0.0, 0.0, -10.0)).saturated
    heights = np.array([numbers[2] for numbers in gated.cell.fake.motions])
    assert np.diff(heights).min() >= -1.0 - 1e-4  # [mm] a message


@pytest.mark.parametrize(
    ("command", "force", "kind"),
    [(None, 0.0, FaultKind.DEADMAN), (twist(0.0, 0.0, -0.01), 31.0, FaultKind.HARD_FORCE)],
)
def test_a_fault_of_the_gate_stops_the_tool(gated, command, force, kind):
    gated.run(5, twist(0.0, 0.0, -0.01))
    outcome = gated.run(12, command, force)
    assert outcome.faults[0].kind is kind
    last = gated.cell.fake.motions[-1]
    gated.run(10, twist(0.0, 0.0, -0.01))
    np.testing.assert_array_equal(gated.cell.fake.motions[-1], last)


def test_a_lost_connection_is_named_and_comes_back_by_clearing(gated):
    gated.run(5, twist(0.0, 0.0, -0.01))
    gated.cell.fake.hang_up("motion")
    outcome = gated.run(5, twist(0.0, 0.0, -0.01))
    assert [fault.kind for fault in outcome.faults] == [FaultKind.TRANSPORT]
    assert np.isfinite(outcome.T_base_tcp).all()  # the last known
    gated.gate.clear_fault()
    assert gated.gate.reset(seed=0).faults == ()
    assert gated.run(20, twist(0.0, 0.0, -0.01)).state is PlantState.ACTIVE
