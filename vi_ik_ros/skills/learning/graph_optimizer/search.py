# SPDX-License-Identifier: Apache-2.0
"""Where a function of the parameters is largest."""

from collections.abc import Callable

import numpy as np

from vi_ik_ros.skills.learning.initial_design import sobol_points

Score = Callable[[np.ndarray], np.ndarray]  # points (m, n_xi) to (m,)

_RADII = (0.2, 0.1, 0.05, 0.02, 0.007, 0.002)  # of the refinement, in the unit cube
_CENTRES, _DRAWS = 4, 24


def largest(
    score: Score, num_parameters: int, rng: np.random.Generator, *, start: np.ndarray, num: int
) -> np.ndarray:
    """Return the point (n_xi,) with the largest score found in the unit cube.

    A dense quasi-random set, then ever smaller normal steps, of all parameters or of one, from
    the best points: batches of cheap evaluations, no gradients, no trust in smoothness.

    Args:
        score: to be maximised.
        num_parameters: n_xi.
        rng: source of the points.
        start: (s, n_xi) further points that are tried.
        num: quasi-random points.
    """
    sobol = sobol_points(num_parameters, int(rng.integers(2**31)), num)
    points = np.concatenate([start.reshape(-1, num_parameters), sobol])
    scores = score(points)
    for radius in _RADII:
        best = np.argsort(-scores, kind="stable")[:_CENTRES]
        points, scores = points[best], scores[best]
        steps = rng.normal(scale=radius, size=(_DRAWS, num_parameters))
        single = np.arange(num_parameters) == rng.integers(num_parameters, size=(_DRAWS, 1))
        steps[: _DRAWS // 2] *= single[: _DRAWS // 2]
        near = np.clip(points[:, None] + steps, 0.0, 1.0).reshape(-1, num_parameters)
        points, scores = np.concatenate([points, near]), np.concatenate([scores, score(near)])
    return points[np.argmax(scores)]
