# SPDX-License-Identifier: Apache-2.0
"""What the networks see of a context: smooth features, and angles that symmetry explains."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import torch
from torch import Tensor, nn

PLACED = ("pose", "position")  # kinds with a place in space, that a symmetry can turn
ROTATED = ("pose", "orientation")  # kinds whose last four columns are a quaternion


@dataclass(frozen=True)
class AxisSymmetry:
    """The rotations that a chain's first and last joint explain by themselves.

    For T(x) = A exp(z x_first) ... exp(z x_last) C, a target turned about the first joint's axis
    is answered by turning x_first, and one turned about its own last axis by turning x_last. The
    features then need only describe what is left, 4 of 6 dimensions of a pose.

    Attributes:
        first: index of the first joint in the configuration, or None where it does not apply.
        last: index of the last joint, or None (also for position targets).
        T_first_root: (4, 4) nested lists, inverse of A.
        T_tip_last: (4, 4) nested lists, inverse of C.
        pole: unit vector (3,), the tool direction opposite to the one where the last angle jumps.
    """

    first: int | None = None
    last: int | None = None
    T_first_root: list[list[float]] = field(default_factory=lambda: torch.eye(4).tolist())
    T_tip_last: list[list[float]] = field(default_factory=lambda: torch.eye(4).tolist())
    pole: list[float] = field(default_factory=lambda: [0.0, 0.0, 1.0])

    @classmethod
    def from_options(cls, options: Mapping[str, object]) -> Self:
        """Rebuild from the mapping that `dataclasses.asdict` gave."""
        return cls(**options)  # type: ignore[arg-type]


class ContextFeatures(nn.Module):
    """Map context rows (B, dc) to features (B, f) and joint offsets (B, D) [rad].

    A quaternion enters only through its rotation matrix, so q and -q give identical bits.
    """

    T_first_root: Tensor
    T_tip_last: Tensor
    pole: Tensor

    def __init__(
        self,
        entries: Sequence[tuple[str, int]],
        num_dims: int,
        symmetry: AxisSymmetry,
        length_scale: float,
    ) -> None:
        """Lay the features out.

        Args:
            entries: kind and number of columns of each context entry, in row order.
            num_dims: D, length of a configuration.
            symmetry: applies to the first entry, if that is a pose or a position.
            length_scale: positions and plain vectors are divided by it, about the reach [m].
        """
        super().__init__()
        self.entries, self.num_dims, self.symmetry = tuple(entries), num_dims, symmetry
        self.length_scale = length_scale
        self.register_buffer("T_first_root", torch.tensor(symmetry.T_first_root), persistent=False)
        self.register_buffer("T_tip_last", torch.tensor(symmetry.T_tip_last), persistent=False)
        self.register_buffer("pole", torch.tensor(symmetry.pole), persistent=False)
        self.context_size = sum(size for _, size in entries)
        with torch.no_grad():
            self.num_features = self(torch.ones(1, self.context_size))[0].shape[-1]

    def forward(self, contexts: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (B, f) and the offset of each joint (B, D), zero for most joints."""
        offsets = contexts.new_zeros(len(contexts), self.num_dims)
        features = []
        start = 0
        for index, (kind, size) in enumerate(self.entries):
            entry = contexts[:, start : start + size]
            start += size
            if kind not in PLACED + ROTATED:
                features.append(entry / self.length_scale)
                continue
            T = _homogeneous(entry, kind)
            if index == 0 and kind in PLACED:
                T, offsets = self._turn_back(self._in_joint_frames(T), offsets)
            if kind in PLACED:
                features.append(T[:, :3, 3] / self.length_scale)
            if kind in ROTATED:
                features.append(T[:, :3, :2].transpose(1, 2).flatten(1))
        features += [f(offsets[:, i, None]) for i in self._turned() for f in (torch.cos, torch.sin)]
        return torch.cat(features, dim=-1), offsets

    def tool_directions(self, contexts: Tensor) -> Tensor:
        """Return the last joint's axis of each target (B, 3), with the target at azimuth zero."""
        kind, size = self.entries[0]
        T = self._in_joint_frames(_homogeneous(contexts[:, :size], kind))
        return self._turn_back(T, contexts.new_zeros(len(contexts), self.num_dims))[0][:, :3, 2]

    def _turned(self) -> list[int]:
        return [i for i in (self.symmetry.first, self.symmetry.last) if i is not None]

    def _in_joint_frames(self, T: Tensor) -> Tensor:
        """Express the target by the frames of the first and the last joint."""
        if self.symmetry.first is not None:
            T = self.T_first_root.to(T) @ T
        return T @ self.T_tip_last.to(T) if self.symmetry.last is not None else T

    def _turn_back(self, T: Tensor, offsets: Tensor) -> tuple[Tensor, Tensor]:
        """Turn the target to azimuth zero and its last axis to a standard spin."""
        first, last = self.symmetry.first, self.symmetry.last
        if first is not None:
            azimuth = torch.atan2(T[:, 1, 3], T[:, 0, 3])
            T = _rotation_z(-azimuth) @ T
            offsets[:, first] = azimuth
        if last is not None:
            standard = _shortest_rotation(self.pole.to(T), T[:, :3, 2]) @ _frame_about(
                self.pole
            ).to(T)
            spin_matrix = standard.transpose(1, 2) @ T[:, :3, :3]
            spin = torch.atan2(spin_matrix[:, 1, 0], spin_matrix[:, 0, 0])
            T = T @ _rotation_z(-spin)
            offsets[:, last] = spin
        return T, offsets


