# SPDX-License-Identifier: Apache-2.0
"""What the figures of `panda-pose` are compared with."""

from collections.abc import Sequence
from dataclasses import replace

from vi_ik_ros.benchmarks.report import Row

STUDY = "IK peer study, section 3, its own refiner"
GOAL_AT_LEAST, GOAL_AT_MOST = "goal: at least", "goal: at most"

# (case, metric) -> reference and where it comes from.
REFERENCES: dict[tuple[str, str], tuple[float, str]] = {
    ("raw", "median position error [mm]"): (20.0, GOAL_AT_MOST),
    ("raw", "median orientation error [deg]"): (4.0, GOAL_AT_MOST),
    ("raw", "single start converges [%]"): (98.5, GOAL_AT_LEAST),
    ("raw", "iterations of a converged start, mean"): (6.0, GOAL_AT_MOST),
    ("wide", "distinct in 10 ms of a thread, against random [ratio]"): (1.05, GOAL_AT_LEAST),
    ("chosen", "single start converges [%]"): (98.5, GOAL_AT_LEAST),
    ("chosen", "iterations of a converged start, mean"): (6.0, GOAL_AT_MOST),
    ("chosen", "distinct among 20 refined"): (15.0, GOAL_AT_LEAST),
    ("served", "answered [%]"): (100.0, GOAL_AT_LEAST),
    ("served", "single start converges [%]"): (98.5, GOAL_AT_LEAST),
    ("served", "iterations of a converged start, mean"): (6.0, GOAL_AT_MOST),
    ("served", "distinct among 20 refined"): (15.0, GOAL_AT_LEAST),
    ("random", "single start converges [%]"): (49.6, STUDY),
    ("random", "first start converges [%]"): (52.8, STUDY),
    ("random", "iterations of a converged start, mean"): (12.7, STUDY),
    ("random", "iterations per converged start"): (32.7, STUDY),
    ("random", "any of 5 converges [%]"): (95.6, STUDY),
    ("random", "any of 20 converges [%]"): (100.0, STUDY),
    ("random", "distinct among 20 refined"): (8.1, STUDY),
    ("random", "distinct in 10 ms"): (42.9, STUDY),
    ("ready", "single start converges [%]"): (81.4, STUDY),
    ("ready", "iterations of a converged start, mean"): (11.0, STUDY),
    ("ready", "iterations per converged start"): (16.3, STUDY),
    ("KD-1M", "single start converges [%]"): (86.4, STUDY),
    ("KD-1M", "first start converges [%]"): (91.9, STUDY),
    ("KD-1M", "iterations of a converged start, mean"): (9.5, STUDY),
    ("KD-1M", "iterations per converged start"): (12.7, STUDY),
    ("KD-1M", "any of 5 converges [%]"): (99.9, STUDY),
    ("KD-1M", "any of 20 converges [%]"): (100.0, STUDY),
    ("KD-1M", "distinct among 20 refined"): (12.9, STUDY),
    ("KD-1M", "time of one start, median [us]"): (318.0, STUDY),
    ("KD-1M", "time of 20 starts, median [us]"): (524.0, STUDY),
}


def with_references(rows: Sequence[Row]) -> list[Row]:
    """Add to each figure what it is compared with, where there is something."""
    return [
        replace(row, reference=known[0], reference_source=known[1])
        if (known := REFERENCES.get((row.case, row.metric)))
        else row
        for row in rows
    ]
