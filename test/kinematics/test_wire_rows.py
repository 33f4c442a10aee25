# SPDX-License-Identifier: Apache-2.0
import math
from dataclasses import replace

import numpy as np
import pinocchio as pin
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.robot_description import FloatingBase, load_description
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.kinematics.wire_rows import (
    from_wire,
    names_in_use,
    read_named,
    to_wire,
    wire_limits,
    wire_names,
)


@pytest.fixture(scope="module")
def talos() -> RobotModel:
    """Talos, whose nominal orientation is none of the special ones."""
    base = FloatingBase((0.2, -0.1, 1.0, 0.1, -0.3, 0.5, math.sqrt(0.65)))
    return RobotModel.load(replace(load_description("talos"), floating_base=base))


@pytest.fixture(scope="module")
def arm() -> RobotModel:
    """An arm with continuous joints."""
    return RobotModel.load("kinova_j2s6")


def drawn(robot: RobotModel, count: int = 30) -> np.ndarray:
    return np.random.default_rng(4).uniform(robot.lower, robot.upper, (count, robot.nq))


def test_there_and_back_gives_the_same_configuration(talos):
    q = drawn(talos)
    rows = to_wire(talos, q)
    assert rows.shape == (30, talos.nq + 1)
    np.testing.assert_allclose(from_wire(talos, rows, "rows"), q, atol=1e-12)
    np.testing.assert_allclose(from_wire(talos, rows[3], "rows"), q[3], atol=1e-12)
    flipped = rows * np.where(np.isin(np.arange(rows.shape[1]), range(3, 7)), -1.0, 1.0)
    np.testing.assert_allclose(from_wire(talos, flipped, "rows"), q, atol=1e-12)


def test_a_row_is_the_configuration_of_pinocchio_by_the_names_of_its_columns(talos):
    q, model = drawn(talos, 8), talos.pinocchio_model
    data, foot = model.createData(), model.getFrameId("left_sole_link")
    names = list(wire_names(talos.joint_names))
    columns = [*range(7), *(names.index(name) for name in list(model.names)[2:])]
    for configuration, row in zip(q, to_wire(talos, q), strict=True):
        pin.framesForwardKinematics(model, data, row[columns])
        T = talos.forward(configuration, "left_sole_link")
        np.testing.assert_allclose(data.oMf[foot].homogeneous, T, atol=1e-9)


def test_a_fixed_base_has_the_same_row_inside_and_outside(arm):
    q = drawn(arm)
    assert wire_names(arm.joint_names) == tuple(arm.joint_names)
    np.testing.assert_array_equal(to_wire(arm, q), q)
    np.testing.assert_array_equal(from_wire(arm, q, "rows"), q)
    np.testing.assert_array_equal(wire_limits(arm.joint_names, arm.lower, -1.0), arm.lower)


def test_a_chart_row_is_taken_as_it_is(talos):
    q = drawn(talos)
    np.testing.assert_array_equal(from_wire(talos, q, "rows"), q)


def test_limits_have_the_columns_of_a_row(talos):
    rows = to_wire(talos, drawn(talos))
    for limits, end in ((talos.lower, -1.0), (talos.upper, 1.0)):
        assert (end * rows <= end * wire_limits(talos.joint_names, limits, end) + 1e-12).all()


@pytest.mark.parametrize(
    ("width", "quaternion", "parts"),
    [
        (33, (), ("rows: got shape (2, 33)", "35 columns", "base_x, base_y", "base_qw")),
        (35, (0.0, 0.0, 0.0, 1.1), ("rows: row 2", "1.1", "unit quaternion")),
        (35, (np.nan, 0.0, 0.0, 1.0), ("rows: row 2", "nan", "unit quaternion")),
    ],
)
def test_what_is_no_row_is_refused(talos, width, quaternion, parts):
    rows = np.zeros((2, width))
    rows[:, 6] = 1.0
    rows[1, 3 : 3 + len(quaternion)] = quaternion
    with pytest.raises(InvalidInput) as error:
        from_wire(talos, rows, "rows")
    assert all(part in str(error.value) for part in parts), str(error.value)


def test_a_row_of_a_fixed_base_that_is_too_wide_is_refused(arm):
    with pytest.raises(InvalidInput, match=rf"{arm.nq} columns: j2s6s"):
        from_wire(arm, np.zeros((1, arm.nq + 1)), "rows")


def test_the_names_say_which_form_stands_in_a_file(talos, arm):
    inside, outside = tuple(talos.joint_names), wire_names(talos.joint_names)
    assert names_in_use(talos, inside[::-1]) == inside
    assert names_in_use(talos, outside[::-1]) == outside
    assert names_in_use(talos, ["else"]) == outside
    assert names_in_use(arm, ["else"]) == tuple(arm.joint_names)
    q = drawn(talos)
    rows = {inside: q, outside: to_wire(talos, q)}
    for names in (inside, outside):
        read = read_named(talos, lambda asked, n=names: rows[n][: 30 * (asked == n)], "rows")
        np.testing.assert_allclose(read, q, atol=1e-12)
    assert not len(read_named(talos, lambda asked: np.empty((0, len(asked))), "rows"))
