# SPDX-License-Identifier: Apache-2.0
"""How long something will go on: as it was told, or by how fast it has been so far."""

import time
from collections.abc import Callable


class TimeLeft:
    """The share that is done, and the time that the rest takes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin now.

        Args:
            clock: returns a time [s].
        """
        self._clock = clock
        self._begun = self._told_at = clock()
        self._first: tuple[float, float] | None = None  # time [s], share
        self._fraction: float | None = None
        self._told: float | None = None

    def update(self, fraction: float | None, seconds_left: float | None = None) -> None:
        """Take what is known by now.

        Args:
            fraction: share that is done, 0 to 1; None: not known.
            seconds_left: [s]; None: not known, so it follows from the share and the time so far.
        """
        self._told_at = self._clock()
        self._fraction, self._told = fraction, seconds_left
        if fraction is not None and self._first is None:
            self._first = (self._told_at, fraction)

    @property
    def elapsed(self) -> float:
        """Time since the beginning [s]."""
        return self._clock() - self._begun

    @property
    def seconds(self) -> float | None:
        """Time that is left [s]; None where it is not known, or was used up without an end."""
        at_the_time = self._at_the_time()
        if at_the_time is None:
            return None
        left = at_the_time - (self._clock() - self._told_at)
        return left if left >= 0.0 else None

    @property
    def fraction(self) -> float | None:
        """Share that is done; where none was told, that of the time; None: not known."""
        if self._fraction is not None:
            return self._fraction
        left, elapsed = self.seconds, self.elapsed
        return elapsed / (elapsed + left) if left and elapsed > 0.0 else None

    def _at_the_time(self) -> float | None:
        """Return the time that was left when something was told last [s]."""
        if self._told is not None or self._fraction is None or self._first is None:
            return self._told
        begun, done_before = self._first
        done = self._fraction - done_before
        if done <= 0.0:
            return None
        return (1.0 - self._fraction) * (self._told_at - begun) / done


def duration(seconds: float) -> str:
    """Write a time in one unit or two, as exactly as an estimate deserves."""
    if seconds < 90.0:
        return f"{seconds:.0f} s"
    if seconds < 90.0 * 60.0:
        return f"{seconds / 60.0:.0f} min"
    hours, minutes = divmod(round(seconds / 60.0), 60)
    return f"{hours} h {minutes} min"
