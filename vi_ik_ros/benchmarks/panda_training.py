# SPDX-License-Identifier: Apache-2.0
"""How good the Panda's draws are after how much training, each time a fit of its own.

Every fit has the whole schedule of its time: learning rate, sharpening. An accelerator, where there
is one, has a curve beside the processor's. Rows are independent draws as they come.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from vi_ik_ros.benchmarks.fit_cache import DEFAULT_BUDGET
from vi_ik_ros.benchmarks.report import Report, Row
from vi_ik_ros.benchmarks.stored_fits import stored_fit
from vi_ik_ros.benchmarks.warm_starts.figures import figures, raw_errors
from vi_ik_ros.benchmarks.warm_starts.measure import measure, random_configurations
from vi_ik_ros.benchmarks.warm_starts.starts import ModelStarts
from vi_ik_ros.kinematics.pose import matrix_to_pose
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.store.model_store import StoredModel
from vi_ik_ros.sampling.training.device import AUTO, resolve_device
from vi_ik_ros.sampling.training.settings import RANGES, FitSettings

NAME = "panda-training"
SEED = 20_240_601
MINUTES, QUICK_MINUTES = (1.0, 3.0, 10.0, 30.0, 60.0), (0.02, 0.05)
NUM_POSES, QUICK_POSES = 1_000, 20
NUM_RAW = 100  # draws of each target whose errors are measured
SHOWN = (  # of the figures of raw starts
    "median position error [mm]",
    "median orientation error [deg]",
    "single start converges [%]",
    "iterations of a converged start, mean",
    "distinct among 20 refined",
)


@dataclass(frozen=True)
class Point:
    """One fit and what its draws come to.

    Attributes:
        device: that it was fitted on.
        minutes: of training.
        rows: figures, those of SHOWN among them.
    """

    device: str
    minutes: float
    rows: list[Row]

    def value(self, metric: str) -> float:
        """Return one of the figures."""
        return next(row.value for row in self.rows if row.metric == metric)


def run(
    *,
    seeds: int = 1,
    quick: bool = False,
    budget: float | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Fit and measure for each time within the budget.

    Args:
        seeds: Sets of targets; each fit is made once.
        quick: Two fits of seconds, few targets.
        budget: Processor time of the longest fit [s]; None: 180. With 3600 the whole curve takes
            104 minutes.
        on_progress: Called with a line about what comes next.
    """
    started = time.monotonic()
    used = [SEED + i for i in range(seeds)]
    points = curve(used, quick=quick, budget=budget, on_progress=on_progress)
    rows = [row for point in points for row in point.rows]
    return Report(bench=NAME, rows=rows, seeds=used, seconds=time.monotonic() - started)


def curve(
    seeds: list[int],
    *,
    quick: bool = False,
    budget: float | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> list[Point]:
    """Return the points of the curve of each device, by time; see `run`."""
    torch.set_num_threads(1)  # a second one stalls on a shared machine
    longest = (budget or DEFAULT_BUDGET) / 60.0
    times = QUICK_MINUTES if quick else [m for m in MINUTES if m <= longest] or [longest]
    devices = dict.fromkeys(("cpu", resolve_device(AUTO).type))
    return [
        _point(device, minutes, seeds, QUICK_POSES if quick else NUM_POSES, on_progress)
        for device in devices
        for minutes in times
    ]


def _point(
    device: str,
    minutes: float,
    seeds: list[int],
    num_poses: int,
    on_progress: Callable[[str], None],
) -> Point:
    """Fit, or load that fit, and measure raw draws at new targets."""
    case = f"{device}, {minutes:g} min"
    path = share_dir() / "config" / "objectives" / "panda_pose.yaml"
    objectives = load_objectives(path, dtype=torch.float32)
    settings = FitSettings(time_limit=60.0 * minutes, steps=int(RANGES["steps"].highest))
    stored = stored_fit(
        objectives,
        "amortized",
        settings,
        lambda line: on_progress(f"{case}: {line}"),
        device=device,
    )
    on_progress(f"{case}: measuring ...")
    robot = objectives.robot
    q = np.concatenate([random_configurations(robot, s, num_poses) for s in seeds])
    T, rng = robot.forward(q), np.random.default_rng([seeds[0], 1])
    poses, starts = matrix_to_pose(T), ModelStarts(stored.model, case)
    found = raw_errors(case, robot, starts.propose(poses, NUM_RAW, rng), T, rng)
    found += figures(robot, measure(robot, starts, poses, T, rng, timed=1), T, rng)
    rows = [row for row in found if row.metric in SHOWN]
    return Point(device, minutes, [*_training_rows(case, stored), *rows])


def _training_rows(case: str, stored: StoredModel) -> list[Row]:
    """Return how many updates a fit has done, and its scores on held-out pairs."""
    training, scores = stored.document["training"], stored.document["scores"]
    return [
        Row(case, "updates", float(str(training["steps"]))),
        Row(case, "held-out ELBO [nat]", float(scores["elbo"])),
        Row(case, "held-out log-likelihood [nat]", float(scores["log_likelihood"])),
    ]
