# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.skills.learning.peers.monolithic.search import Search

SEARCH = Search(3)
NONE = np.empty((0, 3))


@pytest.mark.parametrize("peak", [[0.3, 0.7, 0.5], [0.0, 1.0, 0.2]])
def test_smooth_peaks_are_found(peak) -> None:
    x, value = SEARCH.maximise(
        lambda x: -((x - peak) ** 2).sum(axis=1), np.random.default_rng(0), NONE
    )
    np.testing.assert_allclose(x, peak, atol=0.02)
    assert value == -((x - peak) ** 2).sum()


def test_thin_shell_around_a_known_point_is_found() -> None:
    known = np.array([[0.4, 0.4, 0.4]])

    def shell(x):
        distance = np.linalg.norm(x - known, axis=1)
        return np.where(np.abs(distance - 0.05) < 0.003, x[:, 0], -np.inf)

    x, value = SEARCH.maximise(shell, np.random.default_rng(0), known)
    assert value == pytest.approx(0.45, abs=0.01)
    assert np.linalg.norm(x - known) == pytest.approx(0.05, abs=0.003)


def test_known_point_that_nothing_beats_is_kept() -> None:
    known = np.array([[0.123, 0.456, 0.789]])
    x, _ = SEARCH.maximise(
        lambda x: (x == known).all(axis=1).astype(float), np.random.default_rng(0), known
    )
    np.testing.assert_array_equal(x, known[0])


def test_what_is_no_number_is_avoided() -> None:
    x, value = SEARCH.maximise(
        lambda x: np.where(x[:, 0] > 0.5, np.nan, 1.0), np.random.default_rng(0), NONE
    )
    assert x[0] <= 0.5
    assert value == 1.0


def test_equal_generators_find_equal_points() -> None:
    found = [
        SEARCH.maximise(lambda x: np.sin(9.0 * x).sum(axis=1), np.random.default_rng(7), NONE)[0]
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*found)
