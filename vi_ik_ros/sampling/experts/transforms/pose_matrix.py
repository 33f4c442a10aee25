# SPDX-License-Identifier: Apache-2.0
"""The pose of a frame as a flat vector: its position and the entries of its rotation matrix."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

import torch
from torch import Tensor

from vi_ik_ros.kinematics.rotation import matrix_from_quaternion
from vi_ik_ros.sampling.experts.fields import Fields, is_list
from vi_ik_ros.sampling.experts.kinematic_state import KinematicState
from vi_ik_ros.sampling.experts.transforms.frame_transform import FrameTransform

_POSE_SIZE = 7


@dataclass(frozen=True)
class PoseMatrix(FrameTransform):
    """Position [m], then the rotation matrix column by column: the axes x, y, z of the frame.

    A normal density with full covariance on these 12 numbers is joint over position and
    orientation, and the rotation entries alone make Eq. (31) a normal, vec(X) by columns. Residuals
    are plain differences of the entries, so the mean need not be a rotation.

    """

    unit: ClassVar[str] = "m, rotation matrix by columns"
    parts: ClassVar[Mapping[str, slice]] = MappingProxyType(
        {"position": slice(0, 3), "orientation": slice(3, 12)}
    )

    def __call__(self, state: KinematicState) -> Tensor:
        """Return the 12 entries, (B, 12)."""
        T_root_frame = state.T_root_frame[self.frame]
        return _flatten(T_root_frame[..., :3, 3], T_root_frame[..., :3, :3])

    @property
    def size(self) -> int:
        """Three coordinates and nine matrix entries."""
        return 12

    def read_reference(self, fields: Fields, key: str) -> Tensor | None:
        """Read 12 entries, or a pose x y z qx qy qz qw that stands for them."""
        value = fields.values.get(key)
        if not is_list(value) or len(value) != _POSE_SIZE:
            return super().read_reference(fields, key)
        numbers = fields.numbers(key, _POSE_SIZE, quaternion=slice(3, 7))
        pose = torch.tensor(numbers, dtype=torch.float64)
        return _flatten(pose[:3], matrix_from_quaternion(pose[3:]))


def _flatten(position: Tensor, rotation: Tensor) -> Tensor:
    """Join positions (..., 3) and rotations (..., 3, 3), column by column, to (..., 12)."""
    return torch.cat([position, rotation.mT.flatten(-2)], dim=-1)
