# SPDX-License-Identifier: Apache-2.0
"""The axes that a skill pushes and moves along."""

import numpy as np

from vi_ik_ros.exceptions import InvalidInput


def require_rotation(field: str, R: np.ndarray) -> np.ndarray:
    """Return a rotation matrix (3, 3) as floats, or refuse what is none."""
    R = np.asarray(R, dtype=float)
    is_one = R.shape == (3, 3) and np.isfinite(R).all() and np.linalg.det(R) > 0.0
    if not (is_one and np.abs(R @ R.T - np.eye(3)).max() < 1e-6):
        raise InvalidInput(field, R.tolist(), "a right-handed rotation matrix (3, 3)")
    return R
