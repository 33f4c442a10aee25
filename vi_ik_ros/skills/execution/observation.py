# SPDX-License-Identifier: Apache-2.0
"""What a primitive knows when it decides, once in every control period."""

from dataclasses import dataclass
from typing import Protocol


class WrenchHistory(Protocol):
    """The wrench of the tool on the environment over the last seconds, in the task frame.

    Axes count x, y, z, rx, ry, rz of the task frame from 0. Windows are in seconds and end now.
    """

    def mean(self, axis: int, window: float) -> float:
        """Return the mean of the unfiltered samples of one axis [N, Nm]."""
        ...

    def mean_between(self, axis: int, begin: float, end: float) -> float:
        """Return the mean of the unfiltered samples between two times of the plant's clock."""
        ...

    def std(self, axis: int, window: float) -> float:
        """Return the standard deviation of the filtered wrench, one value a control period."""
        ...

    def mean_norm(self, window: float) -> float:
        """Return the norm of the mean force [N]."""
        ...


@dataclass(frozen=True, slots=True)
class Observation:
    """The state of an episode at the end of a control period.

    Attributes:
        time: of the plant's clock [s].
        elapsed: since the primitive was entered [s].
        travel: (x, y, z) of the tool centre point since then, in the task frame [m].
        tilt: angle between the tool's z and the task's z [rad].
        position_error: distance to the primitive's target [m], 0 without one.
        orientation_error: angle to it [rad].
        peak_force: largest norm of the fast-filtered force since the last control period [N].
        history: of the wrench.
    """

    time: float
    elapsed: float
    travel: tuple[float, float, float]
    tilt: float
    position_error: float
    orientation_error: float
    peak_force: float
    history: WrenchHistory
