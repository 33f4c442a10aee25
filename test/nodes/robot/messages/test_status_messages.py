# SPDX-License-Identifier: Apache-2.0
import math

import pytest
from diagnostic_msgs.msg import DiagnosticStatus

from vi_ik_ros.nodes.robot.messages.status_messages import (
    RobotStatus,
    status_from_msg,
    status_to_msg,
)
from vi_ik_ros.skills.plants.faults import Fault, FaultKind
from vi_ik_ros.skills.plants.plant import PlantState

STOP = Fault(FaultKind.OPERATOR_STOP, "the service stop was called", 0.0)
FORCE = Fault(FaultKind.HARD_FORCE, "measured force 31.0 N, limit 30 N", 31.0)


@pytest.mark.parametrize(
    ("status", "level"),
    [
        (RobotStatus(PlantState.READY, backend="mujoco", ticks=7), DiagnosticStatus.OK),
        (RobotStatus(PlantState.ACTIVE, enabled=True, saturated=True), DiagnosticStatus.OK),
        (RobotStatus(PlantState.HOLD, STOP, busy="tare"), DiagnosticStatus.WARN),
        (RobotStatus(PlantState.FAULT, FORCE, error_bits=0x8000), DiagnosticStatus.ERROR),
    ],
)
def test_a_status_comes_back_and_its_level_tells_how_bad_it_is(status, level):
    message = status_to_msg(status, "/cell/robot_interface", 3)
    assert (message.level, message.name) == (level, "/cell/robot_interface")
    assert status_from_msg(message) == status
    values = {pair.key: pair.value for pair in message.values}
    assert values["state"] == status.state.name and values["seq"] == "3"
    assert {"fault", "error_bits", "drive_on", "late_ticks"} <= set(values)


def test_a_fault_without_a_value_comes_back_without_one():
    fault = Fault(FaultKind.DEADMAN, "no command for 200 ms")
    message = status_to_msg(RobotStatus(PlantState.FAULT, fault), "robot", 1)
    back = status_from_msg(message).fault
    assert back is not None and back.kind is FaultKind.DEADMAN and math.isnan(back.value)


def test_what_is_no_status_is_a_fault_of_the_transport():
    status = status_from_msg(DiagnosticStatus())
    assert status.fault is not None and status.fault.kind is FaultKind.TRANSPORT
