# SPDX-License-Identifier: Apache-2.0
"""Configurations from files, such as demonstrations, checked against the robot."""

import csv
import zipfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.recordings.joint_state_recording import (
    JointStateRecording,
    read_joint_states,
)
from vi_ik_ros.kinematics.robot_model import RobotModel, wrap
from vi_ik_ros.kinematics.wire_rows import from_wire, names_in_use, wire_names

FEWEST = 2  # rows; a spread needs two
TOLERANCE = 0.02  # of a joint's range, by which calibrations of its limits may differ
RECORDING = ".mcap"
SUFFIXES = (
    ".npz (q, joint_names), .csv (joint names, then one configuration a line)"
    f" or {RECORDING} (JointState)"
)


def read_configurations(
    path: Path,
    robot: RobotModel,
    *,
    topic: str | None = None,
    remark: Callable[[str], None] = lambda line: None,
) -> np.ndarray:
    """Read configurations (N, nq) [rad, m], in the joint order of the robot.

    Args:
        path: `.npz` with `q` (N, n) and `joint_names`, or `.csv` with joint names as header; the
            columns may stand in any order, and a floating base may have any of its two forms, see
            `wire_rows`. Or an `.mcap` recording of JointState, whose further
            joints are ignored.
        robot: whose configurations they are.
        topic: the one to read of an `.mcap`; None: all JointState topics.
        remark: called with each line that a user should know.

    Raises:
        InvalidInput: The file cannot be read, or a joint, a number or a limit is wrong.
    """
    suffix = path.suffix.lower()
    readers = {".npz": _read_npz, ".csv": _read_csv}
    if suffix not in (*readers, RECORDING):
        raise InvalidInput(str(path), path.suffix or "no suffix", SUFFIXES)
    if not path.is_file():
        raise InvalidInput(str(path), "nothing", "a file that exists")
    if suffix == RECORDING:
        recording = _read_recording(path, robot, topic)
        for line in recording.remarks():
            remark(line)
        q = recording.q
    else:
        names, q = readers[suffix](path)
        q = q[:, _columns(path, names, robot)]
    return checked_configurations(from_wire(robot, q, str(path)), robot, str(path))


def checked_configurations(q: np.ndarray, robot: RobotModel, source: str) -> np.ndarray:
    """Return configurations (N, nq), refused unless finite, inside the limits and enough.

    Args:
        q: in the joint order of the robot; angles of continuous joints may have any turns.
        robot: whose configurations they are.
        source: what an error calls them.
    """
    if q.ndim != 2 or len(q) < FEWEST or q.shape[1] != robot.nq:
        expected = f"{FEWEST} rows or more of {robot.nq} columns"
        raise InvalidInput(source, f"shape {q.shape}", expected)
    bad = ~np.isfinite(q)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        value = float(q[row, column])
        raise InvalidInput(_place(source, row, robot, column), value, "a finite number")
    q = np.where(robot.continuous, wrap(q), q)
    slack = TOLERANCE * (robot.upper - robot.lower)
    outside = ((q < robot.lower - slack) | (q > robot.upper + slack)) & ~robot.continuous
    if outside.any():
        row, column = np.argwhere(outside)[0]
        expected = f"{robot.lower[column]:.6g} to {robot.upper[column]:.6g} [rad or m]"
        raise InvalidInput(_place(source, row, robot, column), float(q[row, column]), expected)
    return q


def _read_recording(path: Path, robot: RobotModel, topic: str | None) -> JointStateRecording:
    """Read whichever columns of a floating base were recorded; errors name those of a pose."""
    if robot.floating_base:
        with suppress(InvalidInput):
            return read_joint_states(path, robot.joint_names, topic)
    return read_joint_states(path, wire_names(robot.joint_names), topic)


def _place(source: str, row: int, robot: RobotModel, column: int) -> str:
    """Name one number."""
    return f"{source}: row {row + 1}, {robot.joint_names[column]}"


def _columns(path: Path, names: Sequence[str], robot: RobotModel) -> list[int]:
    """Return where the robot's joints stand among the named columns."""
    wanted = names_in_use(robot, names)
    joints = ", ".join(wanted)
    for name in names:
        if name not in wanted:
            raise InvalidInput(f"{path}: joint", name, f"the joints of {robot.name}: {joints}")
        if list(names).count(name) > 1:
            raise InvalidInput(f"{path}: joint", f"{name} twice", "each joint once")
    for name in wanted:
        if name not in names:
            raise InvalidInput(f"{path}: joints", ", ".join(names), f"a column for {name}, too")
    return [list(names).index(name) for name in wanted]


def _read_npz(path: Path) -> tuple[list[str], np.ndarray]:
    """Read joint names and configurations."""
    expected = "a whole .npz file without pickles"
    if not zipfile.is_zipfile(path):
        raise InvalidInput(str(path), "no archive", expected)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in ("q", "joint_names") if key in file}
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise InvalidInput(str(path), f"{error}", expected) from None
    for key in ("q", "joint_names"):
        if key not in arrays:
            raise InvalidInput(f"{path}: {key}", "nothing", "arrays q (N, nq) and joint_names")
    q, names = arrays["q"], [str(name) for name in np.atleast_1d(arrays["joint_names"])]
    if q.ndim != 2 or q.shape[1] != len(names) or q.dtype.kind not in "fiu":
        got = f"shape {q.shape}, {q.dtype}"
        raise InvalidInput(f"{path}: q", got, f"numbers, (N, {len(names)}) for its joint_names")
    return names, q.astype(np.float64)


def _read_csv(path: Path) -> tuple[list[str], np.ndarray]:
    """Read joint names and configurations; empty lines and those after # are skipped."""
    rows: list[list[float]] = []
    names: list[str] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for number, cells in enumerate(csv.reader(file), start=1):
                cells = [cell.strip() for cell in cells]
                if not any(cells) or cells[0].startswith("#"):
                    continue
                if not names:
                    names = cells
                    continue
                rows.append(_numbers(f"{path}:{number}", cells, len(names)))
    except UnicodeDecodeError:
        raise InvalidInput(str(path), "bytes that are no text", "UTF-8 CSV") from None
    return names, np.array(rows, dtype=np.float64).reshape(len(rows), len(names))


def _numbers(place: str, cells: list[str], count: int) -> list[float]:
    """Read the cells of one line."""
    if len(cells) != count:
        raise InvalidInput(place, f"{len(cells)} cells", f"{count}, as in the header")
    try:
        return [float(cell) for cell in cells]
    except ValueError:
        raise InvalidInput(place, ",".join(cells), "numbers") from None
