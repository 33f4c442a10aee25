# SPDX-License-Identifier: Apache-2.0
"""Training pairs of a humanoid that stands, where random configurations never do."""

from dataclasses import replace
from itertools import product as product_of
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial import ConvexHull, HalfspaceIntersection
from scipy.spatial.transform import Rotation

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.kinematics.collisions.collision import SelfCollision
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import Objectives, load_objectives
from vi_ik_ros.sampling.experts.yaml_document import read_yaml
from vi_ik_ros.sampling.training.pairs import TrainingPairs
from vi_ik_ros.sampling.training.postures import posture_pool
from vi_ik_ros.sampling.training.postures.fixed_tasks import FixedTasks
from vi_ik_ros.sampling.training.postures.posture_pool import PosturePool
from vi_ik_ros.sampling.training.postures.solved_postures import solve_postures

FILE = share_dir() / "config" / "objectives" / "talos_reach.yaml"
FEET = ("left_foot", "right_foot")
# Corners of the flat bottom of talos_reduced's foot mesh in the sole's frame [m].
SOLE = np.array([[0.100, 0.062], [0.100, -0.062], [-0.111, -0.062], [-0.111, 0.062]])


@pytest.fixture(scope="module")
def objectives() -> Objectives:
    return load_objectives(FILE)


@pytest.fixture(scope="module")
def postures(objectives: Objectives) -> np.ndarray:
    tasks = FixedTasks.of(objectives.product)
    assert tasks is not None
    return solve_postures(objectives.product, tasks, 60, seed=3)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep what is solved small, and out of the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(posture_pool, "NUM_POSTURES", 50)


def test_postures_stand_about_as_sharply_as_asked(
    objectives: Objectives, postures: np.ndarray
) -> None:
    product, robot = objectives.product, objectives.robot
    state = product.state(torch.from_numpy(postures))
    expert = product.expert("right_foot")
    deviations = expert.density.deviations(expert.transform(state))
    assert 0.7 < deviations.std() < 1.3 and deviations.abs().max() < 5.0
    balance = product.expert("balance")
    inside = balance.density.upper - balance.transform(state) @ balance.density.directions.mT
    assert (inside >= -1e-9).all()
    assert robot.within_limits(postures).all()
    assert not SelfCollision(robot).in_collision(postures).any()
    assert postures[:, 6:].std(0).min() > 0.1  # no two alike


def test_a_foot_stands_anywhere_in_the_bounds_of_the_context(
    objectives: Objectives, postures: np.ndarray
) -> None:
    box = objectives.context_entries[1].distribution
    feet = objectives.robot.forward(postures, "left_sole_link")
    turns = Rotation.from_matrix(feet[:, :3, :3]).as_rotvec()
    rows = np.concatenate([feet[:, :3, 3], turns], axis=1)
    lower, upper = np.array(box.lower), np.array(box.upper)
    assert (rows > lower - 1e-3).all() and (rows < upper + 1e-3).all()
    free = upper > lower
    part = ((rows - lower) / np.where(free, upper - lower, 1.0))[:, free]
    assert (part.min(0) < 0.1).all() and (part.max(0) > 0.9).all()
    assert (np.abs(part.mean(0) - 0.5) < 0.15).all()


def test_the_support_polygon_is_inside_what_the_soles_span(objectives: Objectives) -> None:
    """For every stance of the context, 18 mm inside the bottoms of both soles."""
    box = objectives.context_entries[1].distribution
    rows = np.random.default_rng(0).uniform(box.lower, box.upper, (300, 6))
    rows = np.concatenate([rows, list(product_of(*zip(box.lower, box.upper, strict=True)))])
    right = objectives.product.expert("right_foot").density.mean[:2, 3].numpy()
    density = objectives.product.expert("balance").density
    sides = density.directions.numpy(), density.upper.numpy()
    polygon = HalfspaceIntersection(np.c_[sides[0], -sides[1]], np.zeros(2)).intersections
    for row in rows:
        left = SOLE @ Rotation.from_rotvec(row[3:]).as_matrix()[:2, :2].T + row[:2]
        hull = ConvexHull(np.concatenate([left, SOLE + right]) - 0.5 * (row[:2] + right))
        assert (polygon @ hull.equations[:, :2].T + hull.equations[:, 2]).max() <= -0.018


