# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.skills.learning.graph_optimizer.search import largest

NOWHERE = np.zeros((0, 3))


@pytest.mark.parametrize("seed", range(5))
def test_peak_is_found(seed: int) -> None:
    peak = np.random.default_rng(seed).random(3)
    rng = np.random.default_rng(seed)
    found = largest(lambda x: -((x - peak) ** 2).sum(1), 3, rng, start=NOWHERE, num=256)
    np.testing.assert_allclose(found, peak, atol=0.01)


def test_corner_is_reached_and_not_left() -> None:
    found = largest(lambda x: x.sum(1), 3, np.random.default_rng(0), start=NOWHERE, num=64)
    np.testing.assert_allclose(found, 1.0, atol=1e-3)
    assert (found <= 1.0).all()


def test_start_is_kept_where_nothing_is_better() -> None:
    start = np.array([[0.123, 0.456, 0.789]])
    found = largest(
        lambda x: (x == start).all(1).astype(float), 3, np.random.default_rng(0), start=start, num=8
    )
    np.testing.assert_array_equal(found, start[0])
