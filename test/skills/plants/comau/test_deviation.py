# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.skills.plants.comau.deviation import Deviation
from vi_ik_ros.skills.plants.plant import Twist

from .conftest import RELATIVE, twist

ABSOLUTE = replace(RELATIVE, sensor_type=10)
DOWN = np.array([[-1.0, 0, 0, 0.43], [0, 1, 0, 0], [0, 0, -1, 0.71], [0, 0, 0, 1]])


def test_a_relative_deviation_is_what_came_since_the_last_message():
    deviation = Deviation(RELATIVE, DOWN)
    deviation.add(twist(0.05, 0.0, 0.0), 0.02)
    np.testing.assert_allclose(deviation.next_numbers(), [1.0, 0, 0, 0, 0, 0], atol=1e-9)  # [mm]
    assert not deviation.next_numbers().any()
    deviation.add(twist(0.0, 0.05, 0.0), 0.02)
    deviation.add(twist(0.0, 0.05, 0.0), 0.02)
    np.testing.assert_allclose(deviation.next_numbers(), [0, 2.0, 0, 0, 0, 0], atol=1e-9)
    assert not deviation.held_numbers().any()


def test_an_absolute_deviation_counts_from_the_beginning():
    deviation = Deviation(ABSOLUTE, DOWN)
    for _ in range(3):
        deviation.add(twist(0.05, 0.0, 0.0), 0.02)
        last = deviation.next_numbers()
    np.testing.assert_allclose(last, [3.0, 0, 0, 0, 0, 0], atol=1e-9)
    np.testing.assert_array_equal(deviation.held_numbers(), last)


@pytest.mark.parametrize("frame", ["base_link", "flange"])
def test_the_axes_are_those_of_the_frame(frame):
    deviation = Deviation(replace(RELATIVE, deviation_frame=frame), DOWN)
    deviation.add(twist(0.05, 0.0, 0.05), 0.02)
    sign = -1.0 if frame == "flange" else 1.0  # the flange points down
    np.testing.assert_allclose(deviation.next_numbers()[:3], [sign, 0.0, sign], atol=1e-9)


def test_angles_are_degrees():
    deviation = Deviation(RELATIVE, DOWN)
    deviation.add(twist(0.0, 0.0, 0.0, angular=(0.2, 0.0, 0.0)), 0.02)
    expected = [0, 0, 0, np.rad2deg(0.004), 0, 0]
    np.testing.assert_allclose(deviation.next_numbers(), expected, atol=1e-9)


def test_turning_about_the_tool_centre_point_moves_the_flange():
    deviation = Deviation(replace(RELATIVE, tcp=(0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 1.0)), DOWN)
    deviation.add(twist(0.0, 0.0, 0.0, angular=(0.0, 0.2, 0.0)), 0.02)
    # The flange stands 0.1 m above the point: turned about +y it goes along +x.
    np.testing.assert_allclose(deviation.next_numbers()[:3], [0.4, 0.0, 0.0], atol=1e-3)


def test_noise_that_adds_up_to_nothing_sends_nothing_on_the_whole():
    rng = np.random.default_rng(3)
    deviation = Deviation(RELATIVE, DOWN)
    sent = np.zeros(6)
    velocities = rng.normal(size=(300, 3)) * 0.01
    for linear in np.concatenate([velocities, -velocities]):
        deviation.add(Twist(linear, np.zeros(3)), 0.02)
        sent += deviation.next_numbers()
    assert np.abs(sent).max() < 1e-9


def test_rotations_are_cut_off_where_none_are_sent():
    deviation = Deviation(replace(RELATIVE, rotation_order="none"), DOWN)
    assert deviation.add(twist(0.05, 0.0, 0.0, angular=(0.0, 0.2, 0.0)), 0.02)
    assert not deviation.add(twist(0.05, 0.0, 0.0), 0.02)
    np.testing.assert_allclose(deviation.next_numbers(), [2.0, 0, 0, 0, 0, 0], atol=1e-9)
