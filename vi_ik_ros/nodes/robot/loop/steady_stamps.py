# SPDX-License-Identifier: Apache-2.0
"""Stamps as even as the steady clock, near the system's time."""

JUMP = 10**9  # [ns], between both clocks: somebody has set the system's


class SteadyStamps:
    """Turns times of the steady clock into times since the epoch, without the system's jitter."""

    def __init__(self) -> None:
        self._epoch: int | None = None  # [ns], when the steady clock was zero

    def at(self, due: float, now: float, system: int) -> int:
        """Return a time since the epoch [ns].

        Args:
            due: the time that is asked for, of the steady clock [s].
            now: the same clock [s].
            system: the system's clock now [ns since the epoch].
        """
        epoch = system - round(1e9 * now)
        if self._epoch is None or abs(epoch - self._epoch) > JUMP:
            self._epoch = epoch
        return self._epoch + round(1e9 * due)
