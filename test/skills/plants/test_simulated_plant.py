# SPDX-License-Identifier: Apache-2.0
"""What every simulation must do, whatever its mechanics."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from vi_ik_ros.skills.plants.analytic_plant import AnalyticPlant
from vi_ik_ros.skills.plants.mujoco import MujocoPlant
from vi_ik_ros.skills.plants.plant import PlantState
from vi_ik_ros.skills.plants.scene import load_scene

HEIGHT = 4.0  # [mm], of the start above the plate


@pytest.fixture(params=[AnalyticPlant, MujocoPlant])
def make(request):
    return request.param


def run(plant, twist, ticks):
    """Send one command again and again; return the last result."""
    for _ in range(ticks):
        result = plant.tick(twist)
    return result


def push(plant, move, depth):
    """Go down to `depth` below the surface [mm] and stand still; return the last result."""
    run(plant, move(z=-20.0), 10)
    run(plant, move(z=-(HEIGHT + depth - 4.0) / 0.2), 10)
    return run(plant, move(), 40)


def mean_wrench(plant, twist, ticks):
    """Send one command again and again; return the mean wrench, as single samples hold jerks."""
    return np.concatenate([plant.tick(twist).wrenches for _ in range(ticks)]).mean(axis=0)


def trace(plant, seed, move):
    """Return all that one short episode measures."""
    results = [plant.reset(seed)]
    results += [plant.tick(move(x=2.0, y=1.0, z=-40.0, rz=0.05)) for _ in range(10)]
    rows = [np.concatenate([r.wrenches.ravel(), r.T_base_tcp.ravel()]) for r in results]
    return np.concatenate(rows)


def test_free_motion_follows_the_reference_with_the_lag_of_the_servo(make, exact_scene, move):
    plant = make(exact_scene)
    begin = plant.reset(0).T_base_tcp
    result = run(plant, move(x=10.0, y=-5.0, z=2.0), 30)
    gone = (result.T_base_tcp - begin)[:3, 3]
    servo, h = exact_scene.servo, plant.control_period
    lag = 2.0 * servo.damping_ratio / (2.0 * math.pi * servo.frequency) + h - 0.5 * h
    np.testing.assert_allclose(gone, np.array([10, -5, 2]) * 1e-3 * (0.6 - lag), rtol=0.01)
    result = run(plant, move(), 40)
    gone = (result.T_base_tcp - begin)[:3, 3]
    np.testing.assert_allclose(gone, np.array([6, -3, 1.2]) * 1e-3, atol=1e-7)


def test_rotations_add_up_about_the_axes_of_the_base(make, exact_scene, move):
    plant = make(exact_scene)
    start = plant.reset(0).T_base_tcp[:3, :3]
    run(plant, move(rx=0.2), 40)
    result = run(plant, move(rz=-0.2), 40)
    result = run(plant, move(), 40)
    turn = Rotation.from_rotvec([0, 0, -0.16]) * Rotation.from_rotvec([0.16, 0, 0])
    np.testing.assert_allclose(result.T_base_tcp[:3, :3], turn.as_matrix() @ start, atol=1e-5)
    np.testing.assert_allclose(result.T_base_tcp[:3, 3], exact_scene.start[:3], atol=1e-6)


@pytest.mark.parametrize("delay", [0, 1, 3])
def test_a_command_has_no_effect_before_its_delay(make, exact_scene, move, delay):
    plant = make(replace(exact_scene, delay_ticks=delay))
    begin = plant.reset(0).T_base_tcp[0, 3]
    gone = [plant.tick(move(x=10.0)).T_base_tcp[0, 3] - begin for _ in range(delay + 1)]
    assert np.abs(gone[:-1]).max(initial=0.0) < 1e-9 < 1e-5 < gone[-1]


def test_commands_along_the_tool_point_down(make, exact_scene, move):
    plant = make(exact_scene)
    plant.reset(0)
    run(plant, move(z=5.0, frame="tcp"), 10)
    result = run(plant, move(), 30)
    np.testing.assert_allclose(result.T_base_tcp[2, 3], exact_scene.start[2] - 0.001, atol=1e-6)


def test_samples_come_at_their_rate(make, exact_scene, move):
    plant = make(exact_scene)
    plant.reset(0)
    results = [plant.tick(move()) for _ in range(50)]
    times = np.concatenate([result.wrench_times for result in results])
    np.testing.assert_allclose(times, np.arange(1, 171) / 170.0, rtol=1e-12)
    assert [len(result.wrenches) for result in results[:5]] == [3, 3, 4, 3, 4]
    assert results[-1].time == pytest.approx(1.0) == results[-1].pose_time


def test_the_plate_pushes_back_with_the_springs_stiffness(make, exact_scene, move):
    plant = make(exact_scene)
    forces = []
    for depth in (0.1, 0.3):
        plant.reset(0)
        result = push(plant, move, depth)
        forces.append(result.wrenches[-1])
        below = exact_scene.plate.pose[2] - result.T_base_tcp[2, 3]
        pushed = -result.wrenches[-1, 2] / exact_scene.tool.stiffness[2]
        assert pushed == pytest.approx(below, rel=0.05)  # against the tool's z
    assert np.abs(forces[1][[0, 1]]).max() < 0.01


def test_friction_drags_against_the_motion_and_turns_about_the_sensor(make, exact_scene, move):
    plant = make(exact_scene)
    for sign in (1.0, -1.0):
        plant.reset(0)
        push(plant, move, 0.2)
        run(plant, move(x=4.0 * sign), 20)
        wrench = mean_wrench(plant, move(x=4.0 * sign), 20)
        assert -wrench[0] * sign == pytest.approx(0.15 * -wrench[2], rel=0.08)
        lever = exact_scene.tool.sensor_to_tip
        assert wrench[4] == pytest.approx(lever * wrench[0], rel=0.02)


def test_the_tip_falls_into_the_recess_and_meets_its_far_wall(make, exact_scene, move):
    plant = make(exact_scene)
    plant.reset(0)
    push(plant, move, 0.3)
    result = run(plant, move(x=8.0), 50)
    assert result.T_base_tcp[0, 3] == pytest.approx(exact_scene.plate.pose[0], abs=4e-4)
    result = run(plant, move(x=0.5, z=-10.0), 13)
    assert result.T_base_tcp[2, 3] < exact_scene.plate.pose[2] - 0.0025
    result = run(plant, move(x=8.0), 10)
    assert result.wrenches[-1, 0] < -10.0


def test_an_episode_repeats_bit_by_bit(make, move):
    plant, scene = make(load_scene("screw_slot")), load_scene("screw_slot")
    first = trace(plant, 1, move)
    other = trace(plant, 2, move)
    assert first.tobytes() == trace(plant, 1, move).tobytes()
    assert first.tobytes() == trace(make(scene), 1, move).tobytes()
    assert not np.array_equal(first, other)


def test_noise_is_what_the_scene_says_and_changes_no_motion(make, exact_scene, move):
    noisy = replace(exact_scene, force_torque=load_scene("screw_slot").force_torque)
    plants = make(exact_scene), make(noisy)
    for plant in plants:
        plant.reset(0)
    results = [[plant.tick(move()) for _ in range(300)] for plant in plants]
    wrenches = np.concatenate([result.wrenches for result in results[1]])
    np.testing.assert_allclose(wrenches.std(axis=0), [0.3] * 3 + [0.2] * 3, rtol=0.1)
    np.testing.assert_allclose(wrenches.mean(axis=0), 0.0, atol=0.04)
    np.testing.assert_array_equal(results[0][-1].T_base_tcp, results[1][-1].T_base_tcp)


def test_the_plate_is_where_it_was_drawn(make, exact_scene, move):
    unsure = replace(exact_scene, uncertainty=load_scene("screw_slot").uncertainty)
    plant = make(unsure)
    for seed in (0, 1):
        plant.reset(seed)
        assert plant.drawn_scene == unsure.drawn(seed)
        result = push(plant, move, 1.0)
        below = unsure.drawn(seed).plate.pose[2] - result.T_base_tcp[2, 3]
        assert -result.wrenches[-1, 2] == pytest.approx(30000.0 * below, rel=0.05)


def test_another_scene_may_come_with_a_reset(make, exact_scene, move):
    plant = make(exact_scene)
    start = (0.42, 0.01, 0.57, 1.0, 0.0, 0.0, 0.0)
    result = plant.reset(0, replace(exact_scene, start=start, control_rate=85))
    np.testing.assert_allclose(result.T_base_tcp[:3, 3], start[:3])
    assert plant.control_period == pytest.approx(1.0 / 85.0)
    assert [len(plant.tick(move()).wrenches) for _ in range(4)] == [2] * 4


def test_no_command_is_carried_out_before_a_reset_or_after_a_stop(make, exact_scene, move):
    plant = make(exact_scene)
    result = run(plant, move(x=10.0), 10)
    assert result.state is PlantState.READY
    np.testing.assert_allclose(result.T_base_tcp[:3, 3], exact_scene.start[:3], atol=1e-9)
    plant.reset(0)
    assert plant.tick(None).state is PlantState.HOLD
    plant.stop()
    result = run(plant, move(x=10.0), 10)
    assert result.state is PlantState.HOLD
    np.testing.assert_allclose(result.T_base_tcp[:3, 3], exact_scene.start[:3], atol=1e-9)


def test_finer_time_steps_measure_the_same(make, exact_scene, move):
    results = []
    for refinement in (1, 2):
        plant = make(exact_scene, refinement=refinement)
        plant.reset(0)
        results.append(push(plant, move, 0.2))
    first, second = results
    assert first.wrenches[-1, 2] == pytest.approx(second.wrenches[-1, 2], rel=0.01)
    assert first.time == pytest.approx(second.time)


def test_both_simulations_agree_on_a_push_and_a_search(exact_scene, move):
    found = []
    for plant in (AnalyticPlant(exact_scene), MujocoPlant(exact_scene)):
        plant.reset(0)
        pushed = push(plant, move, 0.3).wrenches[-1]
        run(plant, move(x=4.0), 20)
        searched = mean_wrench(plant, move(x=4.0), 40)
        found.append([pushed[2], searched[2], searched[0]])
    np.testing.assert_allclose(found[0], found[1], rtol=0.1)
