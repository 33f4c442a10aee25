# SPDX-License-Identifier: Apache-2.0
"""Samples, warm starts and answers of the Panda model against other starts, one refiner for all.

Targets are the poses of uniformly random configurations. `raw` are draws of the model as they come,
`SIR` are 20 of 200 draws resampled by the target density, `chosen` are 20 of 200 draws near their
target and far from each other, `wide` are draws at temperature 3, `served` is what the solver
answers: its rows that have not converged belong to targets with fewer than 20 distinct solutions.
The others start the same refiner from uniformly random configurations, from the ready
configuration, and from the nearest of many stored configurations. Every other conditional family is
fitted to the same objectives within the budget and has rows `<family> raw` and `<family> served`.
Every row that counts as converged is measured again with pinocchio.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from vi_ik_ros.benchmarks.fit_cache import DEFAULT_BUDGET
from vi_ik_ros.benchmarks.panda_pose.chosen_starts import ChosenStarts
from vi_ik_ros.benchmarks.panda_pose.in_time import in_time_rows
from vi_ik_ros.benchmarks.panda_pose.references import with_references
from vi_ik_ros.benchmarks.report import Report, Row
from vi_ik_ros.benchmarks.stored_fits import stored_fit
from vi_ik_ros.benchmarks.warm_starts.figures import figures, raw_errors
from vi_ik_ros.benchmarks.warm_starts.measure import (
    TIMED,
    measure,
    measure_served,
    random_configurations,
)
from vi_ik_ros.benchmarks.warm_starts.starts import (
    KdTreeStarts,
    ModelStarts,
    RandomStarts,
    ReadyStarts,
    ResampledStarts,
    Starts,
)
from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.pose import matrix_to_pose, pose_to_matrix
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.store.model_store import ModelStore, StoredModel
from vi_ik_ros.sampling.training.settings import FitSettings

NAME = "panda-pose"
SEED = 20240601
NUM_RAW = 100  # draws of each target whose errors are measured
WIDE = 3.0  # temperature of draws that are refined for as many solutions as there are
RACED = 200  # targets whose solutions are counted in a time, model and competitors in turns
TREE_SIZE, QUICK_TREE_SIZE = 1_000_000, 50_000
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
        budget: processor time for the fit of each further family [s]; None: 180, or 10 if quick.
        families: Those that are fitted; None: all.
        on_progress: Called with a line about what comes next.
    """
    started = time.monotonic()
    torch.set_num_threads(1)  # a second one stalls on a shared machine
    robot, stored = _load(model)
    num_poses = max(2, num_poses // 10) if quick else num_poses
    used = [seed + i for i in range(seeds)]
    q = np.concatenate([random_configurations(robot, s, num_poses) for s in used])
    T = robot.forward(q)
    poses = matrix_to_pose(T)
    rng = np.random.default_rng([seed, 1])
    cases: list[Starts] = []
    if stored is not None:
        cases += [ModelStarts(stored.model), ResampledStarts(robot, stored)]
        cases += [ChosenStarts(robot, stored.model)]
    on_progress("building the tree ...")
    tree = KdTreeStarts(robot, QUICK_TREE_SIZE if quick else TREE_SIZE, rng)
    cases += [RandomStarts(robot), ReadyStarts(robot), tree]
    rows: list[Row] = []
    for case in cases:
        on_progress(f"{case.name} ...")
        if isinstance(case, ModelStarts):
            rows += raw_errors(case.name, robot, case.propose(poses, NUM_RAW, rng), T, rng)
        rows += figures(robot, measure(robot, case, poses, T, rng, timed=TIMED), T, rng)
    if stored is not None:
        on_progress("served ...")
        rows += figures(robot, measure_served(robot, stored, poses, seed, timed=TIMED), T, rng)
        on_progress("in 10 ms of a thread ...")
        wide = ModelStarts(stored.model.at_temperature(WIDE), "wide")
        raced = [ModelStarts(stored.model), wide, tree, RandomStarts(robot)]
        rows += in_time_rows(robot, raced, poses[:RACED], T[:RACED], rng)
    limit = budget or (QUICK_BUDGET if quick else DEFAULT_BUDGET)
    for family in FAMILIES if families is None else families:
        fitted = _fitted(family, limit, QUICK_TREE_SIZE if quick else TREE_SIZE, on_progress)
        on_progress(f"{family} raw and served ...")
        rows += _family_rows(family, robot, fitted, poses, rng)
    rows = with_references(rows)
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
    served = measure_served(robot, fitted, poses, SEED, case=f"{family} served", timed=TIMED)
    return [
        Row(family, "training time [s]", seconds),
        *raw_errors(case.name, robot, case.propose(poses, NUM_RAW, rng), T, rng),
        *figures(robot, measure(robot, case, poses, T, rng, timed=TIMED), T, rng),
        *figures(robot, served, T, rng),
    ]
