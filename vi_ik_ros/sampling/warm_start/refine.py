# SPDX-License-Identifier: Apache-2.0
"""Refine configurations until the tip meets its target: batched Levenberg-Marquardt."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.chains.serial_chain import SerialChain
from vi_ik_ros.sampling.warm_start.levenberg_marquardt import tip
from vi_ik_ros.sampling.warm_start.levenberg_marquardt.rows import error_rows, refine_rows

MAX_ITERATIONS = 60
A_TURN = 2.0 * np.pi - 1e-6  # [rad], range of a joint from which no limit needs to stop it
ROWS_PER_THREAD = 2048  # a smaller batch is done before a second thread has started
ROWS_PER_SLICE = 64  # looks at the clock lie this many rows apart: 3 ms at worst


@dataclass(frozen=True)
class Tolerance:
    """How close a tip must come to its target to count as converged."""

    position: float = 1e-4  # [m], norm
    orientation: float = 1e-3  # [rad], angle of R*^T R


@dataclass(frozen=True)
class Refined:
    """Refined configurations, row for row.

    Attributes:
        q: (N, n) joints of the chain, inside its limits: the best of each start [rad, m].
        position_error: (N,) [m].
        orientation_error: (N,) [rad], NaN when only the position was asked for.
        iterations: (N,) evaluations of residual and Jacobian, rejected steps and the first
            evaluation included; 0 for rows that the deadline or `stop_after` left out.
        converged: (N,) bool.
    """

    q: np.ndarray
    position_error: np.ndarray
    orientation_error: np.ndarray
    iterations: np.ndarray
    converged: np.ndarray


def refine(
    chain: SerialChain,
    targets: np.ndarray,
    q: np.ndarray,
    *,
    tolerance: Tolerance | None = None,
    max_iterations: int = MAX_ITERATIONS,
    position_only: bool = False,
    num_threads: int | None = None,
    deadline: float | None = None,
    stop_after: int = 0,
) -> Refined:
    """Refine each start towards its target, never leaving the joint limits.

    The result of a row depends on that row alone, not on its neighbours or the threads. A joint
    whose limits are a turn or more apart passes them: it goes on a whole turn back, inside them.

    Args:
        chain: The joints that move the tip.
        targets: T_root_tip, (N, 4, 4), or (4, 4) for one target of all rows.
        q: (N, n) starts, joints of the chain [rad, m]; clipped to the limits first.
        tolerance: When a row counts as converged; 1e-4 m and 1e-3 rad by default.
        max_iterations: Largest number of iterations of a row.
        position_only: Ignore the orientation of the targets.
        num_threads: Threads; by default as many as the batch is worth, at most one a core.
        deadline: `time.perf_counter()` value after which no further rows are started.
        stop_after: Stop once this many rows have converged, in order; 0 refines all.

    Raises:
        InvalidInput: If an array has another shape.
    """
    q, targets = _checked(chain, q, targets)
    job = _Job(chain, targets, q, tolerance or Tolerance(), max_iterations, position_only)
    if stop_after:
        job.run(slice(0, len(q)), deadline, stop_after)
        return job.result()
    if num_threads is None:
        num_threads = min(len(os.sched_getaffinity(0)), len(q) // ROWS_PER_THREAD)
    edges = np.linspace(0, len(q), max(num_threads, 1) + 1).astype(int)
    parts = [slice(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True)]
    if len(parts) == 1:
        job.run(parts[0], deadline)
    else:
        with ThreadPoolExecutor(len(parts)) as pool:
            list(pool.map(lambda rows: job.run(rows, deadline), parts))
    return job.result()


def tip_errors(
    chain: SerialChain, targets: np.ndarray, q: np.ndarray, *, position_only: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Compute position [m] and orientation errors [rad] (N,) of configurations as they are.

    Args:
        chain: The joints that move the tip.
        targets: T_root_tip, (N, 4, 4) or (4, 4).
        q: (N, n) joints of the chain [rad, m].
        position_only: Return NaN for the orientation.
    """
    q, targets = _checked(chain, q, targets)
    errors = np.empty((len(q), 2))
    error_rows(_columns(chain), targets, q, position_only, errors)
    return errors[:, 0], errors[:, 1]


