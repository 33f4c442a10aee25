# SPDX-License-Identifier: Apache-2.0
"""Control periods that began late."""

LATE = 0.5  # of a period


class Lateness:
    """Compares when control periods begin with when they should.

    Args:
        period: between two beginnings [s].

    Attributes:
        late: periods that began more than half a period late, and those that were left out.
        worst: largest delay seen [s].
    """

    def __init__(self, period: float) -> None:
        self._period = period
        self._due: float | None = None
        self.late, self.worst = 0, 0.0

    def begin(self, now: float) -> float:
        """Note that a period begins, and return when it should have begun [s].

        Args:
            now: of a clock that never goes back [s].
        """
        # A timer is never early: where it seems so, an earlier one was late, such as the first.
        due = now if self._due is None else min(now, self._due)
        delay = now - due
        self.worst = max(self.worst, delay)
        left_out, behind = divmod(delay, self._period)
        self.late += int(left_out) + (behind > LATE * self._period)
        due += left_out * self._period
        self._due = due + self._period
        return due
