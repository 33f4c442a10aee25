# SPDX-License-Identifier: Apache-2.0
"""Means and deviations over the last seconds of a wrench, whatever the window, at one price."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from operator import add


class CumulativeHistory:
    """The wrench of the tool on the environment, as cumulative sums; see WrenchHistory.

    Windows count in samples or control periods, rounded to whole ones, at least one: 0.294 s at
    170 Hz are 50 samples, 1 s at 50 Hz are 50 values. Before a window is full, and beyond the
    memory, it holds what there is since the last `clear`; without any value the answer is NaN,
    which no comparison takes for true. A mean over n samples of period T is (n - 1) T / 2 late:
    144 ms for 50 samples at 170 Hz.

    A value that is no number spoils every later answer until `clear`; the safety gate ends
    episodes before that matters.

    Args:
        wrench_period: between two samples [s].
        control_period: between two filtered values [s].
        memory: time that windows go back, at least [s].
    """

    def __init__(self, wrench_period: float, control_period: float, memory: float) -> None:
        self._wrench_period, self._control_period = wrench_period, control_period
        self._most_samples = math.ceil(memory / wrench_period)
        self._most_values = math.ceil(memory / control_period)
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._times = [-math.inf]
        self._sums: list[Sequence[float]] = [(0.0,) * 6]  # of the samples up to each time
        self._moments: list[Sequence[float]] = [(0.0,) * 12]  # of filtered values, and squares

    def add_samples(self, times: list[float], samples: list[list[float]]) -> None:
        """Append the samples of a control period, oldest first.

        Args:
            times: (n,) of the plant's clock, rising [s].
            samples: (n, 6) along the task frame, unfiltered [N, Nm].
        """
        a, b, c, d, e, f = self._sums[-1]
        for x, y, z, rx, ry, rz in samples:
            a, b, c, d, e, f = a + x, b + y, c + z, d + rx, e + ry, f + rz
            self._sums.append((a, b, c, d, e, f))
        self._times += times
        if len(self._sums) > 2 * self._most_samples + 1:
            del self._sums[: -self._most_samples - 1], self._times[: -self._most_samples - 1]

    def add_filtered(self, value: tuple[float, ...]) -> None:
        """Append the filtered wrench (6,) at the end of a control period [N, Nm]."""
        x, y, z, rx, ry, rz = value
        more = (x, y, z, rx, ry, rz, x * x, y * y, z * z, rx * rx, ry * ry, rz * rz)
        self._moments.append(tuple(map(add, self._moments[-1], more)))
        if len(self._moments) > 2 * self._most_values + 1:
            del self._moments[: -self._most_values - 1]

    def mean(self, axis: int, window: float) -> float:
        """Return the mean of the unfiltered samples of one axis; see WrenchHistory."""
        count = _count(window, self._wrench_period, self._sums)
        if not count:
            return math.nan
        return (self._sums[-1][axis] - self._sums[-1 - count][axis]) / count

    def mean_between(self, axis: int, begin: float, end: float) -> float:
        """Return the mean of the unfiltered samples after `begin` up to `end`; see WrenchHistory.

        Args:
            axis: 0 to 5.
            begin: the sample at this very time is not among them [s].
            end: that one is [s].
        """
        first = max(0, bisect_right(self._times, begin) - 1)
        last = bisect_right(self._times, end) - 1
        if last <= first:
            return math.nan
        return (self._sums[last][axis] - self._sums[first][axis]) / (last - first)

    def std(self, axis: int, window: float) -> float:
        """Return the standard deviation of the filtered wrench; see WrenchHistory."""
        count = _count(window, self._control_period, self._moments)
        if not count:
            return math.nan
        last, before = self._moments[-1], self._moments[-1 - count]
        mean = (last[axis] - before[axis]) / count
        square = (last[axis + 6] - before[axis + 6]) / count
        return math.sqrt(max(0.0, square - mean * mean))  # below 0 by rounding only

    def mean_norm(self, window: float) -> float:
        """Return the norm of the mean force; see WrenchHistory."""
        return math.hypot(*(self.mean(axis, window) for axis in range(3)))


def _count(window: float, period: float, sums: list[Sequence[float]]) -> int:
    """Return how many values a window holds."""
    return min(max(1, round(window / period)), len(sums) - 1)
