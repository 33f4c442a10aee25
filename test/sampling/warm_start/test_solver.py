# SPDX-License-Identifier: Apache-2.0
import dataclasses
import time

import numpy as np
import pytest

from vi_ik_ros.kinematics.collisions.collision import SelfCollision
from vi_ik_ros.kinematics.pose import matrix_to_pose, pose_to_matrix
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.warm_start.refine import refine
from vi_ik_ros.sampling.warm_start.solver import (
    SampleAnswer,
    SampleRequest,
    Source,
    TargetStatus,
    WarmStartSolver,
)

from .conftest import BoxModel, FakeStored, entry


@pytest.fixture
def solver(panda: RobotModel, stored: FakeStored) -> WarmStartSolver:
    return WarmStartSolver(panda, stored)


def check_lengths(answer: SampleAnswer) -> None:
    count = int(answer.counts.sum())
    for name in ("positions", "log_prob", "seed_log_prob", "component", "position_error"):
        assert len(getattr(answer, name)) == count
    for name in ("orientation_error", "iterations", "converged", "source"):
        assert len(getattr(answer, name)) == count
    assert len(answer.target_status) == len(answer.target_msg) == len(answer.counts)


def check_poses(panda: RobotModel, answer: SampleAnswer, poses: np.ndarray) -> None:
    """Measure each row again, and its claim to have converged."""
    T = np.repeat(pose_to_matrix(poses), answer.counts, axis=0)
    found = panda.forward(answer.positions)
    position = np.linalg.norm(found[:, :3, 3] - T[:, :3, 3], axis=1)
    np.testing.assert_allclose(answer.position_error, position, atol=1e-12)
    chord = np.linalg.norm(found[:, :3, :3] - T[:, :3, :3], axis=(1, 2))
    orientation = 2 * np.arcsin(chord / np.sqrt(8))
    np.testing.assert_allclose(answer.orientation_error, orientation, atol=1e-7)
    np.testing.assert_array_equal(answer.converged, (position < 1e-4) & (orientation < 1e-3))
    assert panda.within_limits(answer.positions, 0.0).all()


def test_raw_rows_are_the_draws(panda, stored, solver, poses) -> None:
    answer = solver.solve(SampleRequest(targets=poses[:3], num_samples=5, seed=7))
    check_lengths(answer)
    check_poses(panda, answer, poses[:3])
    assert answer.counts.tolist() == [5, 5, 5] and answer.model_digest == "digest"
    rngs = [np.random.default_rng([7, i]) for i in range(3)]
    draws = stored.model.sample(poses[:3], 5, rngs)
    np.testing.assert_array_equal(answer.positions, draws.q.reshape(15, 7))
    np.testing.assert_array_equal(answer.log_prob, draws.log_prob.ravel())
    np.testing.assert_array_equal(answer.seed_log_prob, answer.log_prob)
    np.testing.assert_array_equal(answer.component, draws.component.ravel())
    assert (answer.iterations == 0).all() and (answer.source == Source.MODEL).all()
    assert (answer.target_status == TargetStatus.OK).all() and set(answer.target_msg) == {""}


def test_refined_rows_are_all_kept_at_tolerance_0(panda, stored, solver, poses) -> None:
    request = SampleRequest(
        targets=poses[:4], num_samples=6, seed=1, refine=True, distinct_tolerance=0.0
    )
    answer = solver.solve(request)
    check_lengths(answer)
    check_poses(panda, answer, poses[:4])
    assert answer.counts.tolist() == [6] * 4 and answer.converged.all()
    assert (answer.target_status == TargetStatus.OK).all()
    assert (answer.iterations >= 1).all() and np.median(answer.iterations) <= 4
    again = stored.model.log_prob(answer.positions.reshape(4, 6, 7), poses[:4]).ravel()
    np.testing.assert_array_equal(answer.log_prob, again)
    assert np.isfinite(answer.seed_log_prob).all()


def test_distinct_rows_come_first_and_ten_draws_a_row_are_the_end(solver, stored, poses) -> None:
    request = SampleRequest(targets=poses[:1], num_samples=8, seed=1, refine=True)
    answer = solver.solve(request)
    assert answer.target_status[0] == TargetStatus.PARTIAL
    assert "of 8 converged and distinct rows in 80 draws" in answer.target_msg[0]
    assert sum(stored.model.calls) == 80
    good = answer.positions[answer.converged]
    gaps = np.abs(good[:, None] - good).max(axis=2) + np.eye(len(good))
    assert gaps.min() > 0.2
    assert (np.diff(answer.converged.astype(int)) <= 0).all()


