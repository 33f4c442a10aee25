# SPDX-License-Identifier: Apache-2.0
"""One factor of a product: a density on a view of the configuration."""

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from vi_ik_ros.sampling.experts.densities.density import Density
from vi_ik_ros.sampling.experts.kinematic_state import KinematicState
from vi_ik_ros.sampling.experts.transforms.transform import Transform


@dataclass(frozen=True)
class Expert:
    """p_m(T_m(q)), Eq. (1), unnormalised.

    Attributes:
        name: the objective's name in its file.
        transform: T_m.
        density: p_m.
        priority: 0 is primary; larger numbers give way to smaller ones.
    """

    name: str
    transform: Transform
    density: Density
    priority: int = 0

    def log_density(self, state: KinematicState) -> Tensor:
        """Return log p_m(T_m(q)) for a batch, (B,)."""
        return self.density.log_density(self.transform(state))

    def conditioned(self, field: str, rows: Tensor) -> Self:
        """Return the expert with a field of its density filled by context rows (B, size)."""
        reference = self.transform.from_wire(rows)
        return replace(self, density=self.density.conditioned(field, reference))

    def to(self, dtype: torch.dtype, device: torch.device | str) -> Self:
        """Return the expert with its tensors in a dtype and on a device."""
        return replace(self, density=self.density.to(dtype, device))
