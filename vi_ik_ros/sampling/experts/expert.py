# SPDX-License-Identifier: Apache-2.0
"""One factor of a product: a density on a view of the configuration."""

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from vi_ik_ros.sampling.experts.densities.density import Density
from vi_ik_ros.sampling.experts.densities.normal_cdf import NormalCdf
from vi_ik_ros.sampling.experts.kinematic_state import KinematicState
from vi_ik_ros.sampling.experts.transforms.distance import Distance
from vi_ik_ros.sampling.experts.transforms.transform import Transform


@dataclass(frozen=True)
class Expert:
    """p_m(T_m(q)), Eq. (1), unnormalised.

    Attributes:
        name: the objective's name in its file.
        transform: T_m.
        density: p_m.
        priority: 0 is primary; larger numbers give way to smaller ones.
        weight: factor of the log density; above 1 where it stands for more than was evaluated.
    """

    name: str
    transform: Transform
    density: Density
    priority: int = 0
    weight: float = 1.0

    def log_density(self, state: KinematicState) -> Tensor:
        """Return log p_m(T_m(q)) for a batch, (B,)."""
        log_density = self.density.log_density(self.transform(state))
        return log_density if self.weight == 1.0 else self.weight * log_density

    def subsampled(self, generator: torch.Generator) -> Self:
        """Return the expert with a random subset of its distances in place of all.

        Its log density is an unbiased estimate, the sum over the subset times the ratio of sizes.
        Experts that name no size of a subset (`num_random`) return themselves.
        """
        transform, density = self.transform, self.density
        if not isinstance(transform, Distance) or transform.num_random is None:
            return self
        assert isinstance(density, NormalCdf)  # checked when the objective was read
        size, num_random = transform.size, transform.num_random
        order = torch.randperm(size, generator=generator)
        columns = tuple(sorted(order[:num_random].tolist()))
        return replace(
            self,
            transform=transform.selected(columns),
            density=density.selected(columns),
            weight=self.weight * size / num_random,
        )

    @property
    def open_fields(self) -> tuple[str, ...]:
        """Fields of the density, then of the transform, that a context has to fill."""
        density = self.density
        missing = [name for name in density.conditionable if getattr(density, name) is None]
        return (*missing, *self.transform.conditionable)

    def conditioned(self, field: str, rows: Tensor) -> Self:
        """Return the expert with an open field filled by context rows (B, size)."""
        if field in self.transform.conditionable:
            return replace(self, transform=self.transform.conditioned(field, rows))
        reference = self.transform.from_wire(rows)
        return replace(self, density=self.density.conditioned(field, reference))

    def to(self, dtype: torch.dtype, device: torch.device | str) -> Self:
        """Return the expert with its tensors in a dtype and on a device."""
        return replace(self, density=self.density.to(dtype, device))
