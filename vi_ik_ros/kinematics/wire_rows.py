# SPDX-License-Identifier: Apache-2.0
"""Configurations as messages and files hold them: the base of a floating robot as a pose.

Everything inside works in the chart of `RobotModel`: base position and rotation vector about the
nominal orientation. Outside stands what pinocchio and every other program has: base position and
quaternion. A robot on a fixed base has the same row in both.
"""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.chains.joint_tree import BASE_COORDINATES
from vi_ik_ros.kinematics.robot_model import RobotModel

BASE_COLUMNS = ("base_x", "base_y", "base_z", "base_qx", "base_qy", "base_qz", "base_qw")
_BASE, _TURN, _QUATERNION = len(BASE_COORDINATES), slice(3, 6), slice(3, 7)
NORM_TOLERANCE = 1e-3  # of a quaternion that is taken for a unit quaternion


def wire_names(joint_names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the columns outside, of a robot's `joint_names`."""
    names = tuple(joint_names)
    return BASE_COLUMNS + names[_BASE:] if _floats(names) else names


def wire_limits(joint_names: Sequence[str], limits: Sequence[float], end: float) -> np.ndarray:
    """Return one side of the limits of the columns outside.

    Args:
        joint_names: (nq,) of a robot.
        limits: (nq,) its lower or its upper ones [rad or m].
        end: what they are for a quaternion, -1 or 1.
    """
    if not _floats(tuple(joint_names)):
        return np.asarray(limits, np.float64)
    return np.array([*limits[:3], *[end] * 4, *limits[_BASE:]], np.float64)


def to_wire(robot: RobotModel, q: np.ndarray) -> np.ndarray:
    """Convert configurations (..., nq) to rows with the columns of `wire_names`."""
    q = np.asarray(q, dtype=np.float64)
    if not robot.floating_base:
        return q
    turned = _nominal(robot) * Rotation.from_rotvec(q[..., _TURN].reshape(-1, 3))
    quaternion = turned.as_quat(canonical=True).reshape(*q.shape[:-1], 4)
    return np.concatenate([q[..., :3], quaternion, q[..., _BASE:]], axis=-1)


def from_wire(robot: RobotModel, rows: np.ndarray, field: str) -> np.ndarray:
    """Convert rows to configurations (..., nq); rows that are such already stay as they are.

    Args:
        robot: whose they are.
        rows: (..., nq), or of a floating base also (..., nq + 1) with the columns of `wire_names`.
        field: what an error calls them.

    Raises:
        InvalidInput: They have another width, or a quaternion is none.
    """
    rows, nq = np.asarray(rows, dtype=np.float64), robot.nq
    if rows.shape[-1] == nq:
        return rows
    if not robot.floating_base or rows.shape[-1] != nq + 1:
        expected = f"{nq} columns: {', '.join(robot.joint_names)}"
        if robot.floating_base:
            expected = f"{nq + 1} columns: {', '.join(wire_names(robot.joint_names))}"
        raise InvalidInput(field, f"shape {rows.shape}", expected)
    quaternion = rows[..., _QUATERNION].reshape(-1, 4)
    norm = np.linalg.norm(quaternion, axis=1)
    wrong = np.flatnonzero(~(np.abs(norm - 1.0) <= NORM_TOLERANCE))
    if len(wrong):
        expected = "a unit quaternion base_qx base_qy base_qz base_qw"
        raise InvalidInput(f"{field}: row {wrong[0] + 1}", quaternion[wrong[0]].tolist(), expected)
    turn = (_nominal(robot).inv() * Rotation.from_quat(quaternion)).as_rotvec()
    turn = turn.reshape(*rows.shape[:-1], 3)
    return np.concatenate([rows[..., :3], turn, rows[..., len(BASE_COLUMNS) :]], axis=-1)


def names_in_use(robot: RobotModel, names: Sequence[str]) -> tuple[str, ...]:
    """Return which columns stand for a robot's configuration where these names are found."""
    outside = wire_names(robot.joint_names)
    inside = tuple(robot.joint_names)
    return inside if (set(inside) - set(outside)) & set(names) else outside


def read_named(
    robot: RobotModel, read: Callable[[Sequence[str]], np.ndarray], field: str
) -> np.ndarray:
    """Read configurations (N, nq) by the names of their columns, those outside first.

    Args:
        robot: whose they are.
        read: returns the rows (N, n) that have all columns of n names; N may be 0.
        field: what an error calls them.
    """
    rows = read(wire_names(robot.joint_names))
    if not len(rows) and robot.floating_base:
        rows = read(tuple(robot.joint_names))
    return from_wire(robot, rows, field)


def _floats(names: tuple[str, ...]) -> bool:
    return names[:_BASE] == BASE_COORDINATES


def _nominal(robot: RobotModel) -> Rotation:
    return Rotation.from_matrix(robot.tree.T_world_nominal[:3, :3])
