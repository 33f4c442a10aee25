# SPDX-License-Identifier: Apache-2.0
"""Poses x y z qx qy qz qw and homogeneous matrices, as numpy; `rotation` has the torch half."""

import numpy as np


def pose_to_matrix(pose: np.ndarray) -> np.ndarray:
    """Turn poses (..., 7), quaternions of any length but zero, into T (..., 4, 4)."""
    pose = np.asarray(pose, dtype=np.float64)
    T = np.zeros((*pose.shape[:-1], 4, 4))
    T[..., :3, :3] = quaternion_to_matrix(pose[..., 3:])
    T[..., :3, 3] = pose[..., :3]
    T[..., 3, 3] = 1.0
    return T


def matrix_to_pose(T: np.ndarray) -> np.ndarray:
    """Turn T (..., 4, 4) into poses (..., 7) with qw >= 0."""
    T = np.asarray(T, dtype=np.float64)
    R = T[..., :3, :3]
    d = R.diagonal(axis1=-2, axis2=-1)
    K = np.empty(T.shape)  # 4 times the quaternion's outer product: any row will do
    K[..., :3, :3] = R + R.swapaxes(-2, -1)
    K[..., range(3), range(3)] = 1 + 2 * d - d.sum(axis=-1, keepdims=True)
    K[..., 3, 3] = 1 + d.sum(axis=-1)
    for a, b, c in ((0, 2, 1), (1, 0, 2), (2, 1, 0)):
        K[..., 3, a] = K[..., a, 3] = R[..., b, c] - R[..., c, b]
    largest = K.diagonal(axis1=-2, axis2=-1).argmax(axis=-1)
    quaternion = np.take_along_axis(K, largest[..., None, None], axis=-2)[..., 0, :]
    quaternion /= np.linalg.norm(quaternion, axis=-1, keepdims=True)
    quaternion *= np.where(quaternion[..., 3:] < 0, -1.0, 1.0)
    return np.concatenate([T[..., :3, 3], quaternion], axis=-1)


def quaternion_to_matrix(quaternion: np.ndarray) -> np.ndarray:
    """Turn quaternions (..., 4) x y z w of any length but zero into matrices (..., 3, 3)."""
    unit = quaternion / np.linalg.norm(quaternion, axis=-1, keepdims=True)
    x, y, z, w = np.moveaxis(unit, -1, 0)
    rows = [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)]
    rows += [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)]
    rows += [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)]
    return np.stack(rows, axis=-1).reshape(*unit.shape[:-1], 3, 3)
