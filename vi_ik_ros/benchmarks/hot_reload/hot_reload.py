# SPDX-License-Identifier: Apache-2.0
"""A trainer and two samplers on one store: how fast, how gently and how safely models change."""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from vi_ik_ros.benchmarks.hot_reload.cell import Cell, running_cell
from vi_ik_ros.benchmarks.hot_reload.first_sample import FILE, cases, first_sample_rows
from vi_ik_ros.benchmarks.hot_reload.latency import latency_rows
from vi_ik_ros.benchmarks.hot_reload.reloads import reachable_poses, reload_rows
from vi_ik_ros.benchmarks.panda_position import fingertip_target
from vi_ik_ros.benchmarks.report import Report, Row
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.yaml_document import read_yaml

NAME = "hot-reload"
BUDGET, QUICK_BUDGET = 45.0, 8.0  # [s] of one training


def run(
    *,
    seeds: int = 1,
    quick: bool = False,
    budget: float | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Measure all three.

    Args:
        seeds: not used; a training of one case is one figure.
        quick: one case, shorter trainings, fewer requests.
        budget: longest training [s]; None: 45 s.
        on_progress: called with a line about what comes next.
    """
    del seeds
    started = time.monotonic()
    on_progress("starting a trainer and two samplers ...")
    with running_cell(2, "panda_pose") as cell, TemporaryDirectory() as copies:
        rows = _exchanges(cell, Path(copies), quick, on_progress)
        rows += _latencies(cell, quick, on_progress)
        for case in cases(budget or (QUICK_BUDGET if quick else BUDGET))[: 1 if quick else None]:
            on_progress(f"training {case.name} ...")
            rows += first_sample_rows(cell, case, share=20 if quick else 1)
    return Report(bench=NAME, rows=rows, seeds=[0], seconds=time.monotonic() - started)


def _exchanges(
    cell: Cell, copies: Path, quick: bool, on_progress: Callable[[str], None]
) -> list[Row]:
    on_progress("exchanging a model under requests at 100 Hz ...")
    document = read_yaml(share_dir() / "config" / "objectives" / FILE)
    poses = reachable_poses(500, np.random.default_rng(0))
    return reload_rows(cell, document, copies, num_reloads=2 if quick else 5, poses=poses)


def _latencies(cell: Cell, quick: bool, on_progress: Callable[[str], None]) -> list[Row]:
    on_progress("requests, alone and beside trainings ...")
    file = read_yaml(share_dir() / "config" / "objectives" / FILE)
    point = dict(fingertip_target().objectives.document)
    trainings = {"amortized": ("amortized", file), "banana": ("banana", point)}
    poses = reachable_poses(500, np.random.default_rng(1))
    return latency_rows(cell, trainings, share=10 if quick else 1, poses=poses)
