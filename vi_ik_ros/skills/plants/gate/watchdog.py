# SPDX-License-Identifier: Apache-2.0
"""What becomes of the last command while no other comes."""

from vi_ik_ros.skills.plants.plant import Twist

_ROUNDING = 1e-6  # [s], of a clock that adds up periods


class Watchdog:
    """The newest command, and how long it goes on.

    Args:
        hold_after: without a command the tool stands still from then on [s].
        deadman_after: without a command it is a fault from then on [s].
    """

    def __init__(self, hold_after: float, deadman_after: float) -> None:
        self._hold_after, self._deadman_after = hold_after, deadman_after
        self.disarm()

    def disarm(self) -> None:
        """Forget the last command: nothing is waited for until the next one."""
        self._twist: Twist | None = None
        self._time = 0.0

    def feed(self, twist: Twist, time: float) -> None:
        """Take a new command.

        Args:
            twist: the command, within all limits but those of places.
            time: when it came, by the plant's clock [s].
        """
        self._twist, self._time = twist, time

    def silence(self, time: float) -> float:
        """Return how long ago the last command came [s]; 0 if none is waited for."""
        return 0.0 if self._twist is None else max(0.0, time - self._time)

    def is_late(self, time: float) -> bool:
        """Tell whether the silence is a fault."""
        return self.silence(time) >= self._deadman_after - _ROUNDING

    def twist(self, time: float) -> Twist | None:
        """Return the command that goes on; None: the tool stands still."""
        return self._twist if self.silence(time) < self._hold_after - _ROUNDING else None
