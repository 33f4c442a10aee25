# SPDX-License-Identifier: Apache-2.0
"""The configuration itself, or some of its joints."""

import math
from dataclasses import dataclass, field
from typing import ClassVar, Self

import torch
from torch import Tensor

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.kinematic_state import KinematicState
from vi_ik_ros.sampling.experts.transforms.transform import Transform


@dataclass(frozen=True)
class Configuration(Transform):
    """Some columns of the configuration; differences of continuous joints are wrapped.

    Attributes:
        columns: which entries of the configuration, (n,).
        continuous: for each of them whether it is an angle without limits.
        limits: (lower, upper), each (n,) [rad or m]; infinite for a continuous joint.
    """

    unit: ClassVar[str] = "rad or m"

    columns: tuple[int, ...]
    continuous: tuple[bool, ...]
    limits: tuple[tuple[float, ...], tuple[float, ...]] | None = field(default=None)

    def __call__(self, state: KinematicState) -> Tensor:
        """Pick the columns, (B, n)."""
        if self.columns == tuple(range(state.q.shape[-1])):
            return state.q
        return state.q[..., list(self.columns)]

    @classmethod
    def from_fields(cls, fields: Fields, robot: RobotModel) -> Self:
        """Read `joints`, the joint names; all of them by default."""
        fields.allow("type", "joints")
        names = tuple(robot.joint_names)
        columns = tuple(names.index(j) for j in fields.names("joints", names, default=names))
        continuous = tuple(bool(robot.continuous[c]) for c in columns)
        lower, upper = (
            tuple(
                bound if turns else float(limit[c])
                for c, turns in zip(columns, continuous, strict=True)
            )
            for limit, bound in ((robot.lower, -math.inf), (robot.upper, math.inf))
        )
        return cls(columns, continuous, (lower, upper))

    @property
    def kind(self) -> str:
        """The word for a configuration."""
        return "configuration"

    @property
    def size(self) -> int:
        """Number of columns."""
        return len(self.columns)

    def difference(self, value: Tensor, reference: Tensor) -> Tensor:
        """Return value - reference (B, n), continuous joints in [-pi, pi)."""
        residual = value - reference
        if not any(self.continuous):
            return residual
        wrapped = torch.remainder(residual + math.pi, 2.0 * math.pi) - math.pi
        return torch.where(torch.tensor(self.continuous, device=value.device), wrapped, residual)

    def retract(self, reference: Tensor, residual: Tensor) -> Tensor:
        """Return reference + residual (B, n), continuous joints in [-pi, pi)."""
        return self.difference(reference + residual, torch.zeros_like(reference))
