# SPDX-License-Identifier: Apache-2.0
"""Arms that nothing was tuned for, each from its URDF and the default settings.

The objectives are those of `reach_document`: the tip at a pose of the context, inside the limits.
Targets are the poses of uniformly random configurations. `raw` are draws of the model as they come,
`served` is what the solver answers; the others start the same refiner from the nearest of many
stored configurations, from uniformly random ones and from the ready configuration. Fits run on one
thread: a second one stalls on a shared machine.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

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
    Starts,
)
from vi_ik_ros.kinematics.pose import matrix_to_pose
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.documents.reach_document import reach_document
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.store.model_store import StoredModel
from vi_ik_ros.sampling.training.settings import FitSettings

NAME = "new-robot"
SEED = 20_240_601
ARMS = ("ur10", "xarm7", "kinova_j2s6", "tiago_arm")
BUDGET, QUICK_BUDGET = 600.0, 10.0  # [s] of each fit
NUM_RAW = 100  # draws of each target whose errors are measured
SINGLE = "single start converges [%]"


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Attributes:
        num_poses: targets of each seed.
        tree_size: configurations of the tree.
        timed: targets that are timed one by one.
    """

    num_poses: int = 1_000
    tree_size: int = 1_000_000
    timed: int = TIMED


QUICK = Scale(num_poses=20, tree_size=20_000, timed=5)


def run(
    *,
    arms: Sequence[str] = ARMS,
    seeds: int = 1,
    quick: bool = False,
    budget: float | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Fit and measure every arm.

    Args:
        arms: Robots as `RobotModel.load` takes them.
        seeds: Fits of every arm, each with targets of its own.
        quick: Short fits, few targets, a small tree.
        budget: processor time of each fit [s]; None: 600, or 10 if quick.
        on_progress: Called with a line about what comes next.
    """
    started = time.monotonic()
    torch.set_num_threads(1)
    limit = budget or (QUICK_BUDGET if quick else BUDGET)
    rows = [
        row
        for arm in arms
        for seed in range(seeds)
        for row in _arm_rows(arm, seed, limit, QUICK if quick else Scale(), on_progress)
    ]
    used = [SEED + seed for seed in range(seeds)]
    return Report(bench=NAME, rows=rows, seeds=used, seconds=time.monotonic() - started)


def _arm_rows(
    arm: str, seed: int, limit: float, scale: Scale, on_progress: Callable[[str], None]
) -> list[Row]:
    """Return the figures of one fit of one arm, and of its competitors on the same targets."""
    robot, label = RobotModel.load(arm), arm if seed == 0 else f"{arm}, seed {seed}"
    objectives = load_objectives(reach_document(robot), robot=robot, dtype=torch.float32)
    settings = FitSettings(seed=seed, time_limit=limit)
    stored = stored_fit(
        objectives, "amortized", settings, lambda line: on_progress(f"{arm}: {line}")
    )
    T = robot.forward(random_configurations(robot, SEED + seed, scale.num_poses))
    poses, rng = matrix_to_pose(T), np.random.default_rng([SEED + seed, 1])
    on_progress(f"{arm}: building the tree ...")
    tree = KdTreeStarts(robot, scale.tree_size, rng)
    model = ModelStarts(stored.model)
    cases: list[Starts] = [model, tree, RandomStarts(robot), ReadyStarts(robot)]
    rows = _training_rows(stored)
    rows += raw_errors(model.name, robot, model.propose(poses, NUM_RAW, rng), T, rng)
    for case in cases:
        on_progress(f"{arm}: {case.name} ...")
        rows += figures(robot, measure(robot, case, poses, T, rng, timed=scale.timed), T, rng)
    on_progress(f"{arm}: served ...")
    served = measure_served(robot, stored, poses, SEED + seed, timed=scale.timed)
    rows += figures(robot, served, T, rng)
    return [replace(row, case=f"{label}, {row.case}") for row in _beside_tree(rows, tree.name)]


def _training_rows(stored: StoredModel) -> list[Row]:
    """Return how long the fit took, and its held-out scores."""
    training, scores = stored.document["training"], stored.document["scores"]
    rows = [
        Row("raw", "training time [s]", float(str(training["seconds"]))),
        Row("raw", "updates", float(str(training["steps"]))),
    ]
    return rows + [Row("raw", f"held-out {name}", value) for name, value in scores.items()]


def _beside_tree(rows: Sequence[Row], tree: str) -> list[Row]:
    """Give the convergence of a draw what it is compared with: that of the tree's neighbours."""
    bar = next(row.value for row in rows if (row.case, row.metric) == (tree, SINGLE))
    return [
        replace(row, reference=bar, reference_source=f"{tree}, to be beaten")
        if (row.case, row.metric) == ("raw", SINGLE)
        else row
        for row in rows
    ]
