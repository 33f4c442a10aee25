# SPDX-License-Identifier: Apache-2.0
"""The numbers of the wrench pipeline."""

import math
from dataclasses import asdict, dataclass

from vi_ik_ros.exceptions import InvalidInput


@dataclass(frozen=True)
class WrenchSettings:
    """How samples of the sensor become what skills decide on.

    Attributes:
        fast_cutoff: of the first-order low-pass for control and error predicates [Hz].
        force_noise: standard deviation of each force axis of the sensor [N].
        tare_duration: of the samples that a tare is the mean of [s].
        tare_force: largest mean force that a tare takes away [N]; more is a loaded tool.
        tare_travel: farthest that the tool may move meanwhile [m].
        tare_turn: farthest that it may turn [rad].
        memory: time that the history goes back, at least [s].
    """

    fast_cutoff: float = 50.0
    force_noise: float = 0.3
    tare_duration: float = 1.0
    tare_force: float = 2.0
    tare_travel: float = 1e-4
    tare_turn: float = 1e-3
    memory: float = 30.0

    def __post_init__(self) -> None:
        """Refuse what is no positive number."""
        for name, value in asdict(self).items():
            if not (math.isfinite(value) and value > 0.0):
                raise InvalidInput(f"wrench.{name}", value, "a positive number")