def test_a_batch_equals_single_calls(solver, poses) -> None:
    request = SampleRequest(targets=poses, num_samples=3, seed=5, refine=True)
    batch, first = solver.solve(request), 0
    # Target 0 of a single call draws from stream (seed, 0): only the first target is the same.
    single = solver.solve(dataclasses.replace(request, targets=poses[:1]))
    count = int(batch.counts[0])
    np.testing.assert_array_equal(batch.positions[first : first + count], single.positions)
    half = solver.solve(dataclasses.replace(request, targets=poses[:10]))
    np.testing.assert_array_equal(batch.positions[: len(half.positions)], half.positions)


def test_seeds_repeat_and_zero_is_fresh(solver, poses) -> None:
    def rows(seed: int) -> np.ndarray:
        return solver.solve(SampleRequest(targets=poses[:1], num_samples=3, seed=seed)).positions

    np.testing.assert_array_equal(rows(3), rows(3))
    assert not np.array_equal(rows(3), rows(4)) and not np.array_equal(rows(0), rows(0))


def test_a_target_that_the_model_misses_is_still_answered(panda, make_stored, poses) -> None:
    rolled = make_stored(np.roll(poses, 1, axis=0), entry("pose", 7), width=1e-3)
    solver = WarmStartSolver(panda, rolled)
    answer = solver.solve(SampleRequest(targets=poses, num_samples=2, seed=1, refine=True))
    check_poses(panda, answer, poses)
    starts = np.cumsum(answer.counts.astype(int)) - answer.counts.astype(int)
    assert answer.converged[starts].all()
    others = answer.source != Source.MODEL
    assert others.any()
    assert np.isnan(answer.log_prob[others]).all() and np.isnan(answer.seed_log_prob[others]).all()
    assert np.isfinite(answer.seed_log_prob[~others]).all()


def test_out_of_reach_says_how_far_and_keeps_the_best(solver, poses) -> None:
    far = poses[:1].copy()
    far[0, :3] = (3.0, 0.0, 0.3)
    answer = solver.solve(SampleRequest(targets=far, num_samples=4, seed=1, refine=True))
    assert answer.target_status[0] == TargetStatus.UNREACHABLE
    assert "best residual" in answer.target_msg[0] and "m beyond the reach" in answer.target_msg[0]
    assert answer.counts[0] == 4 and not answer.converged.any()
    assert f"{answer.position_error[0]:.3g} m" in answer.target_msg[0]


def test_an_impossible_orientation_is_unreachable_too(panda, solver, poses) -> None:
    T = panda.forward(np.zeros((1, 7)))  # stretched up: only this orientation's neighbours
    T[:, :3, :3] = T[:, :3, :3] @ np.diag([1.0, -1.0, -1.0])
    T[:, 2, 3] += 0.05
    request = SampleRequest(targets=matrix_to_pose(T), num_samples=3, seed=1, refine=True)
    answer = solver.solve(request)
    assert answer.target_status[0] == TargetStatus.UNREACHABLE
    assert "no row converged" in answer.target_msg[0] and answer.counts[0] == 3


def test_unlike_the_training_contexts(panda, make_stored, poses) -> None:
    rng = np.random.default_rng(0)
    training = matrix_to_pose(panda.forward(rng.uniform(panda.lower, panda.upper, (3000, 7))))
    extras = {"extra.training_contexts": training}
    stored = make_stored(poses, entry("pose", 7))
    solver = WarmStartSolver(panda, dataclasses.replace(stored, extras=extras))
    far = poses[:1] + np.array([1.5, 0, 0, 0, 0, 0, 0])
    both = np.concatenate([poses[:1], far])
    raw = solver.solve(SampleRequest(targets=both, num_samples=2, seed=1))
    assert raw.target_status.tolist() == [TargetStatus.OK, TargetStatus.OUT_OF_DISTRIBUTION]
    assert raw.counts.tolist() == [2, 2] and "trained on" in raw.target_msg[1]
    refined = solver.solve(SampleRequest(targets=both, num_samples=1, seed=1, refine=True))
    assert refined.target_status.tolist() == [TargetStatus.OK, TargetStatus.UNREACHABLE]
    assert "trained on" in refined.target_msg[1]
    for answer in (raw, refined):
        assert answer.out_of_distribution.tolist() == [False, True]
        assert answer.context_distance[0] < answer.context_distance_limit
        assert answer.context_distance[1] > answer.context_distance_limit


