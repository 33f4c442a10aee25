# SPDX-License-Identifier: Apache-2.0
"""The first episodes, equal for every method."""

import numpy as np
from scipy.stats import qmc

from vi_ik_ros.exceptions import InvalidInput

NUM_INITIAL = 2  # episodes; with more the models only wait longer for their turn


def initial_points(
    num_parameters: int,
    seed: int,
    n_init: int = NUM_INITIAL,
    *,
    safe_point: np.ndarray | None = None,
) -> np.ndarray:
    """Return the parameters of the first episodes, the same for every method.

    Args:
        num_parameters: n_xi.
        seed: of the scrambling.
        n_init: how many episodes.
        safe_point: (n_xi,) in the unit cube, known to succeed; it takes the first episode.

    Returns:
        (n_init, n_xi) points of a scrambled Sobol sequence in the unit cube.

    Raises:
        InvalidInput: the safe point is no point of the unit cube.
    """
    points = sobol_points(num_parameters, seed, n_init)
    if safe_point is not None and n_init > 0:
        safe = np.asarray(safe_point, dtype=float)
        if safe.shape != (num_parameters,) or not ((safe >= 0.0) & (safe <= 1.0)).all():
            raise InvalidInput("safe_point", safe_point, f"{num_parameters} numbers from 0 to 1")
        points[0] = safe
    return points


def sobol_points(num_parameters: int, seed: int, n: int) -> np.ndarray:
    """Return the first n points (n, n_xi) of the scrambled Sobol sequence of a seed."""
    engine = qmc.Sobol(num_parameters, scramble=True, rng=np.random.default_rng(seed))
    # Whole powers of two keep the balance of the sequence (scipy warns about others).
    return engine.random_base2(max(n - 1, 0).bit_length())[:n]
