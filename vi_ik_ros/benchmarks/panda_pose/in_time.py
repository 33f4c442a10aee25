# SPDX-License-Identifier: Apache-2.0
"""Distinct solutions within a time of one thread: several kinds of starts, taken in turns."""

import time
from collections.abc import Sequence

import numpy as np

from vi_ik_ros.benchmarks.report import Row, bootstrap_row, mean_row
from vi_ik_ros.benchmarks.warm_starts.starts import Starts
from vi_ik_ros.kinematics.chains.serial_chain import SerialChain
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.warm_start.distinct import distinct
from vi_ik_ros.sampling.warm_start.refine import refine

BUDGET = 0.010  # [s]
SLICE = 64  # starts refined between two looks at the clock
WARM_UP = 3  # targets before the clock counts


def in_time_rows(
    robot: RobotModel,
    cases: Sequence[Starts],
    poses: np.ndarray,
    T: np.ndarray,
    rng: np.random.Generator,
) -> list[Row]:
    """Return how many distinct solutions each case finds, and its ratio to the last case.

    The time is the thread's own, proposals included, so that other work on the machine does not
    count; the cases take turns at every target, so that what remains of it hits all alike.

    Args:
        robot: the arm.
        cases: kinds of starts, at last the one that the others are compared with.
        poses: (N, 7), the targets.
        T: (N, 4, 4), the same.
        rng: of the starts.
    """
    chain, wraps = robot.serial_chain(), robot.continuous
    for case in cases:
        for i in range(min(WARM_UP, len(poses))):
            _solutions(chain, case, poses[i : i + 1], T[i], rng)
    counts = np.zeros((len(cases), len(poses)))
    for i, goal in enumerate(T):
        for c, case in enumerate(cases):
            found = _solutions(chain, case, poses[i : i + 1], goal, rng)
            counts[c, i] = len(distinct(found, continuous=wraps))
    other, rows = cases[-1].name, []
    pairs = list(zip(cases, counts, strict=True))
    for case, count in pairs:
        rows.append(mean_row(case.name, "distinct in 10 ms of a thread", count))
    for case, count in pairs[:-1]:
        both = np.stack([count, counts[-1]], axis=1)[:, None]  # (N, 1, 2): targets are resampled
        name = f"distinct in 10 ms of a thread, against {other} [ratio]"
        rows.append(bootstrap_row(case.name, name, both, _ratio_of_means, rng=rng))
    return rows


def _solutions(
    chain: SerialChain, case: Starts, pose: np.ndarray, T: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return the converged rows (m, nq) of one target that BUDGET is enough for."""
    end, found = time.thread_time() + BUDGET, [np.empty((0, len(chain.lower)))]
    while time.thread_time() < end:
        starts = case.propose(pose, case.num_in_time, rng)[0]
        for first in range(0, len(starts), SLICE):
            result = refine(chain, T, starts[first : first + SLICE], num_threads=1)
            found.append(result.q[result.converged])
            if time.thread_time() >= end:
                break
        if case.exhausted:
            break
    return np.concatenate(found)


def _ratio_of_means(counts: np.ndarray) -> float:
    """Return the ratio of the columns' means of counts (N, 2)."""
    ours, theirs = counts.mean(axis=0)
    return float(ours / theirs)
