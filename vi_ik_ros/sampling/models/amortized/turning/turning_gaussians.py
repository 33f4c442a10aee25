# SPDX-License-Identifier: Apache-2.0
"""A batch of mixtures over joints some of which turn, for training."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vi_ik_ros.sampling.models.amortized.conditional_gaussians import ConditionalGaussians


@dataclass(frozen=True)
class TurningGaussians(ConditionalGaussians):
    """Gaussians that see z where, by whole turns, it is nearest to their mean.

    Up to components about as wide as a turn this is what `TurningMixture` serves.

    Attributes:
        periodic: (D,) 1 where z is read modulo a turn, 0 elsewhere.
    """

    periodic: Tensor

    def _difference(self, z: Tensor) -> Tensor:
        """See `ConditionalGaussians._difference`."""
        difference = super()._difference(z)
        turns = torch.round(difference.detach() * (self.periodic / (2 * math.pi)))
        return difference - 2 * math.pi * turns
