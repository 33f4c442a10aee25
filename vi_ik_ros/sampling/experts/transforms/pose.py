# SPDX-License-Identifier: Apache-2.0
"""The pose of a frame of the robot."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

import torch
from torch import Tensor

from vi_ik_ros.kinematics.rotation import (
    exp_so3,
    log_so3,
    matrix_from_quaternion,
    quaternion_from_matrix,
)
from vi_ik_ros.sampling.experts.kinematic_state import KinematicState
from vi_ik_ros.sampling.experts.transforms.frame_transform import FrameTransform


@dataclass(frozen=True)
class Pose(FrameTransform):
    """Pose of a frame in the root frame, written as x y z qx qy qz qw [m, unit]."""

    unit: ClassVar[str] = "m, unit quaternion"
    is_vector: ClassVar[bool] = False
    quaternion: ClassVar[slice | None] = slice(3, 7)
    parts: ClassVar[Mapping[str, slice]] = MappingProxyType(
        {"position": slice(0, 3), "orientation": slice(3, 6)}
    )

    def __call__(self, state: KinematicState) -> Tensor:
        """Return T_root_frame, (B, 4, 4)."""
        return state.T_root_frame[self.frame]

    @property
    def kind(self) -> str:
        """The word for a pose."""
        return "pose"

    @property
    def size(self) -> int:
        """A pose is written as seven numbers."""
        return 7

    @property
    def residual_size(self) -> int:
        """Position, then rotation vector."""
        return 6

    def difference(self, value: Tensor, reference: Tensor) -> Tensor:
        """Return [p - p*; log(R*^T R)], (B, 6) [m, rad]."""
        position = value[..., :3, 3] - reference[..., :3, 3]
        rotation = log_so3(reference[..., :3, :3].mT @ value[..., :3, :3])
        return torch.cat([position, rotation], dim=-1)

    def retract(self, reference: Tensor, residual: Tensor) -> Tensor:
        """Return the pose at p* + residual[:3] with R* exp(residual[3:]), (B, 4, 4)."""
        rotation = reference[..., :3, :3] @ exp_so3(residual[..., 3:])
        return _assemble(rotation, reference[..., :3, 3] + residual[..., :3])

    def from_wire(self, rows: Tensor) -> Tensor:
        """Turn poses (..., 7) into matrices (..., 4, 4)."""
        return _assemble(matrix_from_quaternion(rows[..., 3:]), rows[..., :3])

    def to_wire(self, value: Tensor) -> Tensor:
        """Turn matrices (..., 4, 4) into poses (..., 7)."""
        return torch.cat([value[..., :3, 3], quaternion_from_matrix(value[..., :3, :3])], dim=-1)


def _assemble(rotation: Tensor, position: Tensor) -> Tensor:
    """Join rotations (..., 3, 3) and positions (..., 3) into matrices (..., 4, 4)."""
    upper = torch.cat([rotation, position.unsqueeze(-1)], dim=-1)  # (..., 3, 4)
    last = upper.new_tensor([0.0, 0.0, 0.0, 1.0]).expand(*upper.shape[:-2], 1, 4)
    return torch.cat([upper, last], dim=-2)
