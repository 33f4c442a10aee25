# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.plants.faults import FaultKind
from vi_ik_ros.skills.plants.plant import PlantState
from vi_ik_ros.skills.plants.vectors.rotation_vectors import log_so3

from .conftest import RELATIVE, twist

SLOWLY = twist(0.01, 0.02, -0.01)
ELSEWHERE = np.array([0.1, 0.05, -1.5, 0.0, 1.5, 0.2])


def test_a_reset_arms_and_moves_nothing(make_cell, racer5):
    made = make_cell()
    outcome = made.plant.reset(seed=0)
    assert (outcome.state, outcome.faults) == (PlantState.ACTIVE, ())
    np.testing.assert_allclose(outcome.T_base_tcp, racer5.forward(racer5.ready), atol=1e-6)
    np.testing.assert_allclose(outcome.q, racer5.ready, atol=1e-6)
    assert not np.any(made.fake.motions)
    assert made.fake.programs.tracking


@pytest.mark.parametrize("sensor_type", [7, 10])
@pytest.mark.parametrize("frame", ["base_link", "flange"])
@pytest.mark.parametrize("order", ["xyz", "zyx"])
def test_the_tool_goes_where_velocities_add_up_to(make_cell, sensor_type, frame, order):
    parameters = replace(
        RELATIVE, sensor_type=sensor_type, deviation_frame=frame, rotation_order=order
    )
    tcp = (0.0, 0.02, 0.1, 0.0, 0.0, 0.0, 1.0)  # a turn about it moves the flange
    made = make_cell(replace(parameters, tcp=tcp), ticks_per_message=2)
    before = made.plant.reset(seed=0).T_base_tcp
    made.run(50, twist(0.01, 0.02, -0.01, angular=(0.05, 0.0, 0.02)))
    after = made.run(6).T_base_tcp
    np.testing.assert_allclose(after[:3, 3] - before[:3, 3], [0.01, 0.02, -0.01], atol=1e-6)
    turned = log_so3(after[:3, :3] @ before[:3, :3].T)
    np.testing.assert_allclose(turned, [0.05, 0.0, 0.02], atol=1e-5)


def test_a_twist_along_the_tools_axes_is_turned(cell):
    before = cell.plant.tick(None).T_base_tcp
    cell.run(25, twist(0.0, 0.0, 0.02, frame="tcp"))
    moved = cell.run(4).T_base_tcp[:3, 3] - before[:3, 3]
    assert moved @ before[:3, 2] == pytest.approx(0.01, abs=6e-4)  # one message in 21 is lost
    assert np.abs(moved[:2]).max() < 1e-6


def test_one_message_a_tick_overwrites_some_and_one_in_two_ticks_none(make_cell):
    every, second = make_cell(), make_cell(ticks_per_message=2)
    for made in (every, second):
        made.plant.reset(seed=0)
        made.run(100, SLOWLY)
    assert every.fake.programs.overwritten > 0
    assert second.fake.programs.overwritten == 0


@pytest.mark.parametrize("sensor_type", [7, 10])
def test_silence_holds_the_tool(make_cell, sensor_type):
    made = make_cell(replace(RELATIVE, sensor_type=sensor_type))
    made.plant.reset(seed=0)
    made.run(20, SLOWLY)
    here = made.run(3).T_base_tcp
    np.testing.assert_allclose(made.run(30).T_base_tcp, here, atol=1e-7)
    assert np.any(made.fake.motions[-1]) == (sensor_type == 10)  # an absolute one repeats


def test_rotations_are_cut_off_and_reported_where_none_are_sent(make_cell):
    made = make_cell(rotation_order="none")
    made.plant.reset(seed=0)
    turning = twist(0.01, 0.0, 0.0, angular=(0.0, 0.0, 0.1))
    assert made.plant.tick(turning).saturated
    assert not made.plant.tick(SLOWLY).saturated
    made.fake.wait(0.1)
    assert not np.any([numbers[3:] for numbers in made.fake.motions])


def test_a_path_switches_tracking_off_and_the_plant_on_again(cell, racer5):
    cell.run(5, SLOWLY)
    first = cell.fake.accepted
    outcome = cell.plant.go_to_configuration(ELSEWHERE, 0.2)
    assert (outcome.state, outcome.faults) == (PlantState.ACTIVE, ())
    np.testing.assert_allclose(outcome.q, ELSEWHERE, atol=1e-6)
    np.testing.assert_allclose(outcome.T_base_tcp, racer5.forward(ELSEWHERE), atol=1e-6)
    cell.run(50, SLOWLY)
    moved = cell.run(4).T_base_tcp[:3, 3] - outcome.T_base_tcp[:3, 3]
    np.testing.assert_allclose(moved, [0.01, 0.02, -0.01], rtol=0.06)
    assert cell.fake.accepted == first


