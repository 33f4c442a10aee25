# SPDX-License-Identifier: Apache-2.0
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.wrench.tool_load import ToolLoad
from vi_ik_ros.skills.execution.wrench.wrench_filter import WrenchFilter
from vi_ik_ros.skills.execution.wrench.wrench_settings import WrenchSettings
from vi_ik_ros.skills.plants.analytic_plant import AnalyticPlant
from vi_ik_ros.skills.plants.mujoco import MujocoPlant
from vi_ik_ros.skills.plants.plant import Twist
from vi_ik_ros.skills.plants.scene import load_scene

DOWN = np.diag([1.0, -1.0, -1.0])  # a task frame that pushes along -z of base_link


def pose(rotation=None, position=(0.0, 0.0, 0.0)):
    T = np.eye(4)
    T[:3, :3] = np.eye(3) if rotation is None else rotation.as_matrix()
    T[:3, 3] = position
    return T


def make(R_base_task=DOWN, T_tcp_sensor=None, rate=170.0, load=None, **settings):
    T = pose() if T_tcp_sensor is None else T_tcp_sensor
    return WrenchFilter(
        WrenchSettings(**settings), np.asarray(R_base_task), T, 1.0 / rate, 0.02, load=load
    )


@pytest.mark.parametrize("plant", [AnalyticPlant, MujocoPlant])
def test_a_tool_that_is_pushed_into_a_plate_exerts_a_positive_force(plant):
    scene = load_scene("screw_slot")
    unsure = replace(scene.uncertainty, x=0.0, y_std=0.0, z_std=0.0, yaw_std=0.0)
    plant = plant(replace(scene, uncertainty=unsure))
    wrenches = make(T_tcp_sensor=pose(position=(0.0, 0.0, -scene.tool.sensor_to_tip)))
    wrenches.update(plant.reset(0))
    depth = 4e-4
    for k in range(60):
        velocity = -(4e-3 + depth) / 0.6 if k < 30 else 0.0  # 4 mm above the plate at first
        wrenches.update(plant.tick(Twist(np.array([0.0, 0.0, velocity]), np.zeros(3))))
    servo, k_tool = scene.servo, scene.tool.stiffness[2]
    k_servo = servo.mass * (2.0 * math.pi * servo.frequency) ** 2
    pushed = depth / (1.0 / k_tool + 1.0 / k_servo)
    assert wrenches.history.mean(2, 0.3) == pytest.approx(pushed, rel=0.05)
    assert wrenches.fast[2] > 0.5 * pushed
    assert abs(wrenches.history.mean(0, 0.3)) < 1.0


def test_a_force_beside_the_tool_centre_point_is_a_torque_about_it(tick):
    rng = np.random.default_rng(0)
    turns = Rotation.random(3, random_state=1)
    T_tcp_sensor = pose(turns[0], rng.normal(size=3))
    T_base_tcp = pose(turns[1], rng.normal(size=3))
    R_base_task = turns[2].as_matrix()
    T_base_sensor = T_base_tcp @ T_tcp_sensor
    point, force = rng.normal(size=3), rng.normal(size=3)  # on the tool, in base_link
    R = T_base_sensor[:3, :3]
    torque = np.cross(point - T_base_sensor[:3, 3], force)
    wrenches = make(R_base_task, T_tcp_sensor)
    wrenches.update(tick([[*(R.T @ force), *(R.T @ torque)]], T_base_tcp=T_base_tcp))
    about_tcp = np.cross(point - T_base_tcp[:3, 3], force)
    expected = [*(R_base_task.T @ -force), *(R_base_task.T @ -about_tcp)]
    np.testing.assert_allclose(wrenches.fast, expected, atol=1e-12)


def test_load_and_tare_are_taken_away_at_any_orientation(tick):
    load = ToolLoad(0.8, np.array([0.01, -0.02, 0.05]), np.array([1.0, 2.0, 3.0, 0.1, 0.2, 0.3]))
    T_tcp_sensor = pose(Rotation.from_euler("z", 0.3))
    wrenches = make(np.eye(3), T_tcp_sensor, load=load)
    bias = np.array([0.5, -0.4, 0.3, -0.02, 0.01, 0.0])
    wrenches.tare(bias)
    for turn in Rotation.random(4, random_state=3):
        T = pose(turn)
        R = T[:3, :3] @ T_tcp_sensor[:3, :3]
        push = np.array([0.0, 0.0, -5.0])  # of the environment, in base_link
        raw = load.wrench(R) + bias
        raw[:3] += R.T @ push
        wrenches.reset()
        wrenches.update(tick([raw], T_base_tcp=T))
        np.testing.assert_allclose(wrenches.fast, [0, 0, 5, 0, 0, 0], atol=1e-12)


