# SPDX-License-Identifier: Apache-2.0
"""Points whose surroundings lie in the box."""

import numpy as np

from vi_ik_ros.skills.learning.surroundings import log_share_inside


def test_it_is_the_share_of_the_volume():
    rng = np.random.default_rng(0)
    for point in rng.random((5, 3)):
        near = point + rng.uniform(-0.3, 0.3, (20_000, 3))
        share = ((near >= 0.0) & (near <= 1.0)).all(1).mean()
        np.testing.assert_allclose(np.exp(log_share_inside(point[None], 0.3)), share, atol=0.015)


def test_corners_have_the_least_and_the_middle_has_all():
    points = np.array([[0.0, 1.0], [0.0, 0.5], [0.5, 0.5]])
    np.testing.assert_allclose(np.exp(log_share_inside(points, 0.25)), [0.25, 0.5, 1.0])
    np.testing.assert_array_equal(log_share_inside(points, 0.0), np.zeros(3))
