# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from vi_ik_ros.skills.plants.vectors.rotation_vectors import euler_xyz, exp_so3, log_so3


@pytest.mark.parametrize("scale", [0.0, 1e-12, 1e-7, 1e-3, 1.0, 1.7])
def test_exp_and_log_are_those_of_scipy(scale):
    for vector in np.random.default_rng(0).normal(size=(20, 3)) * scale:
        if np.linalg.norm(vector) > 3.0:
            continue
        R = exp_so3(vector)
        np.testing.assert_allclose(R, Rotation.from_rotvec(vector).as_matrix(), atol=1e-14)
        np.testing.assert_allclose(log_so3(R), vector, atol=1e-9)


def test_euler_angles_make_the_same_rotation():
    for R in Rotation.random(20, rng=np.random.default_rng(1)).as_matrix():
        again = Rotation.from_euler("XYZ", euler_xyz(R)).as_matrix()
        np.testing.assert_allclose(again, R, atol=1e-12)