def test_a_tare_forgets_all_but_the_last_tick(tick):
    wrenches = make()
    for k in range(3):
        wrenches.update(tick([[0.0, 0.0, 9.0 - k, 0.0, 0.0, 0.0]] * 3))
    wrenches.tare(np.array([0.0, 0.0, 6.0, 0.0, 0.0, 0.0]))
    assert wrenches.history.mean(2, 1.0) == pytest.approx(1.0)
    assert wrenches.fast[2] == pytest.approx(1.0)


@pytest.mark.parametrize(("cutoff", "rate"), [(30.0, 170.0), (50.0, 170.0), (60.0, 1000.0)])
def test_the_fast_filter_is_as_late_as_it_says(tick, cutoff, rate):
    wrenches = make(np.eye(3), rate=rate, fast_cutoff=cutoff)
    answers = []
    for step in [0.0] + [-1.0] * 200:
        wrenches.update(tick([[step, 0.0, 0.0, 0.0, 0.0, 0.0]]))
        answers.append(wrenches.fast[0])
    missing = 1.0 - np.array(answers[1:])
    assert missing.sum() / rate == pytest.approx(wrenches.fast_delay, rel=1e-9)
    tau = 1.0 / (2.0 * math.pi * cutoff)
    times = (1 + np.arange(200)) / rate
    np.testing.assert_allclose(missing, np.exp(-times / tau), atol=1e-12)
    assert tau - 1.0 / rate < wrenches.fast_delay < tau


def test_a_mean_over_50_samples_is_144_ms_late(tick):
    wrenches, answers = make(np.eye(3)), []
    for k in range(250):
        step = 0.0 if k < 100 else -1.0
        wrenches.update(tick([[step, 0.0, 0.0, 0.0, 0.0, 0.0]], times=[k / 170.0]))
        answers.append(wrenches.history.mean(0, 0.294))
    late = (1.0 - np.array(answers[100:])).sum() / 170.0
    assert late == pytest.approx(49 / 2 / 170.0) and late == pytest.approx(0.144, abs=1e-3)
    assert answers[148] < 1.0 == pytest.approx(answers[149])


def test_the_peak_is_that_of_the_filtered_samples_of_the_last_tick(tick):
    wrenches = make(np.eye(3), fast_cutoff=60.0)
    quiet, jump = [0.0] * 6, [-3.0, 0.0, -4.0, 9.0, 9.0, 9.0]
    wrenches.update(tick([quiet, jump, quiet, quiet]))
    share = 1.0 - math.exp(-2.0 * math.pi * 60.0 / 170.0)
    assert wrenches.peak_force == pytest.approx(5.0 * share)
    assert np.linalg.norm(wrenches.fast[:3]) < 0.1
    wrenches.update(tick([quiet]))
    assert wrenches.peak_force < 0.1


def test_a_tick_without_samples_changes_nothing(tick):
    wrenches = make()
    wrenches.update(tick([]))
    assert not wrenches.fast.any() and math.isnan(wrenches.history.mean(2, 0.1))
    wrenches.update(tick([[1.0, 2.0, 3.0, 0.0, 0.0, 0.0]]))
    before = wrenches.fast
    wrenches.update(tick([]))
    np.testing.assert_array_equal(wrenches.fast, before)
    assert wrenches.history.mean(2, 1.0) == pytest.approx(3.0)


def test_what_is_no_number_reaches_the_peak(tick):
    wrenches = make()
    wrenches.update(tick([[0.0] * 6, [math.nan] * 6, [0.0] * 6]))
    assert math.isnan(wrenches.peak_force)


def test_frames_that_are_no_rotation_are_refused():
    with pytest.raises(InvalidInput, match="R_base_task.*right-handed"):
        make(np.diag([1.0, 1.0, -1.0]))
    with pytest.raises(InvalidInput, match="T_tcp_sensor"):
        make(T_tcp_sensor=2.0 * np.eye(4))
    with pytest.raises(InvalidInput, match=r"wrench\.fast_cutoff: got -1"):
        WrenchSettings(fast_cutoff=-1.0)
