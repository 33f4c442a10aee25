# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.benchmarks.fake_controller.disturbances import Disturbances
from vi_ik_ros.benchmarks.fake_controller.fault_campaign import run_fault_campaign
from vi_ik_ros.skills.plants.comau.wire.controller_state import (
    ControllerErrors,
    ControllerStatus,
    Selector,
)
from vi_ik_ros.skills.plants.faults import FaultKind
from vi_ik_ros.skills.plants.plant import PlantState

from .conftest import RELATIVE, twist

SLOWLY = twist(0.0, 0.0, 0.02)


def check_silence_until_cleared(cell) -> None:
    """After a fault nothing is sent, nothing is connected, and a reset is no way out."""
    sent, made = len(cell.fake.motions), cell.fake.accepted
    assert cell.run(10, SLOWLY).state is PlantState.FAULT
    assert cell.plant.reset(seed=0).state is PlantState.FAULT
    cell.plant.stop()
    cell.fake.wait(0.1)
    assert cell.plant.tick(SLOWLY).state is PlantState.FAULT
    assert (len(cell.fake.motions), cell.fake.accepted) == (sent, made)


def check_recovery(cell) -> None:
    cell.fake.wait(0.1)
    cell.plant.clear_fault()
    assert cell.plant.tick(SLOWLY).state is PlantState.READY
    outcome = cell.plant.reset(seed=0)
    assert (outcome.state, outcome.faults) == (PlantState.ACTIVE, ())
    assert cell.run(20, SLOWLY).state is PlantState.ACTIVE


@pytest.mark.parametrize("name", ["state", "motion", "command"])
def test_a_closed_connection(cell, name):
    cell.fake.disturbances.refusing = True
    cell.fake.hang_up(name)
    (fault,) = cell.until_fault(0.1, SLOWLY).faults
    assert fault.kind is FaultKind.TRANSPORT
    assert name in fault.message
    check_silence_until_cleared(cell)
    cell.plant.clear_fault()
    assert cell.plant.tick(None).state is PlantState.FAULT  # nobody takes the connection
    cell.fake.disturbances.refusing = False
    check_recovery(cell)
    assert cell.fake.programs.errors == 0


def test_no_states(cell):
    cell.fake.disturbances.silent = True
    (fault,) = cell.until_fault(0.2, SLOWLY).faults
    assert fault.kind is FaultKind.STALE_POSE
    check_silence_until_cleared(cell)
    cell.plant.clear_fault()
    assert cell.plant.tick(None).state is PlantState.FAULT
    cell.fake.disturbances.silent = False
    check_recovery(cell)


def test_states_that_come_too_late(cell):
    cell.fake.disturbances.held = True
    assert cell.until_fault(0.2, SLOWLY).faults[0].kind is FaultKind.STALE_POSE
    check_silence_until_cleared(cell)
    cell.fake.disturbances.held = False
    check_recovery(cell)


@pytest.mark.parametrize("seconds", [3, 60])
def test_states_with_an_old_date(cell, seconds):
    cell.fake.disturbances.age = seconds
    (fault,) = cell.until_fault(0.2, SLOWLY).faults
    assert fault.kind is FaultKind.STALE_POSE
    assert "lags" in fault.message
    check_silence_until_cleared(cell)
    cell.fake.disturbances.age = 0
    check_recovery(cell)


def test_a_date_that_stands_still(cell, monkeypatch):
    state, frozen = cell.fake.programs.state, cell.fake.now()
    monkeypatch.setattr(cell.fake.programs, "state", lambda now: state(frozen))
    assert cell.until_fault(3.0).faults[0].kind is FaultKind.STALE_POSE


def test_dates_may_be_left_alone(make_cell):
    made = make_cell(controller_clock=0.0)
    made.plant.reset(seed=0)
    made.fake.disturbances.age = 60
    assert made.run(30, SLOWLY).state is PlantState.ACTIVE


def test_a_garbled_state(cell):
    cell.fake.disturbances.garbled = 1
    (fault,) = cell.until_fault(0.1, SLOWLY).faults
    assert fault.kind is FaultKind.TRANSPORT
    assert "makes no sense" in fault.message
    check_silence_until_cleared(cell)
    check_recovery(cell)


@pytest.mark.parametrize("lost", [1, 4, 48, 169, 172])
def test_a_torn_state(cell, lost):
    cell.fake.disturbances.lost_bytes = lost
    assert cell.until_fault(0.2, SLOWLY).faults[0].kind is FaultKind.TRANSPORT
    check_silence_until_cleared(cell)
    check_recovery(cell)


@pytest.mark.parametrize(
    "error", [ControllerErrors.SAFETY_GATE, ControllerErrors.ALARM, ControllerErrors.WRONG_MOTION]
)
def test_an_error_of_the_controller(cell, error):
    cell.fake.programs.fail(error)
    (fault,) = cell.until_fault(0.1, SLOWLY).faults
    assert fault.kind is FaultKind.CONTROLLER
    assert error.name in fault.message
    check_silence_until_cleared(cell)
    cell.fake.programs.status = ControllerStatus.ERROR
    cell.plant.clear_fault()
    assert cell.plant.tick(None).state is PlantState.FAULT  # its bit is still set
    assert cell.fake.programs.status is ControllerStatus.ERROR  # and is not reset away
    cell.fake.programs.errors &= ~error
    check_recovery(cell)


