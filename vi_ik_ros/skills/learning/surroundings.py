# SPDX-License-Identifier: Apache-2.0
"""A preference for points inside the box, for as long as nothing has succeeded."""

import numpy as np


def log_share_inside(points: np.ndarray, radius: float) -> np.ndarray:
    """Return the log of the share (m,) of a point's surroundings that lies in the unit cube.

    Models that know failures alone like nothing better than the farthest corner, where an episode
    tells least about the rest of the box. With this share as a factor what counts is whether
    surroundings succeed, and outside the box nothing does.

    Args:
        points: (m, n_xi) in the unit cube.
        radius: half the side of the cube that is taken for the surroundings; 0: every share is 1.
    """
    if radius <= 0.0:
        return np.zeros(len(points))
    room = np.minimum(points, 1.0 - points)  # to the nearer bound
    return np.log(np.minimum(0.5 + 0.5 * room / radius, 1.0)).sum(1)
