# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from vi_ik_ros.skills.plants.vectors.shortening import (
    part_in_ball,
    part_in_box,
    part_in_cap,
    within_length,
)


@pytest.mark.parametrize("size", [1e-320, 1e-9, 0.5, 2.0, 1e200, 1.7e308])
def test_vectors_keep_their_direction_and_never_exceed_the_length(size):
    for direction in np.random.default_rng(0).uniform(-1.0, 1.0, size=(20, 3)):
        vector = (direction * size).tolist()
        short = np.array(within_length(vector, 1.0))
        assert np.linalg.norm(short) <= 1.0
        if size >= 2.0 and np.linalg.norm(direction) > 0.5:
            np.testing.assert_allclose(short, direction / np.linalg.norm(direction), atol=1e-11)
        if size <= 0.5:
            assert short.tolist() == vector


def test_steps_end_on_the_ball():
    rng = np.random.default_rng(0)
    for _ in range(200):
        start = rng.uniform(-0.55, 0.55, 3)
        step = rng.normal(size=3)
        part = part_in_ball(start, step, 1.0)
        end = np.linalg.norm(start + part * step)
        assert end <= 1.0
        assert part == 1.0 or end == pytest.approx(1.0)


def test_steps_out_of_a_ball_are_nothing_and_steps_back_are_all():
    assert part_in_ball([1.0, 0.0, 0.0], [0.1, 0.0, 0.0], 1.0) == 0.0
    assert part_in_ball([1.1, 0.0, 0.0], [0.1, 0.0, 0.0], 1.0) == 0.0
    assert part_in_ball([1.1, 0.0, 0.0], [-0.05, 0.0, 0.0], 1.0) == 1.0
    assert part_in_ball([0.0, 0.0, 0.0], [0.0, 0.0, 0.0], 1.0) == 1.0


def test_steps_end_on_the_box():
    rng = np.random.default_rng(0)
    lower, upper = np.array([-1.0, -2.0, -np.inf]), np.array([1.0, 0.5, 3.0])
    for _ in range(200):
        start = rng.uniform([-1.0, -2.0, -3.0], upper)
        step = 3.0 * rng.normal(size=3)
        part = part_in_box(start, step, lower, upper)
        end = start + part * step
        assert (end >= lower).all() and (end <= upper).all()
        assert part == 1.0 or min((end - lower).min(), (upper - end).min()) < 1e-9


def test_rotations_end_on_the_cap():
    rng, limit = np.random.default_rng(0), 0.2
    for _ in range(300):
        axis = rng.normal(size=3)
        start = Rotation.from_rotvec(axis / np.linalg.norm(axis) * rng.uniform(0.0, limit))
        turn = 0.3 * rng.normal(size=3)
        quaternion = start.as_quat() * rng.choice([-1.0, 1.0])
        part = part_in_cap(quaternion.tolist(), turn.tolist(), limit)
        angle = (Rotation.from_rotvec(part * turn) * start).magnitude()
        assert angle <= limit + 1e-12
        assert part == 1.0 or angle == pytest.approx(limit)
