# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.parameters import ParameterSpace, SkillParameter

SPEED = SkillParameter("speed", "m/s", 0.001, 0.015, "linear", 0.004)
GAIN = SkillParameter("gain", "m/(N s)", 5e-5, 2.5e-3, "log", 8e-4)
SPACE = ParameterSpace((SPEED, GAIN))


def test_the_cube_and_the_box_map_into_each_other():
    points = np.random.default_rng(0).random((200, 2))
    values = SPACE.from_unit(points)
    np.testing.assert_allclose(SPACE.to_unit(values), points, atol=1e-12)
    np.testing.assert_allclose(values[:, 0], 0.001 + 0.014 * points[:, 0])


def test_equal_steps_on_a_log_scale_are_equal_ratios():
    gains = SPACE.from_unit([[0.0, 0.0], [0.0, 0.25], [0.0, 0.5], [0.0, 0.75], [0.0, 1.0]])[:, 1]
    np.testing.assert_allclose(gains[1:] / gains[:-1], 50.0**0.25)


def test_corners_and_samples_are_accepted():
    corners = SPACE.from_unit([[0.0, 0.0], [1.0, 1.0]])
    for row in (*corners, *SPACE.sample(np.random.default_rng(1), 100)):
        SPACE.checked(dict(zip(SPACE.names, row, strict=True)))
    np.testing.assert_allclose(corners, [[0.001, 5e-5], [0.015, 2.5e-3]])


def test_samples_follow_the_generator():
    first, second = (SPACE.sample(np.random.default_rng(3), 5) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (5, 2)


def test_missing_values_have_their_defaults():
    assert SPACE.checked({"gain": 1e-3}) == {"speed": 0.004, "gain": 1e-3}


def test_a_space_without_parameters_works():
    empty = ParameterSpace(())
    assert empty.checked({}) == {}
    assert empty.sample(np.random.default_rng(0), 3).shape == (3, 0)
    with pytest.raises(InvalidInput, match="expected no parameter"):
        empty.checked({"speed": 1.0})


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"sped": 0.01}, "parameters.sped: got an unknown parameter, expected speed"),
        (
            {"speed": 0.02},
            "parameters.speed: got 0.02, expected a number from 0.001 to 0.015 [m/s]",
        ),
        ({"gain": 0.0}, "parameters.gain: got 0.0"),
        ({"gain": float("nan")}, "parameters.gain: got nan"),
        ({"gain": True}, "parameters.gain: got True"),
        ({"gain": "1e-3"}, "parameters.gain: got 1e-3"),
    ],
)
def test_a_wrong_value_is_named_with_its_range(values, line):
    with pytest.raises(InvalidInput) as refused:
        SPACE.checked(values)
    assert line in str(refused.value)


@pytest.mark.parametrize(
    ("bounds", "line"),
    [
        ((0.2, 0.1, "linear", 0.1), "parameters.speed.lower: got 0.2, expected less than upper"),
        ((0.1, 0.1, "linear", 0.1), "parameters.speed.lower"),
        ((0.0, 0.1, "log", 0.1), "parameters.speed.lower: got 0.0, expected more than 0"),
        ((0.0, 0.1, "linear", 0.2), "parameters.speed.default: got 0.2, expected a number from 0"),
    ],
)
def test_impossible_bounds_are_refused(bounds, line):
    with pytest.raises(InvalidInput) as refused:
        SkillParameter("speed", "m/s", *bounds)
    assert line in str(refused.value)
