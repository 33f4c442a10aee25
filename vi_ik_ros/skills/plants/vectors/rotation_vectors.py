# SPDX-License-Identifier: Apache-2.0
"""Rotation vectors and matrices as numpy, one at a time."""

import math

import numpy as np

from vi_ik_ros.kinematics.pose import matrix_to_pose


def exp_so3(vector: np.ndarray) -> np.ndarray:
    """Turn a rotation vector (3,) [rad] into a matrix (3, 3)."""
    x, y, z = vector.tolist()
    angle = math.sqrt(x * x + y * y + z * z)
    if angle < 1e-8:  # the next terms of both series are beyond a float's digits
        sinc, versine = 1.0, 0.5
    else:
        sinc, versine = math.sin(angle) / angle, 2.0 * (math.sin(0.5 * angle) / angle) ** 2
    c = 1.0 - versine * angle * angle
    xy, xz, yz = versine * x * y, versine * x * z, versine * y * z
    sx, sy, sz = sinc * x, sinc * y, sinc * z
    return np.array(
        [
            [c + versine * x * x, xy - sz, xz + sy],
            [xy + sz, c + versine * y * y, yz - sx],
            [xz - sy, yz + sx, c + versine * z * z],
        ]
    )


def log_so3(R: np.ndarray) -> np.ndarray:
    """Turn a matrix (3, 3) into its rotation vector (3,) of length at most pi [rad]."""
    T = np.eye(4)
    T[:3, :3] = R
    quaternion = matrix_to_pose(T)[3:]
    sine = float(np.linalg.norm(quaternion[:3]))
    if sine < 1e-12:
        return 2.0 * quaternion[:3]
    return (2.0 * math.atan2(sine, quaternion[3]) / sine) * quaternion[:3]


def euler_xyz(R: np.ndarray) -> np.ndarray:
    """Return the angles (3,) [rad] of R = Rx(a) Ry(b) Rz(c), away from b = pi / 2."""
    (xx, xy, xz), (_, _, yz), (_, _, zz) = R.tolist()
    return np.array([math.atan2(-yz, zz), math.asin(min(1.0, max(-1.0, xz))), math.atan2(-xy, xx)])
