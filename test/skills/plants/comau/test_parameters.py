# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.plants.comau.parameters import ComauParameters


def make(**changes: object) -> ComauParameters:
    usual = {"host": "robot", "sensor_type": 7, "deviation_frame": "flange"}
    return ComauParameters(**{**usual, "rotation_order": "none", **changes})


@pytest.mark.parametrize("sensor_type", range(5, 14))
def test_types_from_ten_on_are_absolute(sensor_type):
    assert make(sensor_type=sensor_type).absolute == (sensor_type >= 10)


@pytest.mark.parametrize("missing", ["host", "sensor_type", "deviation_frame", "rotation_order"])
def test_what_public_sources_do_not_settle_has_no_default(missing):
    given = {
        "host": "robot",
        "sensor_type": 7,
        "deviation_frame": "flange",
        "rotation_order": "xyz",
    }
    del given[missing]
    with pytest.raises(TypeError, match=missing):
        ComauParameters(**given)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sensor_type", 4),
        ("sensor_type", 14),
        ("deviation_frame", "tool"),
        ("rotation_order", "rpy"),
        ("num_joints", 11),
        ("start", (0.0, 0.0)),
        ("start_speed", 0.0),
        ("tcp", (0.0,) * 7),
        ("tcp", (0.0,) * 6),
        ("ticks_per_message", 0),
        ("translation_limit", 0),
        ("control_period", 0.0),
        ("pose_timeout", float("nan")),
        ("controller_clock", -1.0),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(field, value):
    with pytest.raises(InvalidInput, match=f"^{field}: got"):
        make(**{field: value})


def test_the_controllers_own_budget_is_that_of_the_contract():
    sensor = make().sensor
    assert (sensor.type, sensor.conversion, sensor.gain, sensor.time) == (7, 1, 100, 0)
    assert sensor.translation_limit == 60


def test_the_tool_centre_point_is_a_pose_in_the_flange():
    turned = make(tcp=(0.0, 0.0, 0.1, 0.0, 0.0, 1.0, 0.0)).T_flange_tcp
    np.testing.assert_allclose(turned @ [1.0, 0.0, 0.0, 1.0], [-1.0, 0.0, 0.1, 1.0], atol=1e-12)