def _homogeneous(entry: Tensor, kind: str) -> Tensor:
    """Build (B, 4, 4) from wire rows [x y z] [qx qy qz qw]."""
    T = torch.eye(4, dtype=entry.dtype, device=entry.device).repeat(len(entry), 1, 1)
    if kind in PLACED:
        T[:, :3, 3] = entry[:, :3]
    if kind in ROTATED:
        quaternion = entry[:, -4:]
        x, y, z, w = (quaternion / quaternion.norm(dim=-1, keepdim=True)).unbind(-1)
        T[:, 0, 0], T[:, 1, 1] = 1 - 2 * (y * y + z * z), 1 - 2 * (x * x + z * z)
        T[:, 2, 2] = 1 - 2 * (x * x + y * y)
        T[:, 0, 1], T[:, 1, 0] = 2 * (x * y - z * w), 2 * (x * y + z * w)
        T[:, 0, 2], T[:, 2, 0] = 2 * (x * z + y * w), 2 * (x * z - y * w)
        T[:, 1, 2], T[:, 2, 1] = 2 * (y * z - x * w), 2 * (y * z + x * w)
    return T


def _rotation_z(angle: Tensor) -> Tensor:
    """Homogeneous rotations (B, 4, 4) about z by angle (B,) [rad]."""
    T = torch.eye(4, dtype=angle.dtype, device=angle.device).repeat(len(angle), 1, 1)
    T[:, 0, 0], T[:, 0, 1] = torch.cos(angle), -torch.sin(angle)
    T[:, 1, 0], T[:, 1, 1] = torch.sin(angle), torch.cos(angle)
    return T


def _shortest_rotation(start: Tensor, end: Tensor) -> Tensor:
    """Rotations (B, 3, 3) that carry the unit vector start (3,) to end (B, 3) by the least angle.

    R = I + [v]x + [v]x^2 / (1 + c) with v = start x end, c = start . end; it jumps at end = -start.
    """
    v = torch.linalg.cross(start.expand_as(end), end)
    c = end @ start
    zero = torch.zeros_like(c)
    rows = [zero, -v[:, 2], v[:, 1], v[:, 2], zero, -v[:, 0], -v[:, 1], v[:, 0], zero]
    V = torch.stack(rows, dim=-1).reshape(-1, 3, 3)
    # 1 + c is 0 only for end = -start, where any half turn would do.
    return torch.eye(3).to(end) + V + V @ V / (1 + c).clamp_min(1e-6)[:, None, None]


def _frame_about(axis: Tensor) -> Tensor:
    """Return some rotation (3, 3) whose z column is the unit vector axis."""
    x = torch.linalg.cross(axis, torch.eye(3).to(axis)[axis.abs().argmin()])
    x = x / x.norm()
    return torch.stack([x, torch.linalg.cross(axis, x), axis], dim=-1)
