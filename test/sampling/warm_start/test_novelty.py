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


def test_orientations_of_either_sign_are_the_same(novelty: Novelty) -> None:
    orientations = arm_poses(500, np.random.default_rng(4))[:, 3:]
    turned = Novelty.fit(orientations, [("orientation", 4)])
    np.testing.assert_array_equal(turned.distance(orientations), turned.distance(-orientations))
    assert (turned.distance(-orientations) <= turned.threshold).mean() > 0.99


def test_rounding_of_what_never_changed_is_not_flagged() -> None:
    """A stance that was the same in all of the training, kept in single precision."""
    stance = np.array([0.1, 0.085, 1.0 / 3.0, 0.0, 0.0, 0.6, 0.8])
    stored = np.tile(stance, (300, 1)).astype(np.float32)
    known = Novelty.fit(stored, POSE)
    moved = stance + np.array([[0.0] * 7, [0.2, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]])
    assert (known.distance(moved) > known.threshold).tolist() == [False, True]


def stances(count: int, rng: np.random.Generator) -> np.ndarray:
    """Poses of a hand anywhere about, and of a foot on the floor, near its usual place."""
    foot = np.zeros((count, 7))
    foot[:, :2] = rng.uniform((-0.1, 0.1), (0.1, 0.2), (count, 2))
    turn = rng.uniform(-0.1, 0.1, count)
    foot[:, 5], foot[:, 6] = np.sin(turn), np.cos(turn)
    return np.concatenate([arm_poses(count, rng), foot], axis=1)


@pytest.mark.parametrize("change", [(9, 0.1), (7, 0.25), (0, 2.0)])
def test_one_strange_entry_of_several_is_enough(change: tuple[int, float]) -> None:
    rng = np.random.default_rng(5)
    known = Novelty.fit(stances(10_000, rng), [*POSE, *POSE])
    fresh, (column, step) = stances(1_000, rng), change
    assert (known.distance(fresh) > known.threshold).mean() <= 0.01
    fresh[:, column] += step  # [m], a foot in the air, beside the floor's part, a hand far away
    assert (known.distance(fresh) > known.threshold).mean() >= 0.95
