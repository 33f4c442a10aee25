# SPDX-License-Identifier: Apache-2.0
"""Keep one configuration of each cluster: leader clustering by the largest joint difference."""

import math

import numpy as np

from vi_ik_ros.compiled import compiled, inner
from vi_ik_ros.exceptions import InvalidInput

DISTINCT_TOLERANCE = 0.2  # [rad or m], largest single joint


def distinct(
    q: np.ndarray,
    tolerance: float = DISTINCT_TOLERANCE,
    continuous: np.ndarray | None = None,
    *,
    max_leaders: int | None = None,
) -> np.ndarray:
    """Find the cluster leaders among configurations, first come first kept.

    A row leads a cluster if some joint differs by more than the tolerance from every leader before
    it. A tolerance of 0 keeps all.

    Args:
        q: (N, n) configurations [rad, m].
        tolerance: L-infinity radius of a cluster [rad or m].
        continuous: (n,) bool, joints whose difference is wrapped; none by default.
        max_leaders: Stop after this many.

    Returns:
        (m,) indices of the leaders, in input order.
    """
    q = np.ascontiguousarray(q, dtype=np.float64)
    if q.ndim != 2:
        raise InvalidInput("q", f"shape {q.shape}", "(N, n)")
    groups = np.zeros(len(q), dtype=np.int64)
    most = len(q) if max_leaders is None else max_leaders
    return np.flatnonzero(leaders_by_group(q, groups, tolerance, continuous, most))


def leaders_by_group(
    q: np.ndarray,
    groups: np.ndarray,
    tolerance: float,
    continuous: np.ndarray | None,
    max_leaders: int,
) -> np.ndarray:
    """Cluster each group on its own; tell which rows lead.

    Args:
        q: (N, n) configurations [rad, m].
        groups: (N,) int, group of each row; rows of one group stand together.
        tolerance: L-infinity radius of a cluster [rad or m].
        continuous: (n,) bool, joints whose difference is wrapped, or None.
        max_leaders: Largest number of leaders in each group.

    Returns:
        (N,) bool.
    """
    if not tolerance >= 0.0:
        raise InvalidInput("tolerance", tolerance, "a number >= 0 [rad]")
    wraps = np.zeros(q.shape[1], dtype=np.bool_)
    if continuous is not None:
        wraps[:] = continuous
    leads = np.zeros(len(q), dtype=np.bool_)
    q, groups = np.ascontiguousarray(q, np.float64), np.ascontiguousarray(groups, np.int64)
    _mark_leaders(q, groups, float(tolerance), wraps, max_leaders, leads)
    return leads


@inner
def _near(q, a, b, tolerance, wraps):  # noqa: ANN001, ANN202
    """Tell whether no joint of two rows differs by more than the tolerance."""
    for i in range(q.shape[1]):
        gap = abs(q[a, i] - q[b, i])
        if wraps[i]:
            gap = abs(gap - 2.0 * math.pi * math.floor(gap / (2.0 * math.pi) + 0.5))
        if gap > tolerance:
            return False
    return True


@compiled("void(float64[:,::1], int64[::1], float64, boolean[::1], int64, boolean[::1])")
def _mark_leaders(q, groups, tolerance, wraps, max_leaders, leads):  # noqa: ANN001, ANN202
    """Mark the leaders; see `leaders_by_group`."""
    leaders = np.empty(q.shape[0], dtype=np.int64)
    count = 0
    for r in range(q.shape[0]):
        if r > 0 and groups[r] != groups[r - 1]:
            count = 0
        if count >= max_leaders:
            continue
        new = True
        if tolerance > 0.0:
            for k in range(count):
                if _near(q, r, leaders[k], tolerance, wraps):
                    new = False
                    break
        if new:
            leaders[count] = r
            count += 1
            leads[r] = True