def reach_bound(chain: SerialChain) -> float:
    """Return a distance [m] from the first joint that the tip can never exceed."""
    T_after_first = np.concatenate([chain.T_parent_joint[1:], chain.T_last_tip[None]])
    links = np.linalg.norm(T_after_first[:, :3, 3], axis=1).sum()
    travel = np.maximum(np.abs(chain.lower), np.abs(chain.upper))[chain.prismatic].sum()
    return float(links + travel)


class _Job:
    """One call of `refine`: its input, and the output arrays that threads fill side by side."""

    def __init__(
        self,
        chain: SerialChain,
        targets: np.ndarray,
        q: np.ndarray,
        tolerance: Tolerance,
        max_iterations: int,
        position_only: bool,
    ) -> None:
        """Allocate the output; rows that are never reached keep infinite errors."""
        self._columns, self._reach = _columns(chain), max(reach_bound(chain), 1e-6)
        self._targets, self._q = targets, q
        self._tolerance, self._position_only = tolerance, position_only
        self._max_iterations = max_iterations
        self._out, self._errors = q.copy(), np.full((len(q), 2), np.inf)
        self._used = np.zeros(len(q), dtype=np.int64)

    def run(self, rows: slice, deadline: float | None, stop_after: int = 0) -> None:
        """Refine some rows, in slices if there is a clock to look at."""
        size = rows.stop - rows.start if deadline is None else ROWS_PER_SLICE
        for start in range(rows.start, rows.stop, max(size, 1)):
            if deadline is not None and time.perf_counter() >= deadline:
                return
            part = slice(start, min(start + size, rows.stop))
            wanted = stop_after - int(self._fine()[:start].sum()) if stop_after else 0
            if stop_after and wanted <= 0:
                return
            self._refine(part, wanted)

    def result(self) -> Refined:
        """Return what was computed."""
        orientation = np.full(len(self._q), np.nan) if self._position_only else self._errors[:, 1]
        return Refined(self._out, self._errors[:, 0], orientation, self._used, self._fine())

    def _refine(self, part: slice, stop_after: int) -> None:
        """Call the compiled loop on a slice of the rows."""
        t = self._tolerance
        limits = np.array(
            [t.position, t.orientation, self._position_only, self._max_iterations, stop_after],
            dtype=np.float64,
        )
        targets = self._targets if len(self._targets) == 1 else self._targets[part]
        out, errors, used = self._out[part], self._errors[part], self._used[part]
        refine_rows(self._columns, self._reach, targets, self._q[part], limits, out, errors, used)

    def _fine(self) -> np.ndarray:
        """Tell which rows have converged."""
        fine = self._errors[:, 0] < self._tolerance.position
        return (
            fine
            if self._position_only
            else fine & (self._errors[:, 1] < self._tolerance.orientation)
        )


def _columns(chain: SerialChain) -> np.ndarray:
    """Lay the chain out as the compiled loops want it, (n + 1, COLUMNS)."""
    n = len(chain.lower)
    placements = np.concatenate([chain.T_parent_joint, chain.T_last_tip[None]])
    columns = np.zeros((n + 1, tip.COLUMNS))
    columns[:, tip.PLACEMENT : tip.PLACEMENT + 12] = placements[:, :3].reshape(n + 1, 12)
    columns[:n, tip.LOWER], columns[:n, tip.UPPER] = chain.lower, chain.upper
    columns[:n, tip.PRISMATIC] = chain.prismatic
    wide = ~chain.prismatic & (chain.upper - chain.lower >= A_TURN)
    columns[:n, tip.TURNS] = np.where(wide, tip.WIDE, tip.STOPS)
    columns[chain.continuous.nonzero()[0], tip.TURNS] = tip.ENDLESS
    return columns


def _checked(
    chain: SerialChain, q: np.ndarray, targets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return configurations and targets as contiguous float64 arrays of fitting shapes."""
    q = np.ascontiguousarray(q, dtype=np.float64)
    targets = np.ascontiguousarray(targets, dtype=np.float64)
    if q.ndim != 2 or q.shape[1] != len(chain.lower):
        raise InvalidInput("q", f"shape {q.shape}", f"(N, {len(chain.lower)}), joints of the chain")
    targets = targets[None] if targets.ndim == 2 else targets
    if targets.shape not in ((len(q), 4, 4), (1, 4, 4)):
        raise InvalidInput("targets", f"shape {targets.shape}", f"({len(q)}, 4, 4) or (4, 4)")
    return q, targets
