# SPDX-License-Identifier: Apache-2.0
"""Refine configurations until all tasks of a whole body are met: batched Levenberg-Marquardt."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.warm_start.refine import MAX_ITERATIONS, Tolerance
from vi_ik_ros.sampling.warm_start.whole_body.body import WholeBody
from vi_ik_ros.sampling.warm_start.whole_body.rows import refine_rows

ROWS_PER_THREAD = 256  # a smaller batch is done before a second thread has started
ROWS_PER_SLICE = 16  # looks at the clock lie this many rows apart: 3 ms at worst


@dataclass(frozen=True)
class RefinedBody:
    """Refined configurations, row for row.

    Attributes:
        q: (N, D) configurations inside the limits: the best of each start [m, rad].
        position_error: (N, F) of every task [m]; infinite where the deadline left a row out.
        orientation_error: (N, F) [rad], NaN where only the position was asked for.
        balance: (N,) least distance of the centre of mass to its bounds, negative outside [m];
            infinite without bounds.
        iterations: (N,) evaluations of residuals and Jacobian; 0 for rows left out.
        converged: (N,) bool, all tasks within their tolerances and the balance kept.
    """

    q: np.ndarray
    position_error: np.ndarray
    orientation_error: np.ndarray
    balance: np.ndarray
    iterations: np.ndarray
    converged: np.ndarray


def refine_whole_body(
    body: WholeBody,
    targets: np.ndarray,
    q: np.ndarray,
    *,
    tolerance: Tolerance | None = None,
    max_iterations: int = MAX_ITERATIONS,
    num_threads: int | None = None,
    deadline: float | None = None,
) -> RefinedBody:
    """Refine each start towards the targets of all tasks, never leaving the limits.

    The result of a row depends on that row alone, not on its neighbours or the threads.

    Args:
        body: The robot and its tasks.
        targets: T_root_frame, (N, F, 4, 4), or (F, 4, 4) for one set of targets of all rows.
        q: (N, D) starts [m, rad]; clipped to the limits first.
        tolerance: When a task counts as met; 1e-4 m and 1e-3 rad by default.
        max_iterations: Largest number of iterations of a row; 1 only measures.
        num_threads: Threads; by default as many as the batch is worth, at most one a core.
        deadline: `time.perf_counter()` value after which no further rows are started.

    Raises:
        InvalidInput: If an array has another shape.
    """
    q, rows = _checked(body, targets, q)
    limit = tolerance or Tolerance()
    limits = np.array([limit.position, limit.orientation, max_iterations], dtype=np.float64)
    F = len(body.frames)
    out, errors = q.copy(), np.full((len(q), F, 2), np.inf)
    slacks, used = np.full(len(q), -np.inf), np.zeros(len(q), dtype=np.int64)

    def run(part: slice) -> None:
        size = part.stop - part.start if deadline is None else ROWS_PER_SLICE
        for start in range(part.start, part.stop, max(size, 1)):
            if deadline is not None and time.perf_counter() >= deadline:
                return
            some = slice(start, min(start + size, part.stop))
            goals = rows if len(rows) == 1 else rows[some]
            results = (out[some], errors[some], slacks[some], used[some])
            refine_rows(*_arrays(body), goals, q[some], limits, *results)

    _in_threads(run, len(q), num_threads)
    asked = errors[:, : len(body.tasks)]
    met = (asked[:, :, 0] < limit.position) & ~(asked[:, :, 1] >= limit.orientation)
    converged = met.all(axis=1) & (slacks >= 0.0)
    return RefinedBody(out, asked[:, :, 0], asked[:, :, 1], slacks, used, converged)


def _in_threads(run: Callable[[slice], None], num_rows: int, num_threads: int | None) -> None:
    """Call a function for all rows, in equal parts on some threads."""
    if num_threads is None:
        num_threads = min(len(os.sched_getaffinity(0)), num_rows // ROWS_PER_THREAD)
    edges = np.linspace(0, num_rows, max(num_threads, 1) + 1).astype(int)
    parts = [slice(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True)]
    if len(parts) == 1:
        run(parts[0])
        return
    with ThreadPoolExecutor(len(parts)) as pool:
        list(pool.map(run, parts))


def _arrays(body: WholeBody) -> tuple:
    """Return what `refine_rows` takes first."""
    arrays = (body.coordinates, body.bodies, body.frames, body.parents, body.carriers)
    return (*arrays, body.moves, body.half_planes, body.num_rows)


def _checked(body: WholeBody, targets: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return configurations and target rows (N or 1, frames, 12) as contiguous arrays."""
    q = np.ascontiguousarray(q, dtype=np.float64)
    targets = np.asarray(targets, dtype=np.float64)
    D, F = len(body.coordinates), len(body.tasks)
    if q.ndim != 2 or q.shape[1] != D:
        raise InvalidInput("q", f"shape {q.shape}", f"(N, {D}), configurations")
    targets = targets[None] if targets.ndim == 3 else targets
    if targets.shape not in ((len(q), F, 4, 4), (1, F, 4, 4)):
        expected = f"({len(q)}, {F}, 4, 4) or ({F}, 4, 4), one for each task"
        raise InvalidInput("targets", f"shape {targets.shape}", expected)
    rows = np.zeros((len(targets), len(body.frames), 12))
    rows[:, :F] = targets[:, :, :3].reshape(len(targets), F, 12)
    return q, rows
