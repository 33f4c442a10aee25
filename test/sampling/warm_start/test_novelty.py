# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.exceptions import ContextError
from vi_ik_ros.sampling.warm_start.novelty import Novelty

POSE = [("pose", 7)]


def arm_poses(count: int, rng: np.random.Generator) -> np.ndarray:
    """Poses like an arm's: inside a ball of 1 m, turned outward more or less."""
    position = rng.normal(size=(count, 3))
    position *= rng.uniform(0.3, 1.0, (count, 1)) / np.linalg.norm(position, axis=1)[:, None]
    quaternion = rng.normal(size=(count, 4))
    quaternion /= np.linalg.norm(quaternion, axis=1)[:, None]
    return np.concatenate([position, quaternion], axis=1)


@pytest.fixture(scope="module")
def novelty() -> Novelty:
    return Novelty.fit(arm_poses(10_000, np.random.default_rng(0)), POSE)


def test_fresh_contexts_are_not_flagged(novelty: Novelty) -> None:
    fresh = arm_poses(3_000, np.random.default_rng(1))
    assert (novelty.distance(fresh) > novelty.threshold).mean() <= 0.01


def test_contexts_beyond_reach_are_flagged(novelty: Novelty) -> None:
    far = arm_poses(1_000, np.random.default_rng(2))
    far[:, :3] *= 1.2 / np.linalg.norm(far[:, :3], axis=1)[:, None]
    assert (novelty.distance(far) > novelty.threshold).mean() >= 0.95


def test_a_quaternion_and_its_negative_are_one_pose(novelty: Novelty) -> None:
    poses = arm_poses(20, np.random.default_rng(3))
    flipped = poses * np.array([1, 1, 1, -1, -1, -1, -1])
    np.testing.assert_array_equal(novelty.distance(poses), novelty.distance(flipped))


def test_units_of_a_position_do_not_matter() -> None:
    rng = np.random.default_rng(4)
    contexts, fresh = rng.normal(size=(2_000, 3)), rng.normal(size=(50, 3)) * 2
    metres = Novelty.fit(contexts, [("position", 3)])
    millimetres = Novelty.fit(1e3 * contexts, [("position", 3)])
    flags = metres.distance(fresh) > metres.threshold
    assert flags.any() and not flags.all()
    np.testing.assert_array_equal(millimetres.distance(1e3 * fresh) > millimetres.threshold, flags)


def test_threshold_is_the_leave_one_out_quantile() -> None:
    line = np.arange(1000.0)[:, None]
    novelty = Novelty.fit(line, [("other", 1)])
    # The 10 nearest neighbours on a line lie 1..5 away on both sides: mean 3; ends have 5.5.
    spread = np.sqrt(((line - line.mean()) ** 2).mean())
    assert 5.0 / spread < novelty.threshold < 5.51 / spread


def test_bad_contexts_are_named(novelty: Novelty) -> None:
    with pytest.raises(ContextError, match="context"):
        novelty.distance(np.zeros((2, 3)))
    with pytest.raises(ContextError, match="more than 10"):
        Novelty.fit(np.zeros((3, 7)), POSE)