def test_an_idle_plant_stays_idle_after_a_path(make_cell):
    made = make_cell()
    outcome = made.plant.go_to_configuration(ELSEWHERE, 0.2)
    assert (outcome.state, outcome.faults) == (PlantState.READY, ())
    assert made.fake.motions == []


def test_episodes_start_at_the_start_configuration(make_cell):
    made = make_cell(start=tuple(ELSEWHERE))
    np.testing.assert_allclose(made.plant.reset(seed=0).q, ELSEWHERE, atol=1e-6)
    made.run(20, SLOWLY)
    again = made.plant.reset(seed=1)
    assert again.state is PlantState.ACTIVE
    np.testing.assert_allclose(again.q, ELSEWHERE, atol=1e-6)


@pytest.mark.parametrize(
    ("q", "speed", "field"),
    [
        (ELSEWHERE[:5], 0.1, "q"),
        (ELSEWHERE * np.nan, 0.1, "q"),
        (ELSEWHERE + [0, 3, 0, 0, 0, 0], 0.1, "q"),  # beyond a joint's limit
        (ELSEWHERE, 0.0, "speed_scale"),
        (ELSEWHERE, 1.01, "speed_scale"),
    ],
)
def test_a_configuration_that_is_none_is_refused_and_nothing_moves(cell, q, speed, field):
    with pytest.raises(InvalidInput, match=f"^{field}: got"):
        cell.plant.go_to_configuration(q, speed)
    assert cell.plant.tick(None).state is PlantState.ACTIVE


def test_a_path_that_never_ends_is_a_fault_and_is_cancelled(make_cell):
    made = make_cell(path_timeout=1.0)
    made.fake.programs.path_time = 5.0
    before = made.fake.programs.q
    outcome = made.plant.go_to_configuration(ELSEWHERE, 0.1)
    assert [fault.kind for fault in outcome.faults] == [FaultKind.CONTROLLER]
    made.fake.wait(10.0)
    np.testing.assert_array_equal(made.fake.programs.q, before)


def test_a_stop_breaks_off_a_path(make_cell, monkeypatch):
    made = make_cell()
    made.fake.programs.path_time = 5.0
    before, wait = made.fake.programs.q, made.fake.wait

    def wait_and_stop(duration):
        wait(duration)
        if made.fake.now() > 2.0:
            made.plant.stop()

    monkeypatch.setattr(made.fake, "wait", wait_and_stop)
    outcome = made.plant.go_to_configuration(ELSEWHERE, 0.1)
    assert [fault.kind for fault in outcome.faults] == [FaultKind.OPERATOR_STOP]
    wait(10.0)
    np.testing.assert_array_equal(made.fake.programs.q, before)


def test_a_stopped_plant_holds_until_the_next_reset(cell):
    cell.run(5, SLOWLY)
    cell.plant.tick(SLOWLY)
    cell.plant.stop()
    cell.fake.wait(0.1)
    sent = len(cell.fake.motions)
    assert not cell.fake.motions[-1].any()
    outcome = cell.run(10, SLOWLY)
    assert (outcome.state, outcome.faults) == (PlantState.HOLD, ())
    assert len(cell.fake.motions) == sent
    assert cell.plant.reset(seed=0).state is PlantState.ACTIVE


@pytest.mark.parametrize("sensor_type", [7, 10])
def test_the_last_deviation_before_closing_moves_nothing(make_cell, sensor_type):
    made = make_cell(replace(RELATIVE, sensor_type=sensor_type))
    made.plant.reset(seed=0)
    made.run(10, SLOWLY)
    made.plant.tick(SLOWLY)
    made.fake.wait(0.05)
    here, before, sent = made.fake.programs.q, made.fake.motions[-1], len(made.fake.motions)
    made.plant.close()
    made.fake.wait(0.1)
    assert len(made.fake.motions) == sent + 1
    expected = before if sensor_type == 10 else np.zeros(6)
    np.testing.assert_array_equal(made.fake.motions[-1], expected)
    np.testing.assert_allclose(made.fake.programs.q, here, atol=1e-9)
    made.plant.close()  # twice is once


def test_wrenches_are_those_of_the_source_once(cell):
    for i in range(3):
        cell.wrenches.push(0.1 * i, np.arange(6.0) + i)
    outcome = cell.plant.tick(None)
    np.testing.assert_allclose(outcome.wrench_times, [0.0, 0.1, 0.2])
    np.testing.assert_allclose(outcome.wrenches[2], np.arange(6.0) + 2)
    again = cell.plant.tick(None)
    assert (again.wrenches.shape, again.wrench_times.shape) == ((0, 6), (0,))
