# SPDX-License-Identifier: Apache-2.0
"""The interface of every transform T_m(q), Eq. (1): a view of the configuration."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Self

import torch
from torch import Tensor

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.kinematic_state import KinematicState


class Transform(ABC):
    """A view of the configuration that a density judges.

    A new transform is a subclass with `__call__` and `from_fields`, listed in
    `transforms.TRANSFORMS` under its name in objectives files. Values may be vectors (B, size),
    the default, or matrices; a transform of the second sort also says how they compare
    (`difference`, `retract`) and how they are written (`from_wire`, `to_wire`).

    Attributes:
        unit: unit of the written value.
        is_vector: whether values are vectors that compare entry by entry with bounds.
        quaternion: columns of the written value that hold a unit quaternion, or None.
        parts: named groups of residual entries, for a std by name.
        limits: (lower, upper) bounds that the robot puts on the value, or None.
    """

    unit: ClassVar[str] = ""
    is_vector: ClassVar[bool] = True
    quaternion: ClassVar[slice | None] = None
    parts: ClassVar[Mapping[str, slice]] = MappingProxyType({})
    limits: tuple[tuple[float, ...], tuple[float, ...]] | None = None

    @abstractmethod
    def __call__(self, state: KinematicState) -> Tensor:
        """Map a batch of configurations to values, (B, ...)."""

    @classmethod
    @abstractmethod
    def from_fields(cls, fields: Fields, robot: RobotModel) -> Self:
        """Read the transform from its part of an objectives file."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Length of the value as it is written in files and messages (wire form)."""

    @property
    def conditionable(self) -> Mapping[str, int]:
        """Fields that are left for a context to fill, and how many numbers each takes."""
        return {}

    def conditioned(self, field: str, rows: Tensor) -> Self:
        """Return the transform with one of these fields filled by written values (B, n)."""
        raise KeyError(field)

    @property
    def kind(self) -> str:
        """What the value is, in the word that `model.json` uses for a context entry."""
        return "vector"

    @property
    def frames(self) -> tuple[str, ...]:
        """Robot frames whose poses `__call__` reads."""
        return ()

    @property
    def expressed_in(self) -> str | None:
        """Frame in which the value is given; None for the root."""
        return None

    @property
    def task(self) -> "Transform":
        """The view whose Jacobian tells which motions an objective claims, usually this one."""
        return self

    @property
    def residual_size(self) -> int:
        """Length r of a residual."""
        return self.size

    def difference(self, value: Tensor, reference: Tensor) -> Tensor:
        """Return the residual of values to references, (B, r)."""
        return value - reference

    def retract(self, reference: Tensor, residual: Tensor) -> Tensor:
        """Return the value whose `difference` to the reference is the residual (B, r)."""
        return reference + residual

    def from_wire(self, rows: Tensor) -> Tensor:
        """Turn written values (..., size) into values."""
        return rows

    def to_wire(self, value: Tensor) -> Tensor:
        """Turn values into the form in which they are written, (..., size)."""
        return value

    def read_reference(self, fields: Fields, key: str) -> Tensor | None:
        """Read one value, or None if the key is absent."""
        numbers = fields.numbers(key, self.size, quaternion=self.quaternion)
        if numbers is None:
            return None
        return self.from_wire(torch.tensor(numbers, dtype=torch.float64))
