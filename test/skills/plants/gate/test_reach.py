# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.skills.plants.faults import FaultKind
from vi_ik_ros.skills.plants.gate.reach import Reach
from vi_ik_ros.skills.plants.limits import Limits

LIMITS = Limits(lower=(-0.01, -0.05, -0.05), upper=(0.1, 0.05, 0.02))


@pytest.fixture
def reach():
    return Reach(LIMITS, 0.02)


def drive(reach, twist, ticks):
    """Send one command again and again; return what was allowed, up to the first fault."""
    allowed = []
    for _ in range(ticks):
        allowed.append(reach.allow(twist))
        if allowed[-1].fault:
            break
    return allowed


def test_slow_commands_go_through_as_they_are(reach, move):
    twist = move(3.0, -4.0, 5.0, 0.01, 0.02, -0.03)
    allowed = reach.allow(twist)
    assert not allowed.saturated and allowed.fault is None
    np.testing.assert_array_equal(allowed.twist.linear, twist.linear)
    np.testing.assert_array_equal(allowed.twist.angular, twist.angular)


def test_fast_triples_are_scaled_apart(reach, move):
    allowed = reach.allow(move(300.0, -400.0, 0.0, 0.01))
    np.testing.assert_allclose(allowed.twist.linear, [0.03, -0.04, 0.0], rtol=1e-10)
    np.testing.assert_array_equal(allowed.twist.angular, [0.01, 0.0, 0.0])
    assert allowed.saturated
    allowed = reach.allow(move(1.0, rz=-5.0))
    np.testing.assert_allclose(allowed.twist.angular, [0.0, 0.0, -0.2], rtol=1e-10)
    np.testing.assert_array_equal(allowed.twist.linear, [0.001, 0.0, 0.0])


def test_steps_are_limited_where_speeds_are_not(move):
    reach = Reach(Limits(speed=1.0, angular_speed=10.0), 0.02)
    allowed = reach.allow(move(x=900.0, ry=9.0))
    np.testing.assert_allclose(allowed.twist.linear * 0.02, [0.001, 0.0, 0.0])
    np.testing.assert_allclose(allowed.twist.angular * 0.02, [0.0, 0.004, 0.0])


@pytest.mark.parametrize(
    ("twist", "kind", "distance"),
    [
        ({"x": 50.0}, FaultKind.OFFSET_BUDGET, 0.06),
        ({"x": -50.0}, FaultKind.WORKSPACE, 0.01),
        ({"y": 30.0, "z": 30.0}, FaultKind.WORKSPACE, 0.02 * 2**0.5),
    ],
)
def test_the_last_step_is_shortened_and_the_next_one_is_a_fault(reach, move, twist, kind, distance):
    *before, last, fault = drive(reach, move(**twist), 200)
    gone = 0.02 * sum(allowed.twist.linear for allowed in (*before, last))
    assert np.linalg.norm(gone) == pytest.approx(distance) and fault.fault.kind is kind
    assert not any(allowed.saturated for allowed in before[:-1])
    assert not fault.twist.linear.any() and fault.saturated


def test_a_tool_that_stands_at_a_limit_may_come_back(reach, move):
    drive(reach, move(x=-50.0), 200)
    allowed = reach.allow(move(x=50.0))
    assert allowed.fault is None and not allowed.saturated


def test_rotations_end_at_their_budget(reach, move):
    *_, fault = drive(reach, move(rx=0.1, ry=0.1), 200)
    assert fault.fault.kind is FaultKind.OFFSET_BUDGET and "0.200 rad" in fault.fault.message


def test_circles_of_rotation_vectors_use_up_the_budget(reach, move):
    """Their sum stays small, but the rotations do not commute, so the tool turns about z."""
    for tick in range(200_000):
        a = 0.06 * tick
        allowed = reach.allow(move(rx=0.2 * np.cos(a), ry=0.2 * np.sin(a)))
        if allowed.fault:
            break
    assert allowed.fault.kind is FaultKind.OFFSET_BUDGET


def test_arming_begins_anew(reach, move):
    drive(reach, move(x=-50.0), 200)
    reach.arm(np.array([0.05, 0.0, 0.0]))
    assert len(drive(reach, move(x=-50.0), 200)) > 59
