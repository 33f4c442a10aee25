# SPDX-License-Identifier: Apache-2.0
"""Kill -9 of trainers and samplers at random moments: is anything lost, broken or left over?"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from vi_ik_ros.benchmarks.crash_safety.evidence.ledger import Ledger
from vi_ik_ros.benchmarks.crash_safety.evidence.leftovers import num_segments
from vi_ik_ros.benchmarks.crash_safety.moments import (
    SAMPLER_PHASES,
    TRAINER_PHASES,
    draw_moments,
)
from vi_ik_ros.benchmarks.crash_safety.sampler_kills import sampler_rows
from vi_ik_ros.benchmarks.crash_safety.site import Site
from vi_ik_ros.benchmarks.crash_safety.trainer_kills import trainer_rows
from vi_ik_ros.benchmarks.report import Report, Row

NAME = "crash-safety"
KILLS, QUICK_KILLS = 50, 3  # of each node, for each seed


def run(
    *,
    seeds: int = 1,
    quick: bool = False,
    budget: float | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Kill both kinds of node, one after the other.

    Args:
        seeds: how often the moments are drawn.
        quick: 3 kills of each in place of 50.
        budget: not used; all trainings are short.
        on_progress: called with a line about what comes next.
    """
    del budget
    started, segments = time.monotonic(), num_segments()
    number = QUICK_KILLS if quick else KILLS
    draws = [np.random.default_rng(seed) for seed in range(seeds)]
    on_progress("starting a sampler and a trainer ...")
    with TemporaryDirectory(prefix="vi_ik_crash_") as root, _logs_in(f"{root}/logs"):
        site, ledger = Site(Path(root) / "site"), Ledger()
        moments = [m for rng in draws for m in draw_moments(TRAINER_PHASES, number, rng)]
        rows = trainer_rows(site, ledger, moments, on_progress)
        moments = [m for rng in draws for m in draw_moments(SAMPLER_PHASES, number, rng)]
        rows += sampler_rows(site, ledger, moments, on_progress)
    words = "files of Fast DDS in shared memory, all programs"
    rows += [
        Row("both", f"{words}, before", segments),
        Row("both", f"{words}, after", num_segments()),
    ]
    seconds = time.monotonic() - started
    return Report(bench=NAME, rows=rows, seeds=list(range(seeds)), seconds=seconds)


@contextmanager
def _logs_in(directory: str) -> Iterator[None]:
    """Let nodes that are started meanwhile write their logs into a directory: there are many."""
    before = os.environ.get("ROS_LOG_DIR")
    os.environ["ROS_LOG_DIR"] = directory
    try:
        yield
    finally:
        del os.environ["ROS_LOG_DIR"]
        if before is not None:
            os.environ["ROS_LOG_DIR"] = before
