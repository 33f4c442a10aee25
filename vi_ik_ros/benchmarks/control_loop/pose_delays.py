# SPDX-License-Identifier: Apache-2.0
"""How long after they were due the poses of a simulation arrive."""

import time

import numpy as np


class PoseDelays:
    """Notes stamps, which a simulation behind a node gives by when a period should begin."""

    def __init__(self) -> None:
        # By the steady clock, as the stamps are.
        self._epoch = time.time_ns() - time.monotonic_ns()
        self._stamps: list[int] = []
        self._arrivals: list[int] = []

    @property
    def count(self) -> int:
        """Poses that have come."""
        return len(self._arrivals)

    def age(self) -> float:
        """Return the time since the newest pose was due [s]."""
        return 1e-9 * (self._now() - self._stamps[-1])

    def add(self, stamp: int) -> None:
        """Note that a pose has come.

        Args:
            stamp: of the pose [ns since the epoch].
        """
        self._stamps.append(stamp)
        self._arrivals.append(self._now())

    def delays(self, period: float, begin: int = 0) -> np.ndarray:
        """Return how late each pose was, those that were left out before it included [s].

        Args:
            period: between two poses [s].
            begin: number of the pose from which on they count.
        """
        stamps = np.array(self._stamps[: self.count][begin:], dtype=np.int64)
        arrivals = np.array(self._arrivals[begin : begin + len(stamps)], dtype=np.int64)
        left_out = np.maximum(np.diff(stamps) - round(1e9 * period), 0)
        return 1e-9 * (arrivals[1:] - stamps[1:] + left_out)

    def _now(self) -> int:
        """Return the time by the clock of the stamps [ns since the epoch]."""
        return self._epoch + time.monotonic_ns()