@pytest.mark.parametrize("bit", [Selector.DRIVE_ON, Selector.START])
def test_drives_or_program_switched_off(cell, bit):
    cell.fake.programs.selector &= ~bit
    assert cell.until_fault(0.1, SLOWLY).faults[0].kind is FaultKind.CONTROLLER
    check_silence_until_cleared(cell)
    cell.fake.programs.selector |= bit
    cell.fake.programs.errors &= ~ControllerErrors.DRIVE_OFF
    check_recovery(cell)


def test_a_locked_arm_is_noticed_by_its_status_or_by_staying_behind(cell):
    cell.fake.programs.lock(True)
    (fault,) = cell.until_fault(2.0, SLOWLY).faults
    assert fault.kind is FaultKind.CONTROLLER
    check_silence_until_cleared(cell)
    cell.plant.clear_fault()
    assert cell.plant.tick(None).state is PlantState.FAULT
    cell.fake.programs.lock(False)
    check_recovery(cell)


def test_a_status_that_moves_nothing_is_a_fault(cell, monkeypatch):
    state = cell.fake.programs.state
    cancelling = ControllerStatus.CANCELLING
    monkeypatch.setattr(
        cell.fake.programs, "state", lambda now: replace(state(now), status=cancelling)
    )
    assert cell.until_fault(0.1).faults[0].kind is FaultKind.CONTROLLER


def test_deviations_along_other_axes_than_thought_are_noticed_within_the_lag(make_cell):
    made = make_cell(RELATIVE, deviation_frame="flange")  # the controller takes them along the base
    before = made.plant.reset(seed=0).T_base_tcp[:3, 3]
    outcome = made.until_fault(3.0, SLOWLY)
    assert outcome.faults[0].kind is FaultKind.CONTROLLER
    assert "from where it was sent" in outcome.faults[0].message
    assert np.linalg.norm(outcome.T_base_tcp[:3, 3] - before) < 0.025


def test_a_flange_that_jumps(cell):
    cell.fake.programs.q = cell.fake.programs.q + 0.1
    assert cell.until_fault(0.1).faults[0].kind is FaultKind.TRANSPORT


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (twist(np.nan, 0.0, 0.0), FaultKind.NOT_A_NUMBER),
        (twist(0.0, 0.0, 0.0, angular=(0.0, np.inf, 0.0)), FaultKind.NOT_A_NUMBER),
        (twist(0.0, 0.0, 0.0, frame="world"), FaultKind.FRAME),
    ],
)
def test_a_command_that_is_none(cell, command, kind):
    (fault,) = cell.plant.tick(command).faults
    assert fault.kind is kind
    check_silence_until_cleared(cell)
    check_recovery(cell)


def test_pieces_and_bundles_of_states_are_no_fault(cell):
    cell.fake.disturbances.pieces = 2  # two turns for one state, which come twice in its time
    assert cell.run(30, SLOWLY).state is PlantState.ACTIVE
    cell.fake.disturbances = Disturbances(held=True)
    cell.run(3, SLOWLY)
    cell.fake.disturbances.held = False
    outcome = cell.run(3, SLOWLY)
    assert outcome.state is PlantState.ACTIVE
    assert outcome.time - outcome.pose_time < 0.03


def test_nobody_at_the_other_end(make_cell):
    made = make_cell(state_port=1, connect_timeout=0.2)
    outcome = made.plant.reset(seed=0)
    assert (outcome.state, outcome.q) == (PlantState.FAULT, None)
    assert np.isnan(outcome.T_base_tcp).all()
    assert outcome.faults[0].kind is FaultKind.TRANSPORT
    assert "state connection" in outcome.faults[0].message


def test_an_error_at_the_beginning_is_not_initialized_away(make_cell):
    made = make_cell()
    made.fake.programs.fail(ControllerErrors.SAFETY_GATE)
    assert made.plant.reset(seed=0).faults[0].kind is FaultKind.CONTROLLER
    assert made.fake.programs.status == ControllerStatus.ERROR
    made.fake.programs.errors = ControllerErrors(0)
    check_recovery(made)


def test_a_reset_with_the_drives_off_moves_nothing(make_cell):
    made = make_cell(start=(0.1, 0.0, -1.5, 0.0, 1.5, 0.0))
    before = made.fake.programs.q
    made.fake.programs.selector &= ~Selector.DRIVE_ON
    (fault,) = made.plant.reset(seed=0).faults
    assert fault.kind is FaultKind.CONTROLLER
    assert "DRIVE_ON" in fault.message
    made.fake.wait(2.0)
    np.testing.assert_array_equal(made.fake.programs.q, before)
    assert (made.fake.motions, made.fake.programs.errors) == ([], 0)


def test_pose_and_joint_angles_of_the_controller_must_agree(make_cell, monkeypatch):
    made = make_cell()
    state = made.fake.programs.state
    turned = np.diag([-1.0, -1.0, 1.0, 1.0])

    def other_pose(now):
        told = state(now)
        return replace(told, T_base_flange=told.T_base_flange @ turned)

    monkeypatch.setattr(made.fake.programs, "state", other_pose)
    (fault,) = made.plant.reset(seed=0).faults
    assert fault.kind is FaultKind.KINEMATICS
    assert made.fake.motions == []


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sensor_type", [7, 11])
def test_no_sequence_of_faults_gets_a_command_out(seed, sensor_type):
    outcome = run_fault_campaign(8, seed, replace(RELATIVE, sensor_type=sensor_type))
    assert sum(outcome.troubles.values()) == 8
    assert outcome.failures == 0, outcome