def test_a_model_that_keeps_no_training_contexts_flags_nothing(solver, poses) -> None:
    answer = solver.solve(SampleRequest(targets=poses[:2], num_samples=2, seed=1))
    assert not answer.out_of_distribution.any()
    assert np.isnan(answer.context_distance).all() and np.isnan(answer.context_distance_limit)


def test_rows_are_sorted_by_distance_to_the_reference(solver, poses, solutions) -> None:
    reference = solutions[0] + 0.3
    request = SampleRequest(
        targets=poses[:1], num_samples=6, seed=1, refine=True, distinct_tolerance=0.01
    )
    answer = solver.solve(dataclasses.replace(request, reference=reference))
    gaps = np.abs(answer.positions - reference).max(axis=1)[answer.converged]
    assert len(gaps) > 3 and (np.diff(gaps) >= 0).all()


def test_no_row_is_farther_from_the_reference_than_allowed(panda, solver, poses, solutions) -> None:
    for refined in (False, True):
        request = SampleRequest(
            targets=poses[:2],
            num_samples=4,
            seed=1,
            refine=refined,
            reference=solutions[0],
            reference_max_distance=0.08,
        )
        answer = solver.solve(request)
        assert (np.abs(answer.positions - solutions[0]).max(axis=1) <= 0.08 + 1e-9).all()
        assert answer.counts[0] > 0
        assert answer.target_status[1] in (TargetStatus.PARTIAL, TargetStatus.UNREACHABLE)


def test_the_distance_to_a_reference_wraps_for_continuous_joints() -> None:
    robot = RobotModel.load("kinova_j2s6")
    q = np.clip(robot.ready, robot.lower, robot.upper)
    q[robot.continuous] = np.pi - 0.01
    pose = matrix_to_pose(robot.forward(q[None]))
    turned = np.where(robot.continuous, -np.pi + 0.03, q)
    model = BoxModel(pose, turned[None], 1e-3)
    solver = WarmStartSolver(robot, FakeStored(model, {"context": [entry("pose", 7)]}))
    request = SampleRequest(
        targets=pose, num_samples=1, seed=1, refine=True, reference=q, reference_max_distance=0.1
    )
    answer = solver.solve(request)
    assert answer.converged[0] and robot.within_limits(answer.positions).all()
    assert (answer.positions[:, robot.continuous] < np.pi).all()
    gap = (answer.positions[0] - q + np.pi) % (2 * np.pi) - np.pi
    assert np.abs(gap).max() <= 0.1 + 1e-9


@pytest.mark.parametrize("frame", ["panda_link8", "panda_hand"])
def test_tip_frame_and_offset_are_converted_exactly(panda, solver, solutions, frame) -> None:
    offset = np.array([0.02, -0.01, 0.1, 0.0, 0.0, np.sin(0.4), np.cos(0.4)])
    T_root_tool = panda.forward(solutions[:2], frame) @ pose_to_matrix(offset)
    request = SampleRequest(
        targets=matrix_to_pose(T_root_tool),
        num_samples=1,
        seed=1,
        refine=True,
        tip_frame=frame,
        tip_offset=offset,
    )
    answer = solver.solve(request)
    assert answer.converged.all()
    found = panda.forward(answer.positions, frame) @ pose_to_matrix(offset)
    np.testing.assert_allclose(found, T_root_tool, atol=2e-3)
    np.testing.assert_allclose(found[:, :3, 3], T_root_tool[:, :3, 3], atol=1e-4)


def test_an_offset_with_a_zero_quaternion_only_shifts(panda, solver, solutions) -> None:
    offset = np.array([0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 0.0])
    T = panda.forward(solutions[:1])
    T[0, :3, 3] += T[0, :3, :3] @ offset[:3]
    request = SampleRequest(targets=matrix_to_pose(T), num_samples=3, seed=1, tip_offset=offset)
    draws = solver.solve(request)
    assert np.abs(draws.positions - solutions[0]).max() <= 0.1


