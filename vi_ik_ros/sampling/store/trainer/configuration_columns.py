# SPDX-License-Identifier: Apache-2.0
"""Configurations of the same joints in memory, where a near one is found fast."""

import numpy as np

_ROOM = 64  # rows, to begin with


class ConfigurationColumns:
    """A growing list of configurations, stored joint by joint.

    A column lies in one piece of memory, and few rows are near in the joint that moved farthest,
    which is compared first: 10,000 rows take about as long as 10,000 numbers.
    """

    def __init__(self, num_joints: int) -> None:
        """Begin with no configuration."""
        self._columns = np.empty((num_joints, _ROOM))
        self._ids = np.empty(_ROOM, dtype=np.int64)
        self._widest_first = np.arange(num_joints)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def ids(self) -> np.ndarray:
        """The number that came with each configuration, (N,)."""
        return self._ids[: self._count]

    def rows(self) -> np.ndarray:
        """Return the configurations (N, n), in the order in which they came."""
        return self._columns[:, : self._count].T

    def append(self, identifier: int, q: np.ndarray) -> None:
        """Add a configuration (n,) [rad or m].

        Raises:
            ValueError: It has another number of joints, or a number that is not finite.
        """
        if q.shape != self._columns.shape[:1] or not np.isfinite(q).all():
            raise ValueError(f"configuration of shape {q.shape}")
        if self._count == len(self._ids):
            self._columns = np.concatenate([self._columns, np.empty_like(self._columns)], axis=1)
            self._ids = np.concatenate([self._ids, np.empty_like(self._ids)])
            with np.errstate(over="ignore"):
                self._widest_first = np.argsort(-np.ptp(self.rows(), axis=0))
        self._columns[:, self._count] = q
        self._ids[self._count] = identifier
        self._count += 1

    def has_near(self, q: np.ndarray, distance: float) -> bool:
        """Tell whether no joint of some configuration is `distance` [rad or m] or more from q."""
        columns, (first, *others) = self._columns[:, : self._count], self._widest_first
        with np.errstate(over="ignore"):  # 1e308 and -1e308 are far apart
            near = np.flatnonzero(np.abs(columns[first] - q[first]) < distance)
            for joint in others:
                if not near.size:
                    return False
                near = near[np.abs(columns[joint][near] - q[joint]) < distance]
        return bool(near.size)
