# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.control.control_settings import ControlSettings
from vi_ik_ros.skills.execution.control.controller import HybridForceVelocityController
from vi_ik_ros.skills.execution.control.set_values import SetValues

PERIOD = 0.02
AT_ONCE = ControlSettings(ramp=0.0)
R_BASE_TASK = Rotation.from_euler("xyz", [0.3, -0.7, 1.1]).as_matrix()
OBLIQUE = Rotation.from_euler("xyz", [0.1, 0.2, 0.3]).as_matrix()


def axes(*selected):
    return np.isin(np.arange(6), selected)


def make(set_values, R_base_task=None, settings=AT_ONCE):
    R = R_BASE_TASK if R_base_task is None else R_base_task
    controller = HybridForceVelocityController(R, PERIOD, settings)
    controller.enter(set_values)
    return controller


def in_task(twist, R_base_task=R_BASE_TASK):
    assert twist.frame == "base_link"
    return np.concatenate([twist.linear @ R_base_task, twist.angular @ R_base_task])


def commands(controller, count, wrench=None, T=None):
    """Return (count, 6) velocities along the task frame."""
    wrench = np.zeros(6) if wrench is None else wrench
    T = np.eye(4) if T is None else T
    return np.array([in_task(controller.command(T, wrench)) for _ in range(count)])


def test_the_law_holds_on_every_axis_with_feed_forward_on_one():
    rng = np.random.default_rng(0)
    values = SetValues(*rng.normal(size=(2, 6)), rng.random(6), axes(0, 4), axes(0, 2, 5))
    wrench = rng.normal(size=6)
    expected = np.where(values.velocity_axes, values.velocity, 0.0)
    expected += np.where(values.force_axes, values.gain * (values.wrench - wrench), 0.0)
    np.testing.assert_allclose(commands(make(values), 1, wrench)[0], expected, atol=1e-14)


def test_too_little_force_moves_the_tool_further_in():
    push = SetValues(wrench=np.full(6, 5.0), gain=np.full(6, 1e-3), force_axes=axes(2))
    controller = make(push, np.diag([1.0, -1.0, -1.0]))
    weak = controller.command(np.eye(4), np.array([0, 0, 3.0, 0, 0, 0])).linear
    strong = controller.command(np.eye(4), np.array([0, 0, 9.0, 0, 0, 0])).linear
    np.testing.assert_allclose([weak[2], strong[2]], [-0.002, 0.004])


def test_held_axes_get_exactly_nothing_whatever_sensors_say():
    rng = np.random.default_rng(0)
    push = SetValues(wrench=np.full(6, 5.0), gain=np.full(6, 1e-3), force_axes=axes(2))
    controller = make(push, np.diag([1.0, -1.0, -1.0]), ControlSettings())
    for _ in range(50):
        T = np.eye(4)
        T[:3, 3] = rng.normal(size=3)
        twist = controller.command(T, 100.0 * rng.normal(size=6))
        assert twist.linear[2] and not twist.linear[:2].any() and not twist.angular.any()


def test_new_set_values_come_in_over_the_ramp():
    move = SetValues(velocity=np.full(6, 0.01), velocity_axes=axes(0))
    controller = make(move, settings=ControlSettings(ramp=0.08))
    np.testing.assert_allclose(
        commands(controller, 6)[:, 0], 0.01 * np.array([0.25, 0.5, 0.75, 1, 1, 1])
    )
    controller.enter(SetValues(velocity=np.full(6, -0.01), velocity_axes=axes(0)))
    np.testing.assert_allclose(
        commands(controller, 5)[:, 0], 0.01 * np.array([0.5, 0.0, -0.5, -1.0, -1.0]), atol=1e-15
    )


def test_a_ramp_that_is_broken_off_goes_on_from_where_it_was():
    controller = make(
        SetValues(velocity=np.full(6, 0.01), velocity_axes=axes(0)),
        settings=ControlSettings(ramp=0.08),
    )
    half = commands(controller, 2)[-1, 0]
    for _ in range(2):  # entered twice without a command in between
        controller.enter(SetValues(velocity=np.full(6, 0.009), velocity_axes=axes(0)))
    assert commands(controller, 1)[0, 0] == pytest.approx(half + 0.25 * (0.009 - half))


