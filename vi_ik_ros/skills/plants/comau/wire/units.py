# SPDX-License-Identifier: Apache-2.0
"""Millimetres, degrees and the rotation order of the controller; SI everywhere else.

A pose of the controller is six numbers: x, y, z [mm] and e4, e5, e6 [deg] with
R = Rx(e6) Ry(e5) Rz(e4). The fourth number turns about z, the sixth about x.
"""

import numpy as np
from scipy.spatial.transform import Rotation

MILLIMETRE = 1e-3  # [m]


def pose_from_controller(numbers: np.ndarray) -> np.ndarray:
    """Turn six numbers (6,) [mm, deg] into a matrix T (4, 4) [m]."""
    T = np.eye(4)
    T[:3, 3] = MILLIMETRE * np.asarray(numbers[:3])
    T[:3, :3] = Rotation.from_euler("XYZ", numbers[:2:-1], degrees=True).as_matrix()
    return T


def pose_to_controller(T: np.ndarray) -> np.ndarray:
    """Turn a matrix T (4, 4) [m] into six numbers (6,) [mm, deg].

    Where e5 is a quarter turn only the sum of the others counts; e4 is zero then.
    """
    return np.concatenate([T[:3, 3] / MILLIMETRE, np.rad2deg(_zyx_angles(T[:3, :3]))])


def angles_from_controller(degrees: np.ndarray) -> np.ndarray:
    """Turn joint angles [deg] into [rad]."""
    return np.deg2rad(np.asarray(degrees, dtype=np.float64))


def angles_to_controller(radians: np.ndarray) -> np.ndarray:
    """Turn joint angles [rad] into [deg]."""
    return np.rad2deg(np.asarray(radians, dtype=np.float64))


def deviation_to_controller(delta: np.ndarray, order: str, rotation_unit: float) -> np.ndarray:
    """Turn a small displacement (4, 4) [m] into the six numbers of a tracking message.

    Args:
        delta: what is moved by, in the axes that the controller takes deviations along.
        order: which axes the last three numbers turn about: `xyz` (parts of the rotation vector),
            `zyx` (as in a pose), `none` (zeros).
        rotation_unit: of the last three [rad].
    """
    R = delta[:3, :3]
    if order == "none":
        angles = np.zeros(3)
    elif order == "xyz":
        angles = Rotation.from_matrix(R).as_rotvec()
    else:
        angles = _zyx_angles(R)
    return np.concatenate([delta[:3, 3] / MILLIMETRE, angles / rotation_unit])


def deviation_from_controller(numbers: np.ndarray, order: str, rotation_unit: float) -> np.ndarray:
    """Turn the six numbers of a tracking message into a displacement (4, 4) [m]."""
    angles = np.asarray(numbers[3:], dtype=np.float64) * rotation_unit
    turn = np.zeros(3) if order == "none" else angles
    delta = np.eye(4)
    delta[:3, 3] = MILLIMETRE * np.asarray(numbers[:3])
    rotation = Rotation.from_euler("XYZ", turn[::-1]) if order == "zyx" else None
    delta[:3, :3] = (rotation or Rotation.from_rotvec(turn)).as_matrix()
    return delta


def _zyx_angles(R: np.ndarray) -> np.ndarray:
    """Find e4, e5, e6 [rad] of R = Rx(e6) Ry(e5) Rz(e4)."""
    middle = np.arctan2(R[0, 2], np.hypot(R[0, 0], R[0, 1]))
    if np.hypot(R[0, 0], R[0, 1]) < 1e-9:  # x and z fall together
        return np.array([0.0, middle, np.arctan2(R[2, 1], R[1, 1])])
    return np.array([np.arctan2(-R[0, 1], R[0, 0]), middle, np.arctan2(-R[1, 2], R[2, 2])])
