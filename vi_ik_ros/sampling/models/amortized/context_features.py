# SPDX-License-Identifier: Apache-2.0
"""What the networks see of a context: smooth features, and angles that symmetry explains."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np

PLACED = ("pose", "position")  # kinds with a place in space, that a symmetry can turn
ROTATED = ("pose", "orientation")  # kinds whose last four columns are a quaternion
WAVES = (np.cos, np.sin)


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
    T_first_root: list[list[float]] = field(default_factory=lambda: np.eye(4).tolist())
    T_tip_last: list[list[float]] = field(default_factory=lambda: np.eye(4).tolist())
    pole: list[float] = field(default_factory=lambda: [0.0, 0.0, 1.0])

    @classmethod
    def from_options(cls, options: Mapping[str, object]) -> Self:
        """Rebuild from the mapping that `dataclasses.asdict` gave."""
        return cls(**options)  # type: ignore[arg-type]


class ContextFeatures:
    """Map context rows (B, dc) to features (B, f) and joint offsets (B, D) [rad].

    A quaternion enters only through its rotation matrix, so q and -q give identical bits. Nothing
    here is trained, so training and serving share it as numpy.

    Attributes:
        context_size: dc.
        num_features: f.
    """

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
        self._entries, self._num_dims = tuple(entries), num_dims
        self._first, self._last = symmetry.first, symmetry.last
        self._length_scale = length_scale
        self._T_first_root = np.array(symmetry.T_first_root)
        self._T_tip_last = np.array(symmetry.T_tip_last)
        self._pole_frame = _frame_about(np.array(symmetry.pole))
        self.context_size = sum(size for _, size in entries)
        self.num_features = self(np.ones((1, self.context_size)))[0].shape[1]

    def __call__(self, contexts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return features (B, f) and the offset of each joint (B, D), zero for most joints."""
        offsets = np.zeros((len(contexts), self._num_dims))
        features, waves = [], []
        start = 0
        for index, (kind, size) in enumerate(self._entries):
            entry = contexts[:, start : start + size]
            start += size
            if kind not in PLACED + ROTATED:
                features.append(entry / self._length_scale)
                continue
            position, rotation = entry[:, :3], _rotation(entry[:, -4:]) if kind in ROTATED else None
            if index == 0 and kind in PLACED:
                position, rotation, angles = self._turn_back(position, rotation)
                for joint, angle in angles.items():
                    offsets[:, joint] = angle
                waves = [wave(angle)[:, None] for angle in angles.values() for wave in WAVES]
            if kind in PLACED:
                features.append(position / self._length_scale)
            if rotation is not None:
                features += [rotation[:, :, 0], rotation[:, :, 1]]
        return np.concatenate(features + waves, axis=1), offsets

    def tool_directions(self, poses: np.ndarray) -> np.ndarray:
        """Return the last joint's axis of each pose (B, 7), with the target at azimuth zero."""
        _, rotation, _ = self._turn_back(poses[:, :3], _rotation(poses[:, 3:]))
        return np.empty((0, 3)) if rotation is None else rotation[:, :, 2]

    def _turn_back(
        self, position: np.ndarray, rotation: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray | None, dict[int, np.ndarray]]:
        """Turn the target to azimuth zero and its last axis to a standard spin.

        Returns:
            Position (B, 3) and rotation (B, 3, 3) of the last joint's frame in the first one's,
            turned back, and the angle (B,) of each joint that was turned.
        """
        angles: dict[int, np.ndarray] = {}
        if self._last is not None and rotation is not None:
            position = position + rotation @ self._T_tip_last[:3, 3]
            rotation = rotation @ self._T_tip_last[:3, :3]
        if self._first is not None:
            root = self._T_first_root[:3, :3]
            position = position @ root.T + self._T_first_root[:3, 3]
            azimuth = np.arctan2(position[:, 1], position[:, 0])
            turn = _rotation_z(-azimuth)
            position = (turn @ position[..., None])[..., 0]
            rotation = None if rotation is None else turn @ root @ rotation
            angles[self._first] = azimuth
        if self._last is not None and rotation is not None:
            standard = _shortest_rotation(self._pole_frame[:, 2], rotation[:, :, 2])
            standard = standard @ self._pole_frame
            x = (standard * rotation[:, :, :1]).sum(1)  # first column of standard^T rotation
            angles[self._last] = np.arctan2(x[:, 1], x[:, 0])
            rotation = standard
        return position, rotation, angles


def _rotation(quaternion: np.ndarray) -> np.ndarray:
    """Return rotation matrices (B, 3, 3) of quaternions x y z w (B, 4) of any length."""
    x, y, z, w = (quaternion / np.sqrt((quaternion**2).sum(1, keepdims=True))).T
    rows = [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)]
    rows += [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)]
    rows += [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)]
    return np.stack(rows, axis=-1).reshape(-1, 3, 3)


def _rotation_z(angle: np.ndarray) -> np.ndarray:
    """Return rotations (B, 3, 3) about z by angle (B,) [rad]."""
    c, s, zero, one = np.cos(angle), np.sin(angle), np.zeros_like(angle), np.ones_like(angle)
    return np.stack([c, -s, zero, s, c, zero, zero, zero, one], axis=-1).reshape(-1, 3, 3)


def _shortest_rotation(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return rotations (B, 3, 3) that carry the unit vector start (3,) to end (B, 3).

    Shortest way: R = I + [v]x + [v]x^2 / (1 + c), v = start x end, c = start . end; R jumps at
    end = -start.
    """
    (a, b, c), (p, q, r) = start, end.T
    x, y, z = b * r - c * q, c * p - a * r, a * q - b * p
    zero = np.zeros_like(x)
    V = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(-1, 3, 3)
    # 1 + c is 0 only for end = -start, where any half turn would do.
    scale = 1 / np.maximum(1 + end @ start, 1e-6)
    return np.eye(3) + V + scale[:, None, None] * (V @ V)


def _frame_about(axis: np.ndarray) -> np.ndarray:
    """Return some rotation (3, 3) whose z column is the unit vector axis."""
    x = np.cross(axis, np.eye(3)[np.abs(axis).argmin()])
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(axis, x), axis], axis=-1)