def test_a_force_set_value_is_ramped_and_a_deselected_velocity_stops_at_once():
    approach = SetValues(velocity=np.full(6, 0.01), velocity_axes=axes(2))
    push = SetValues(wrench=np.full(6, 8.0), gain=np.full(6, 1e-3), force_axes=axes(2))
    controller = make(approach, settings=ControlSettings(ramp=0.04))
    assert commands(controller, 3)[-1, 2] == pytest.approx(0.01)
    controller.enter(push)
    measured = np.array([0, 0, 4.0, 0, 0, 0])
    np.testing.assert_allclose(commands(controller, 3, measured)[:, 2], [0.0, 0.004, 0.004])
    controller.enter(SetValues.hold())
    assert not commands(controller, 1, measured).any()


def test_reset_begins_at_rest():
    controller = make(SetValues(velocity=np.full(6, 0.01), velocity_axes=axes(0)))
    commands(controller, 2)
    controller.reset()
    assert not commands(controller, 1).any()


def follow(controller, T, ticks):
    """Move a pose by the commands; return it and the fastest linear and angular speed."""
    fastest = np.zeros(2)
    for _ in range(ticks):
        twist = controller.command(T, np.zeros(6))
        speeds = [np.linalg.norm(twist.linear), np.linalg.norm(twist.angular)]
        fastest = np.maximum(fastest, speeds)
        T = T.copy()
        T[:3, 3] += PERIOD * twist.linear
        T[:3, :3] = Rotation.from_rotvec(PERIOD * twist.angular).as_matrix() @ T[:3, :3]
    return T, fastest


def test_a_target_is_reached_no_faster_than_told():
    target = np.eye(4)
    target[:3, 3], target[:3, :3] = [0.02, -0.01, 0.03], OBLIQUE
    velocity = np.array([0, 0, 0.02, 0.1, 0, 0])
    values = SetValues(velocity=velocity, velocity_axes=np.ones(6, bool), T_base_target=target)
    T, fastest = follow(make(values), np.eye(4), 400)
    np.testing.assert_allclose(T, target, atol=1e-6)
    np.testing.assert_allclose(fastest, [0.02, 0.1])


def test_the_way_to_a_target_is_straight():
    target = np.eye(4)
    target[:3, 3] = [0.02, -0.01, 0.03]
    values = SetValues(velocity=np.full(6, 0.01), velocity_axes=axes(0, 1, 2), T_base_target=target)
    controller = make(values)
    for ticks in (1, 50, 100):
        T, _ = follow(controller, np.eye(4), ticks)
        assert np.linalg.norm(np.cross(T[:3, 3], target[:3, 3])) < 1e-12


def test_a_target_is_not_sought_along_other_axes():
    target = np.eye(4)
    target[:3, 3], target[:3, :3] = [0.02, -0.01, 0.03], OBLIQUE
    values = SetValues(velocity=np.full(6, 0.01), velocity_axes=axes(2), T_base_target=target)
    T, _ = follow(make(values), np.eye(4), 400)
    gone = R_BASE_TASK.T @ T[:3, 3]
    np.testing.assert_allclose(gone, [0, 0, R_BASE_TASK[:, 2] @ target[:3, 3]], atol=1e-6)
    np.testing.assert_allclose(T[:3, :3], np.eye(3), atol=1e-12)


def test_bad_set_values_and_settings_are_refused():
    with pytest.raises(InvalidInput, match=r"set_values\.velocity"):
        make(SetValues(velocity=np.full(6, np.nan)))
    with pytest.raises(InvalidInput, match="R_base_task"):
        make(SetValues.hold(), 2.0 * np.eye(3))
    for change in ({"ramp": -0.1}, {"pose_rate": 0.0}, {"contact_stiffness": np.nan}):
        with pytest.raises(InvalidInput, match=rf"control\.{next(iter(change))}"):
            ControlSettings(**change)
