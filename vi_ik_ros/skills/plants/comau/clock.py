# SPDX-License-Identifier: Apache-2.0
"""Time as a plant sees it: passed in, so that tests need none."""

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time and lets it pass."""

    def now(self) -> float:
        """Return the time since some moment [s], which never goes back."""
        ...

    def wait(self, duration: float) -> None:
        """Let a time pass [s]."""
        ...


class SteadyClock:
    """The computer's own."""

    def now(self) -> float:
        """Return the time since some moment [s]."""
        return time.monotonic()

    def wait(self, duration: float) -> None:
        """Sleep [s]."""
        time.sleep(duration)
