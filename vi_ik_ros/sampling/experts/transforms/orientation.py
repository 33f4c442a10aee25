# SPDX-License-Identifier: Apache-2.0
"""The orientation of a frame of the robot."""

from dataclasses import dataclass
from typing import ClassVar

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
class Orientation(FrameTransform):
    """Rotation matrix of a frame in the root frame, written as a quaternion x y z w."""

    unit: ClassVar[str] = "unit quaternion"
    is_vector: ClassVar[bool] = False
    quaternion: ClassVar[slice | None] = slice(0, 4)

    def __call__(self, state: KinematicState) -> Tensor:
        """Return R_root_frame, (B, 3, 3)."""
        return state.T_root_frame[self.frame][..., :3, :3]

    @property
    def kind(self) -> str:
        """The word for a orientation."""
        return "orientation"

    @property
    def size(self) -> int:
        """A quaternion is written as four numbers."""
        return 4

    @property
    def residual_size(self) -> int:
        """A rotation vector."""
        return 3

    def difference(self, value: Tensor, reference: Tensor) -> Tensor:
        """Return log(R*^T R), (B, 3) [rad], in the axes of the reference."""
        return log_so3(reference.mT @ value)

    def retract(self, reference: Tensor, residual: Tensor) -> Tensor:
        """Return R* exp(residual), (B, 3, 3)."""
        return reference @ exp_so3(residual)

    def from_wire(self, rows: Tensor) -> Tensor:
        """Turn quaternions (..., 4) into rotation matrices."""
        return matrix_from_quaternion(rows)

    def to_wire(self, value: Tensor) -> Tensor:
        """Turn rotation matrices into quaternions (..., 4)."""
        return quaternion_from_matrix(value)