def test_postures_do_not_pile_up_at_the_limits(
    objectives: Objectives, postures: np.ndarray
) -> None:
    robot = objectives.robot
    assert (np.minimum(postures - robot.lower, robot.upper - postures) > 1e-4).all()


def test_equal_seeds_give_equal_postures(objectives: Objectives, postures: np.ndarray) -> None:
    tasks = FixedTasks.of(objectives.product)
    assert tasks is not None
    np.testing.assert_array_equal(solve_postures(objectives.product, tasks, 10, 3), postures[:10])


def test_pairs_belong_together(objectives: Objectives, few: None) -> None:
    product = objectives.product
    pairs = TrainingPairs(product, product.chain.lower, product.chain.upper)
    contexts, x = pairs.draw(200, torch.Generator().manual_seed(1))
    terms = product.expert_log_densities(x, contexts)
    assert contexts.shape == (200, 14) and x.shape == (200, 34)
    for name in ("left_hand", "left_foot"):
        assert -4.5 < terms[name].mean() < -1.5  # -3 for six numbers of the right std


def test_postures_are_drawn_as_often_as_the_other_experts_like_them(
    objectives: Objectives, few: None
) -> None:
    pool = PosturePool.of(objectives.product, objectives.product.chain.lower)
    assert pool is not None
    seen = pool.draw(20_000, torch.Generator().manual_seed(0), held_out=False)
    trained = len(pool.postures) - pool.num_held_out
    counts = (seen[:, None] == pool.postures[:trained]).all(-1).sum(0)
    weights = pool.weights[:trained] / pool.weights[:trained].sum()
    np.testing.assert_allclose(counts / 20_000, weights, atol=0.012)
    assert pool.weights.max() == 1.0 and weights.max() > 5 * weights.min()


def test_held_out_postures_are_never_trained_on(objectives: Objectives, few: None) -> None:
    product = objectives.product
    pairs = TrainingPairs(product, product.chain.lower, product.chain.upper)
    generator = torch.Generator().manual_seed(1)
    _, seen = pairs.draw(500, generator)
    _, held_out = pairs.draw(50, generator, held_out=True)
    assert not (seen[:, None] == held_out).all(-1).any()


def test_postures_are_kept(objectives: Objectives, few: None, tmp_path: Path) -> None:
    like = objectives.product.chain.lower
    first = PosturePool.of(objectives.product, like)
    kept = list(tmp_path.rglob("*.npy"))
    again = PosturePool.of(objectives.product, like)
    assert first is not None and again is not None and len(kept) == 1
    assert torch.equal(first.postures, again.postures)
    other = PosturePool.of(objectives.product, like, seed=1)
    assert other is not None and not torch.equal(first.postures, other.postures)


def test_objectives_that_no_posture_meets_are_refused(objectives: Objectives) -> None:
    tasks = FixedTasks.of(objectives.product)
    assert tasks is not None
    apart = replace(tasks, targets=tasks.targets + np.eye(4, k=3) * [[[0]], [[9.0]]])
    with pytest.raises(ObjectiveError, match="left_foot"):
        solve_postures(objectives.product, apart, 10, 0)


def test_nothing_fixed_is_nothing_to_solve() -> None:
    panda = load_objectives(FILE.with_name("panda_pose.yaml"))
    assert FixedTasks.of(panda.product) is None


def test_targets_of_every_kind_are_read() -> None:
    document = read_yaml(FILE.with_name("talos_stance.yaml"))
    tasks = FixedTasks.of(load_objectives(document).product)
    assert tasks is not None
    assert tasks.names == {*FEET, "left_gripper", "balance"}
    np.testing.assert_allclose(tasks.targets[:2, :3, :3], [np.eye(3)] * 2, atol=1e-12)
    assert [task.position_only for task in tasks.body.tasks] == [False, False, True]
