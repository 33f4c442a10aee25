# SPDX-License-Identifier: Apache-2.0
"""A plant whose force sensor has a zero."""

from dataclasses import replace

import numpy as np

from vi_ik_ros.skills.plants.plant import Plant, TickResult
from vi_ik_ros.skills.plants.wrapped.wrapped_plant import WrappedPlant


class TaredPlant(WrappedPlant):
    """Takes the zero of the sensor away from every sample, before anybody judges it.

    Args:
        plant: the one inside.

    Attributes:
        bias: (6,) that zero, in the frame of the sensor [N, Nm].
    """

    def __init__(self, plant: Plant) -> None:
        super().__init__(plant)
        self.bias = np.zeros(6)

    def _seen(self, result: TickResult) -> TickResult:
        return replace(result, wrenches=result.wrenches - self.bias)
