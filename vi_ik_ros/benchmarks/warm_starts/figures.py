# SPDX-License-Identifier: Apache-2.0
"""From refined starts to figures, each converged row measured again."""

from dataclasses import dataclass

import numpy as np

from vi_ik_ros.benchmarks.report import Row, bootstrap_row, mean_row
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.warm_start.distinct import distinct
from vi_ik_ros.sampling.warm_start.refine import Tolerance


@dataclass(frozen=True)
class Outcome:
    """What one case came to on N targets with m starts each.

    Attributes:
        case: Its name.
        q: (N, m, nq) refined starts.
        converged: (N, m) bool.
        iterations: (N, m).
        query_one, query_all: (t,) seconds to propose one start, and all of them; for `served` to
            answer with one row, and with all of them.
        valid: (t, 2) seconds to propose and refine all, converged rows among them.
        distinct_in_time: (t,) distinct solutions in a fixed time; empty where there is one start.
        returned: (N, m) bool, rows that exist; None where all do.
    """

    case: str
    q: np.ndarray
    converged: np.ndarray
    iterations: np.ndarray
    query_one: np.ndarray
    query_all: np.ndarray
    valid: np.ndarray
    distinct_in_time: np.ndarray
    returned: np.ndarray | None = None


def figures(
    robot: RobotModel, outcome: Outcome, T: np.ndarray, rng: np.random.Generator
) -> list[Row]:
    """Return the rows of one case; T (N, 4, 4) are its targets."""
    failed = _recheck(robot, outcome, T)
    ok = outcome.converged & ~failed
    case, num_starts = outcome.case, ok.shape[1]
    exists = np.ones_like(ok) if outcome.returned is None else outcome.returned
    groups = [outcome.iterations[i][ok[i]] for i in range(len(ok))]
    success = 100.0 * ok.sum(axis=1) / np.maximum(exists.sum(axis=1), 1)
    rows = [mean_row(case, "answered [%]", 100.0 * ok.any(axis=1))]
    rows += [mean_row(case, "single start converges [%]", success)]
    if num_starts > 1:
        rows += [mean_row(case, "first start converges [%]", 100.0 * ok[:, 0])]
        for k in (5, 20):
            name = f"any of {k} converges [%]"
            rows += [mean_row(case, name, 100.0 * ok[:, :k].any(axis=1))]
    for word, statistic in (("mean", np.mean), ("median", np.median)):
        name = f"iterations of a converged start, {word}"
        rows += [bootstrap_row(case, name, groups, statistic, rng=rng)]
    spent = outcome.iterations.sum() / max(ok.sum(), 1)
    if not case.endswith("served"):  # there the refused and the duplicate rows are not seen
        rows += [Row(case, "iterations per converged start", float(spent))]
    if num_starts > 1:
        wraps = robot.continuous
        count = [len(distinct(q[k], continuous=wraps)) for q, k in zip(outcome.q, ok, strict=True)]
        rows += [mean_row(case, "distinct among 20 refined", np.array(count))]
    rows += _times(outcome, rng)
    rows += [Row(case, "converged rows that pinocchio refutes", float(failed.sum()), None, 0.0)]
    return rows


def raw_errors(
    case: str, robot: RobotModel, q: np.ndarray, T: np.ndarray, rng: np.random.Generator
) -> list[Row]:
    """Return the median errors of draws (N, m, nq) as they are."""
    flat, goals = q.reshape(-1, q.shape[2]), np.repeat(T, q.shape[1], axis=0)
    position, orientation = pose_errors(robot, flat, goals)
    rows = [
        bootstrap_row(case, f"median {name} error [{unit}]", groups, np.median, rng=rng)
        for name, unit, groups in (
            ("position", "mm", 1e3 * position.reshape(q.shape[:2])),
            ("orientation", "deg", np.degrees(orientation).reshape(q.shape[:2])),
        )
    ]
    return rows


def pose_errors(robot: RobotModel, q: np.ndarray, T: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Measure position [m] and orientation errors [rad] (N,) with pinocchio, not the refiner."""
    T_root_tip = robot.forward(q)
    position = np.linalg.norm(T_root_tip[:, :3, 3] - T[:, :3, 3], axis=1)
    # |R - R*| (Frobenius) is 2 sqrt(2) sin(angle / 2): exact at small angles, unlike the trace.
    chord = np.linalg.norm(T_root_tip[:, :3, :3] - T[:, :3, :3], axis=(1, 2))
    return position, 2.0 * np.arcsin(np.minimum(chord / np.sqrt(8.0), 1.0))


def _recheck(robot: RobotModel, outcome: Outcome, T: np.ndarray) -> np.ndarray:
    """Tell which rows (N, m) count as converged and are not."""
    failed, tolerance = np.zeros_like(outcome.converged), Tolerance()
    target, _ = np.nonzero(outcome.converged)
    if len(target):
        q = outcome.q[outcome.converged]
        position, orientation = pose_errors(robot, q, T[target])
        good = (position < tolerance.position) & (orientation < tolerance.orientation)
        failed[outcome.converged] = ~(good & robot.within_limits(q, 0.0))
    return failed


def _times(outcome: Outcome, rng: np.random.Generator) -> list[Row]:
    """Return the rows of wall-clock times."""
    case, what = outcome.case, "start" if outcome.case != "served" else "row"
    num_starts = outcome.converged.shape[1]
    timed = [(f"time of one {what}, median [us]", outcome.query_one)]
    if num_starts > 1:
        timed += [(f"time of {num_starts} {what}s, median [us]", outcome.query_all)]
    rows = [bootstrap_row(case, name, 1e6 * t[:, None], np.median, rng=rng) for name, t in timed]
    seconds, count = outcome.valid.T
    ratio = 1e6 * seconds.sum() / max(count.sum(), 1)
    rows += [Row(case, "time per valid solution, queries included [us]", float(ratio))]
    if len(outcome.distinct_in_time):
        rows += [mean_row(case, "distinct in 10 ms", outcome.distinct_in_time)]
    return rows
