# SPDX-License-Identifier: Apache-2.0
"""The interface of every density p_m, Eq. (1): how good the value of a transform is."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, replace
from typing import ClassVar, Self

import torch
from torch import Tensor

from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.transforms.transform import Transform

ROOTABLE = 1e-12  # added below a square root, which has no slope at 0


@dataclass(frozen=True)
class Density(ABC):
    """An unnormalised log density over the values of a transform.

    A new density is a subclass, a frozen dataclass, with `log_density` and `from_fields`, listed
    in `densities.DENSITIES` under its name in objectives files.

    Attributes:
        conditionable: fields that a context may fill, each holding a value of the transform, one
            for the whole batch or one for each row.
        is_equality: whether it holds the value in place. An inequality is indifferent inside its
            bounds, so it claims no motion from objectives of a later priority.
    """

    conditionable: ClassVar[tuple[str, ...]] = ()
    is_equality: ClassVar[bool] = True

    @abstractmethod
    def log_density(self, value: Tensor) -> Tensor:
        """Return the unnormalised log density (B,) of values (B, ...)."""

    @classmethod
    @abstractmethod
    def from_fields(cls, fields: Fields, transform: Transform) -> Self:
        """Read the density from its part of an objectives file."""

    @property
    def peak(self) -> float:
        """What `log_density` never exceeds, and attains at the best value that there is."""
        return 0.0

    def deviations(self, value: Tensor) -> Tensor:
        """Return residuals (B, r) of values (B, ...), half whose squares the peak is above."""
        loss = (self.peak - self.log_density(value)).clamp_min(0.0)
        return (2.0 * loss + ROOTABLE).sqrt().unsqueeze(-1)

    def conditioned(self, field: str, reference: Tensor) -> Self:
        """Return the density with a field filled by values, (B, ...)."""
        return replace(self, **{field: reference})

    def annealed(self, progress: float) -> Self:
        """Return the density at a stage of a fit: 0 is the easiest form, 1 the one that is meant.

        Most densities have one form only.
        """
        return self

    def to(self, dtype: torch.dtype, device: torch.device | str) -> Self:
        """Return the density with its tensors in a dtype and on a device."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        moved = {
            name: value.to(dtype=dtype, device=device)
            for name, value in values.items()
            if isinstance(value, Tensor | Density)
        }
        return replace(self, **moved)
