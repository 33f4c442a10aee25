# SPDX-License-Identifier: Apache-2.0
"""Cholesky factors of matrices that duplicates make singular."""

import numpy as np
from scipy.linalg import cholesky

JITTERS = (0.0, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4)  # relative to the mean of the diagonal


def safe_cholesky(matrix: np.ndarray) -> np.ndarray:
    """Return the lower factor of a matrix (n, n), with the least jitter that makes it definite.

    Raises:
        np.linalg.LinAlgError: the matrix is indefinite even with the largest jitter, or not finite.
    """
    if not np.isfinite(matrix).all():
        raise np.linalg.LinAlgError("the matrix holds numbers that are not finite")
    scale = float(np.mean(np.diag(matrix))) if len(matrix) else 1.0
    for jitter in JITTERS:
        try:
            shifted = matrix + jitter * scale * np.eye(len(matrix)) if jitter else matrix
            return cholesky(shifted, lower=True, check_finite=False)
        except np.linalg.LinAlgError:
            continue
    raise np.linalg.LinAlgError(f"indefinite with a jitter of {JITTERS[-1]:g}")
