# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.recordings.configuration_file import (
    checked_configurations,
    read_configurations,
)
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.kinematics.wire_rows import to_wire, wire_names

Q = np.array([[0.5, 1.0], [0.7, -1.2], [1.5, 0.25]])
NAMES = ["joint_1", "joint_2"]


@pytest.fixture(scope="module")
def robot():
    return RobotModel.load("planar2")


def write_csv(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_both_formats_give_the_joint_order_of_the_robot(tmp_path, robot):
    np.savez(tmp_path / "a.npz", q=Q[:, ::-1], joint_names=NAMES[::-1], log_prob=np.zeros(3))
    lines = ["# recorded by hand", "joint_2, joint_1", "", *(f"{b},{a}" for a, b in Q)]
    write_csv(tmp_path / "a.CSV", *lines)
    for name in ("a.npz", "a.CSV"):
        np.testing.assert_array_equal(read_configurations(tmp_path / name, robot), Q)


def test_what_sample_writes_is_read(tmp_path, robot):
    with (tmp_path / "s.npz").open("wb") as file:
        np.savez(file, q=Q, joint_names=np.array(robot.joint_names), converged=np.ones(3, bool))
    np.testing.assert_array_equal(read_configurations(tmp_path / "s.npz", robot), Q)


def test_a_floating_base_is_read_in_both_of_its_forms(tmp_path):
    talos = RobotModel.load("talos")
    q = np.random.default_rng(0).uniform(talos.lower, talos.upper, (4, talos.nq))
    forms = {"inside": (talos.joint_names, q)}
    forms["outside"] = (wire_names(talos.joint_names), to_wire(talos, q))
    for name, (columns, rows) in forms.items():
        np.savez(tmp_path / f"{name}.npz", q=rows[:, ::-1], joint_names=np.array(columns[::-1]))
        lines = [",".join(columns), *(",".join(map(repr, row)) for row in rows.tolist())]
        write_csv(tmp_path / f"{name}.csv", *lines)
        for suffix in (".npz", ".csv"):
            read = read_configurations(tmp_path / f"{name}{suffix}", talos)
            np.testing.assert_allclose(read, q, atol=1e-12)
    columns, rows = forms["outside"]
    np.savez(tmp_path / "less.npz", q=rows[:, :6], joint_names=np.array(columns[:6]))
    with pytest.raises(InvalidInput, match="a column for base_qw"):
        read_configurations(tmp_path / "less.npz", talos)
    np.savez(tmp_path / "long.npz", q=2.0 * rows, joint_names=np.array(columns))
    with pytest.raises(InvalidInput, match=r"long.npz: row 1: .* a unit quaternion"):
        read_configurations(tmp_path / "long.npz", talos)


@pytest.mark.parametrize(
    ("lines", "parts"),
    [
        (["joint_1,joint_2,joint_9", "1,1,1", "1,1,1"], ("joint_9", "joint_1, joint_2")),
        (["joint_1", "1", "1"], ("joint_1", "a column for joint_2")),
        (["joint_1,joint_2,joint_1", "1,1,1", "1,1,1"], ("joint_1 twice", "once")),
        (["joint_1,joint_2", "1,1"], ("shape (1, 2)", "2 rows or more")),
        ([""], ("joints", "joint_1")),
        (["joint_1,joint_2", "1,1", "1"], (":3", "1 cells", "2")),
        (["joint_1,joint_2", "1,1", "1,x"], (":3", "1,x", "numbers")),
        (["joint_1,joint_2", "1,1", "1,nan"], ("row 2, joint_2", "nan", "finite")),
        (["joint_1,joint_2", "1,1", "45,1"], ("row 2, joint_1", "45", "0.02 to 3.12")),
    ],
)
def test_a_bad_table_is_refused_with_the_place(tmp_path, robot, lines, parts):
    path = write_csv(tmp_path / "d.csv", *lines)
    with pytest.raises(InvalidInput) as caught:
        read_configurations(path, robot)
    line = str(caught.value)
    assert str(path) in line and all(part in line for part in parts), line


@pytest.mark.parametrize(
    ("arrays", "parts"),
    [
        ({"q": Q}, ("joint_names", "nothing")),
        ({"joint_names": NAMES}, (": q", "nothing")),
        ({"q": Q[:, :1], "joint_names": NAMES}, ("(3, 1)", "(N, 2)")),
        ({"q": Q.astype(str), "joint_names": NAMES}, ("<U", "numbers")),
        ({"q": np.array([[None, 1], [2, 3]]), "joint_names": NAMES}, ("pickle",)),
    ],
)
def test_a_bad_archive_is_refused(tmp_path, robot, arrays, parts):
    np.savez(tmp_path / "d.npz", **arrays)
    with pytest.raises(InvalidInput) as caught:
        read_configurations(tmp_path / "d.npz", robot)
    assert all(part in str(caught.value) for part in parts), str(caught.value)


@pytest.mark.parametrize("name", ["d.bag", "d.txt", "d"])
def test_other_formats_are_refused_by_name(tmp_path, robot, name):
    with pytest.raises(InvalidInput, match=r"\.npz .*\.csv .* or \.mcap"):
        read_configurations(tmp_path / name, robot)


def test_a_missing_and_a_torn_file_are_refused(tmp_path, robot):
    with pytest.raises(InvalidInput, match="exists"):
        read_configurations(tmp_path / "none.npz", robot)
    for content in (b"", b"PK\x03\x04 torn", b"no archive"):
        (tmp_path / "torn.npz").write_bytes(content)
        with pytest.raises(InvalidInput, match="torn.npz"):
            read_configurations(tmp_path / "torn.npz", robot)
    (tmp_path / "torn.csv").write_bytes(b"joint_1,joint_2\n\xff\xfe,1\n")
    with pytest.raises(InvalidInput, match="UTF-8"):
        read_configurations(tmp_path / "torn.csv", robot)


def test_limits_have_a_tolerance_and_continuous_joints_none(robot):
    slightly = Q.copy()
    slightly[0, 0] = robot.lower[0] - 0.01 * (robot.upper - robot.lower)[0]
    np.testing.assert_array_equal(checked_configurations(slightly, robot, "q"), slightly)
    jaco = RobotModel.load("kinova_j2s6")
    turns = jaco.continuous
    assert turns.any()
    q = np.tile(jaco.ready, (2, 1))
    far = q + np.where(turns, 4 * np.pi, 0.0)
    np.testing.assert_allclose(checked_configurations(far, jaco, "q"), q, atol=1e-12)
