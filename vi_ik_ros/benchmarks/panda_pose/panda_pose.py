# SPDX-License-Identifier: Apache-2.0
"""Samples, warm starts and answers of the Panda model against other starts, one refiner for all.

Targets are the poses of uniformly random configurations. `raw` are draws of the model as they come,
`SIR` are 20 of 200 draws resampled by the target density, `served` is what the solver answers. The
others start the same refiner from uniformly random configurations, from the ready configuration,
and from the nearest of many stored configurations. Every other conditional family is fitted to the
same objectives within the budget and has rows `<family> raw` and `<family> served`. Every row that
counts as converged is measured again with pinocchio.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from vi_ik_ros.benchmarks.fit_cache import DEFAULT_BUDGET
from vi_ik_ros.benchmarks.panda_pose.figures import Outcome, figures, raw_errors
from vi_ik_ros.benchmarks.panda_pose.starts import (
    KdTreeStarts,
    ModelStarts,
    RandomStarts,
    ReadyStarts,
    ResampledStarts,
    Starts,
)
from vi_ik_ros.benchmarks.report import Report, Row
from vi_ik_ros.benchmarks.stored_fits import stored_fit
from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.pose import matrix_to_pose, pose_to_matrix
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.store.model_store import ModelStore, StoredModel
from vi_ik_ros.sampling.training.settings import FitSettings
from vi_ik_ros.sampling.warm_start.distinct import distinct
from vi_ik_ros.sampling.warm_start.refine import refine
from vi_ik_ros.sampling.warm_start.solver import SampleRequest, WarmStartSolver

NAME = "panda-pose"
SEED = 20240601
NUM_STARTS = 20  # of each target
NUM_RAW = 100  # draws of each target whose errors are measured
TREE_SIZE, QUICK_TREE_SIZE = 1_000_000, 50_000
TIMED = 100  # targets that are timed one by one
BUDGET = 0.010  # [s], for the distinct solutions in that time
FAMILIES = ("kd_tree", "moe", "em", "inn", "cvae")  # beside the stored model's own
QUICK_BUDGET = 10.0  # [s] of each fit


def run(
    *,
    model: str | None = None,
    num_poses: int = 1_000,
    seed: int = SEED,
    seeds: int = 1,
    quick: bool = False,
    budget: float | None = None,
    families: Sequence[str] | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Measure every case.

    Args:
        model: A name in the store or a directory; None: panda_pose; "": the competitors alone.
        num_poses: Targets of each seed.
        seed: Of the first set of targets.
        seeds: Sets of targets.
        quick: A tenth of the targets and a small tree.
        budget: [s] for the fit of each further family; None: 180, or 10 if quick.
        families: Those that are fitted; None: all.
        on_progress: Called with a line about what comes next.
    """
    started = time.monotonic()
    torch.set_num_threads(1)  # a second one stalls on a shared machine
    robot, stored = _load(model)
    num_poses = max(2, num_poses // 10) if quick else num_poses
    used = [seed + i for i in range(seeds)]
    q = np.concatenate([_configurations(robot, s, num_poses) for s in used])
    T = robot.forward(q)
    poses = matrix_to_pose(T)
    rng = np.random.default_rng([seed, 1])
    cases: list[Starts] = []
    if stored is not None:
        cases += [ModelStarts(stored.model), ResampledStarts(robot, stored)]
    on_progress("building the tree ...")
    tree = KdTreeStarts(robot, QUICK_TREE_SIZE if quick else TREE_SIZE, rng)
    cases += [RandomStarts(robot), ReadyStarts(robot), tree]
    rows: list[Row] = []
    for case in cases:
        on_progress(f"{case.name} ...")
        if isinstance(case, ModelStarts):
            rows += raw_errors(case.name, robot, case.propose(poses, NUM_RAW, rng), T, rng)
        rows += figures(robot, _measure(robot, case, poses, T, rng), T, rng)
    if stored is not None:
        on_progress("served ...")
        rows += figures(robot, _measure_served(robot, stored, poses, T, seed), T, rng)
    limit = budget or (QUICK_BUDGET if quick else DEFAULT_BUDGET)
    for family in FAMILIES if families is None else families:
        fitted = _fitted(family, limit, QUICK_TREE_SIZE if quick else TREE_SIZE, on_progress)
        on_progress(f"{family} raw and served ...")
        rows += _family_rows(family, robot, fitted, poses, rng)
    return Report(bench=NAME, rows=rows, seeds=used, seconds=time.monotonic() - started)


def _load(model: str | None) -> tuple[RobotModel, StoredModel | None]:
    """Load the robot, and the model unless it is ""."""
    if model == "":
        return RobotModel.load("panda"), None
    store, name = ModelStore(), model or "panda_pose"
    where = Path(name) if "/" in name else name
    about = store.load(where).document
    kinds = [entry["kind"] for entry in about["context"]]
    if kinds != ["pose"]:
        raise InvalidInput("model", name, f"a model of one pose, not of {kinds or 'nothing'}")
    robot = RobotModel.load(about["robot"]["spec"], about["robot"]["root"], about["robot"]["tip"])
    return robot, store.load(where, robot)


def _fitted(
    family: str, budget: float, tree_size: int, on_progress: Callable[[str], None]
) -> StoredModel:
    """Fit a family to the objectives of panda_pose within a budget [s], or load that fit."""
    path = share_dir() / "config" / "objectives" / "panda_pose.yaml"
    objectives = load_objectives(path, dtype=torch.float32)
    rows = tree_size if family == "kd_tree" else None
    settings = FitSettings(num_components=rows, time_limit=budget)
    return stored_fit(objectives, family, settings, on_progress)


def _family_rows(
    family: str, robot: RobotModel, fitted: StoredModel, poses: np.ndarray, rng: np.random.Generator
) -> list[Row]:
    """Return the rows of a fitted family: its training, its draws, its answers."""
    T = pose_to_matrix(poses)
    seconds = float(str(fitted.document["training"]["seconds"]))
    case = ModelStarts(fitted.model, f"{family} raw")
    served = _measure_served(robot, fitted, poses, T, SEED)
    return [
        Row(family, "training time [s]", seconds),
        *raw_errors(case.name, robot, case.propose(poses, NUM_RAW, rng), T, rng),
        *figures(robot, _measure(robot, case, poses, T, rng), T, rng),
        *figures(robot, replace(served, case=f"{family} served"), T, rng),
    ]


def _configurations(robot: RobotModel, seed: int, count: int) -> np.ndarray:
    """Draw the configurations (count, nq) whose poses are the targets of one seed."""
    return np.random.default_rng(seed).uniform(robot.lower, robot.upper, (count, robot.nq))


def _measure(
    robot: RobotModel,
    case: Starts,
    poses: np.ndarray,
    T: np.ndarray,
    rng: np.random.Generator,
) -> Outcome:
    """Refine the starts of every target; time some targets one by one."""
    chain, starts = robot.serial_chain(), case.num_starts
    proposals = case.propose(poses, starts, rng)  # (N, m, nq)
    num_starts = proposals.shape[1]
    goals = np.repeat(T, num_starts, axis=0)
    result = refine(chain, goals, proposals.reshape(len(goals), -1), num_threads=1)
    one, all_, valid, found = [], [], [], []
    for i in range(min(TIMED, len(poses))):
        pose = poses[i : i + 1]
        start = time.perf_counter()
        case.propose(pose, 1, rng)
        one.append(time.perf_counter() - start)
        start = time.perf_counter()
        q = case.propose(pose, starts, rng)[0]
        all_.append(time.perf_counter() - start)
        converged = refine(chain, T[i], q, num_threads=1).converged.sum()
        valid.append((time.perf_counter() - start, converged))
        if num_starts > 1:
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


def _measure_served(
    robot: RobotModel, stored: StoredModel, poses: np.ndarray, T: np.ndarray, seed: int
) -> Outcome:
    """Ask the solver for 20 rows of every target, one call each, and for all it can in BUDGET."""
    solver = WarmStartSolver(robot, stored, num_threads=1)
    q = np.full((len(poses), NUM_STARTS, robot.nq), np.nan)
    converged = np.zeros(q.shape[:2], dtype=bool)
    iterations = np.zeros(q.shape[:2], dtype=np.int64)
    one, all_, valid, found = [], [], [], []
    for i, pose in enumerate(poses):
        target, ours = pose[None], seed + i
        answer = solver.solve(
            SampleRequest(targets=target, num_samples=NUM_STARTS, seed=ours, refine=True)
        )
        count = len(answer.positions)
        q[i, :count], converged[i, :count] = answer.positions, answer.converged
        iterations[i, :count] = answer.iterations
        if i >= TIMED:
            continue
        all_.append(answer.elapsed)
        valid.append((answer.elapsed, answer.converged.sum()))
        request = SampleRequest(targets=target, num_samples=1, seed=ours, refine=True)
        one.append(solver.solve(request).elapsed)
        request = SampleRequest(
            targets=target, num_samples=100, seed=ours, refine=True, timeout=BUDGET
        )
        found.append(solver.solve(request).converged.sum())
    return Outcome(
        case="served",
        q=q,
        converged=converged,
        iterations=iterations,
        query_one=np.array(one),
        query_all=np.array(all_),
        valid=np.array(valid),
        distinct_in_time=np.array(found),
        returned=np.isfinite(q[..., 0]),
    )
