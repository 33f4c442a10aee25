# SPDX-License-Identifier: Apache-2.0
"""Where the wrench of a robot comes from: a sensor with a driver of its own."""

from collections import deque
from typing import Protocol

import numpy as np


class WrenchSource(Protocol):
    """The controller knows no force: whoever makes the plant brings the sensor."""

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """Return what came since the last call, at once.

        Returns:
            Times (n,) [s] of the clock that the plant was given, oldest first, and wrenches (n, 6)
            [N, Nm] of the environment on the tool, in the frame of the sensor.
        """
        ...


class QueuedWrenches:
    """Samples that another thread puts in, for instance the callback of a subscription.

    Attributes:
        capacity: of samples; the oldest are dropped when nobody reads.
    """

    def __init__(self, capacity: int = 1024) -> None:
        self.capacity = capacity
        self._samples: deque[tuple[float, np.ndarray]] = deque(maxlen=capacity)

    def push(self, time: float, wrench: np.ndarray) -> None:
        """Add a sample.

        Args:
            time: when it was measured, of the plant's clock [s].
            wrench: (6,) of the environment on the tool [N, Nm].
        """
        self._samples.append((time, np.array(wrench, dtype=np.float64)))

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """Return and forget what has come; see `WrenchSource`."""
        taken = [self._samples.popleft() for _ in range(len(self._samples))]
        times = np.array([time for time, _ in taken])
        return times, np.array([wrench for _, wrench in taken]).reshape(-1, 6)
