# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.skills.learning.peers.latent.cholesky import safe_cholesky


def test_definite_matrices_get_no_jitter() -> None:
    matrix = np.array([[2.0, 0.5], [0.5, 1.0]])
    np.testing.assert_array_equal(safe_cholesky(matrix), np.linalg.cholesky(matrix))


def test_singular_matrix_gets_a_little() -> None:
    matrix = 5.0 * np.ones((40, 40)) - 1e-9 * np.eye(40)
    factor = safe_cholesky(matrix)
    np.testing.assert_allclose(factor @ factor.T, matrix, atol=1e-5)


@pytest.mark.parametrize("entry", [-1.0, np.nan, np.inf])
def test_hopeless_matrices_are_refused(entry) -> None:
    with pytest.raises(np.linalg.LinAlgError):
        safe_cholesky(np.array([[1.0, 0.0], [0.0, entry]]))
