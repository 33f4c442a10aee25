# SPDX-License-Identifier: Apache-2.0
"""Propose and refine the starts of every target, or ask a solver; note what came of it and when."""

import time
from dataclasses import replace

import numpy as np

from vi_ik_ros.benchmarks.warm_starts.figures import Outcome
from vi_ik_ros.benchmarks.warm_starts.starts import Starts
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.store.model_store import StoredModel
from vi_ik_ros.sampling.warm_start.distinct import distinct
from vi_ik_ros.sampling.warm_start.refine import refine
from vi_ik_ros.sampling.warm_start.solver import SampleRequest, WarmStartSolver

NUM_STARTS = 20  # of each target
TIMED = 100  # targets that are timed one by one
BUDGET = 0.010  # [s], for the distinct solutions in that time


def random_configurations(robot: RobotModel, seed: int, count: int) -> np.ndarray:
    """Draw the configurations (count, nq) whose poses are the targets of one seed."""
    return np.random.default_rng(seed).uniform(robot.lower, robot.upper, (count, robot.nq))


def measure(
    robot: RobotModel,
    case: Starts,
    poses: np.ndarray,
    T: np.ndarray,
    rng: np.random.Generator,
    *,
    timed: int = TIMED,
) -> Outcome:
    """Refine the starts of every target; time some targets one by one.

    Args:
        robot: the arm.
        case: proposes the starts.
        poses: (N, 7), the targets.
        T: (N, 4, 4), the same.
        rng: of the starts.
        timed: so many targets are timed.
    """
    chain, starts = robot.serial_chain(), case.num_starts
    proposals = case.propose(poses, starts, rng)  # (N, m, nq)
    num_starts = proposals.shape[1]
    goals = np.repeat(T, num_starts, axis=0)
    result = refine(chain, goals, proposals.reshape(len(goals), -1), num_threads=1)
    one, all_, valid, found = [], [], [], []
    for i in range(min(timed, len(poses))):
        pose, other = poses[i : i + 1], poses[i - 1 : i] if i else poses[-1:]
        case.propose(other, 1, rng)  # a model may keep what it worked out for the last pose
        start = time.perf_counter()
        case.propose(pose, 1, rng)
        one.append(time.perf_counter() - start)
        case.propose(other, 1, rng)
        start = time.perf_counter()
        q = case.propose(pose, starts, rng)[0]
        all_.append(time.perf_counter() - start)
        converged = refine(chain, T[i], q, num_threads=1).converged.sum()
        valid.append((time.perf_counter() - start, converged))
        if num_starts > 1:
            case.propose(other, 1, rng)
            found.append(_distinct_in_time(robot, case, pose, T[i], rng))
    shape = (len(poses), num_starts)
    return Outcome(
        case=case.name,
        q=result.q.reshape(*shape, robot.nq),
        converged=result.converged.reshape(shape),
        iterations=result.iterations.reshape(shape),
        query_one=np.array(one),
        query_all=np.array(all_),
        valid=np.array(valid),
        distinct_in_time=np.array(found),
    )


def measure_served(
    robot: RobotModel,
    stored: StoredModel,
    poses: np.ndarray,
    seed: int,
    *,
    case: str = "served",
    timed: int = TIMED,
) -> Outcome:
    """Ask the solver for 20 rows of every target, one call each, and for all it can in BUDGET.

    Args:
        robot: the arm.
        stored: its model.
        poses: (N, 7), the targets.
        seed: of the first request.
        case: name of the outcome.
        timed: so many targets are timed.
    """
    solver = WarmStartSolver(robot, stored, num_threads=1)
    q = np.full((len(poses), NUM_STARTS, robot.nq), np.nan)
    converged = np.zeros(q.shape[:2], dtype=bool)
    iterations = np.zeros(q.shape[:2], dtype=np.int64)
    one, all_, valid, found = [], [], [], []
    for i, pose in enumerate(poses):
        target, ours = pose[None], seed + i
        request = SampleRequest(targets=target, num_samples=NUM_STARTS, seed=ours, refine=True)
        answer = solver.solve(request)
        count = len(answer.positions)
        q[i, :count], converged[i, :count] = answer.positions, answer.converged
        iterations[i, :count] = answer.iterations
        if i >= timed:
            continue
        all_.append(answer.elapsed)
        valid.append((answer.elapsed, answer.converged.sum()))
        forget = SampleRequest(targets=poses[i - 1][None], num_samples=1)
        solver.solve(forget)  # a model may keep what it worked out for the last pose
        one.append(solver.solve(replace(request, num_samples=1)).elapsed)
        solver.solve(forget)
        in_time = replace(request, num_samples=100, timeout=BUDGET)
        found.append(solver.solve(in_time).converged.sum())
    return Outcome(
        case=case,
        q=q,
        converged=converged,
        iterations=iterations,
        query_one=np.array(one),
        query_all=np.array(all_),
        valid=np.array(valid),
        distinct_in_time=np.array(found),
        returned=np.isfinite(q[..., 0]),
    )


def _distinct_in_time(
    robot: RobotModel, case: Starts, pose: np.ndarray, T: np.ndarray, rng: np.random.Generator
) -> int:
    """Count the distinct solutions of one target found in BUDGET, queries included."""
    deadline = time.perf_counter() + BUDGET
    chain, found = robot.serial_chain(), np.empty((0, robot.nq))
    while time.perf_counter() < deadline:
        starts = case.propose(pose, case.num_in_time, rng)[0]
        result = refine(chain, T, starts, num_threads=1, deadline=deadline)
        found = np.concatenate([found, result.q[result.converged]])
        if case.exhausted:
            break
    return len(distinct(found, continuous=robot.continuous))
