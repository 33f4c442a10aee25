# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.skills.plants.comau.state_watch import StateWatch
from vi_ik_ros.skills.plants.comau.wire.controller_state import (
    ControllerErrors,
    ControllerState,
    ControllerStatus,
    Selector,
)
from vi_ik_ros.skills.plants.faults import FaultKind

from .conftest import RELATIVE

ON = Selector.AUTO | Selector.DRIVE_ON | Selector.START
STATE = ControllerState(100, ControllerStatus.READY, ON, 7, np.zeros(10), np.eye(4))


def shifted(x: float) -> ControllerState:
    T = np.eye(4)
    T[0, 3] = x
    return replace(STATE, T_base_flange=T)


@pytest.fixture
def watch() -> StateWatch:
    return StateWatch(RELATIVE, begin=50.0)


def test_a_while_without_states_is_allowed_at_first_and_later(watch):
    assert watch.stale(50.09) is None
    assert watch.stale(50.11).kind is FaultKind.STALE_POSE
    watch.take(STATE, 60.0)
    assert watch.stale(60.09) is None
    assert watch.stale(60.11).kind is FaultKind.STALE_POSE


@pytest.mark.parametrize("drift", [-5e-5, 0.0, 5e-5])
def test_whole_seconds_and_clocks_that_drift_for_hours_are_no_lag(watch, drift):
    for now in np.arange(50.0, 50_000.0, 9.73):
        watch.take(replace(STATE, time=int((1.0 + drift) * now)), now)
        assert watch.stale(now) is None


def test_a_lag_beyond_the_clocks_unit_is_stale(watch):
    for now in np.arange(50.0, 55.0, 0.1):
        watch.take(replace(STATE, time=int(now)), now)
    watch.take(replace(STATE, time=52), 55.0)
    assert "lags" in watch.stale(55.0).message


def test_a_jump_is_told_once(watch):
    for x in (0.0, 0.019, 0.0, 0.021, 0.021):
        watch.take(shifted(x), 50.0)
    assert watch.jump().kind is FaultKind.TRANSPORT
    assert watch.jump() is None


def test_small_steps_are_no_jump(watch):
    for x in np.arange(0.0, 1.0, 0.015):
        watch.take(shifted(x), 50.0)
        assert watch.jump() is None


def test_a_lag_of_place_or_angle_is_told(watch):
    watch.take(STATE, 50.0)
    turned = np.eye(4)
    turned[:2, :2] = [[np.cos(0.11), -np.sin(0.11)], [np.sin(0.11), np.cos(0.11)]]
    assert watch.lag(shifted(0.019).T_base_flange) is None
    assert watch.lag(shifted(0.021).T_base_flange).kind is FaultKind.CONTROLLER
    assert watch.lag(turned).kind is FaultKind.CONTROLLER


def test_before_the_first_state_nothing_is_willing(watch):
    assert watch.unwilling().kind is FaultKind.STALE_POSE


@pytest.mark.parametrize("status", list(ControllerStatus))
def test_only_three_statuses_are_willing(watch, status):
    watch.take(replace(STATE, status=status), 50.0)
    assert (watch.unwilling() is None) == (status.value in "RMS")


@pytest.mark.parametrize("error", list(ControllerErrors))
def test_any_error_is_unwilling_and_named(watch, error):
    watch.take(replace(STATE, errors=error), 50.0)
    assert error.name in watch.unwilling().message


@pytest.mark.parametrize("missing", [Selector.DRIVE_ON, Selector.START])
def test_drives_and_program_must_be_on(watch, missing):
    watch.take(replace(STATE, selector=ON & ~missing), 50.0)
    assert missing.name in watch.unwilling().message