def test_colliding_rows_are_left_out(panda, make_stored) -> None:
    collides = SelfCollision(panda).in_collision
    tried = np.random.default_rng(0).uniform(panda.lower, panda.upper, (300, 7))
    q = tried[collides(tried)][:1]
    assert len(q) == 1
    pose = matrix_to_pose(panda.forward(q))
    stored = make_stored(pose, entry("pose", 7), width=1e-4)
    stored.model.centers = q
    request = SampleRequest(targets=pose, num_samples=2, seed=1, avoid_self_collision=True)
    solver = WarmStartSolver(panda, stored)
    raw = solver.solve(request)
    assert raw.counts[0] == 0 and raw.target_status[0] == TargetStatus.PARTIAL
    refined = solver.solve(dataclasses.replace(request, refine=True))
    assert not len(refined.positions) or not collides(refined.positions).any()


def test_a_timeout_is_kept(solver, poses) -> None:
    request = SampleRequest(
        targets=np.tile(poses, (50, 1)), num_samples=100, seed=1, refine=True, timeout=0.05
    )
    start = time.process_time()  # of this process alone: others may have the processor meanwhile
    answer = solver.solve(request)
    assert time.process_time() - start < 0.5  # 100,000 rows and more take seconds
    check_lengths(answer)
    assert TargetStatus.TIMEOUT in answer.target_status
    late = np.flatnonzero(answer.target_status == TargetStatus.TIMEOUT)[-1]
    assert "timeout after" in answer.target_msg[late]


def test_position_model(panda, make_stored, poses) -> None:
    stored = make_stored(poses[:, :3].copy(), entry("position", 3))
    solver = WarmStartSolver(panda, stored)
    targets = poses[:3].copy()
    targets[:, 3:] = 0.0  # no orientation at all
    request = SampleRequest(targets=targets, num_samples=4, seed=1, refine=True)
    answer = solver.solve(request)
    assert np.isnan(answer.orientation_error).all()
    T = np.repeat(targets[:, :3], answer.counts, axis=0)
    gap = np.linalg.norm(panda.forward(answer.positions)[:, :3, 3] - T, axis=1)
    np.testing.assert_allclose(answer.position_error, gap, atol=1e-12)
    np.testing.assert_array_equal(answer.converged, gap < 1e-4)
    by_context = dataclasses.replace(request, targets=np.empty((0, 7)), context=targets[:, :3])
    np.testing.assert_array_equal(solver.solve(by_context).positions, answer.positions)


def test_a_context_row_is_the_same_as_a_target(solver, poses) -> None:
    request = SampleRequest(targets=poses[:2], num_samples=3, seed=1, refine=True)
    flat = dataclasses.replace(request, targets=np.empty((0, 7)), context=poses[:2].ravel())
    np.testing.assert_allclose(
        solver.solve(flat).positions, solver.solve(request).positions, atol=1e-6
    )


def test_a_model_without_a_tip_gives_raw_rows(panda, make_stored) -> None:
    contexts = np.arange(40.0).reshape(20, 2)
    solver = WarmStartSolver(panda, make_stored(contexts, entry("distance", 2)))
    answer = solver.solve(SampleRequest(context=contexts[:2], num_samples=3, seed=1))
    assert answer.counts.tolist() == [3, 3] and not answer.converged.any()
    assert np.isnan(answer.position_error).all() and np.isnan(answer.orientation_error).all()


def test_a_model_without_context_is_one_target(panda, make_stored) -> None:
    solver = WarmStartSolver(panda, make_stored(np.empty((1, 0))))
    assert solver.solve(SampleRequest(num_samples=3, seed=1)).counts.tolist() == [3]


def test_large_requests_grow_by_calls_of_bounded_size(solver, stored, poses) -> None:
    answer = solver.solve(SampleRequest(targets=poses[:1], num_samples=70_000, seed=1))
    assert answer.counts[0] == 70_000 and max(stored.model.calls) <= 32_768


def test_the_fallback_needs_no_model_row(panda, poses) -> None:
    """What the solver falls back on reaches every one of these poses by itself."""
    rng = np.random.default_rng(0)
    for T in pose_to_matrix(poses):
        starts = rng.uniform(panda.lower, panda.upper, (360, 7))
        assert refine(panda.serial_chain(), T, starts, stop_after=1).converged.sum() == 1
