# SPDX-License-Identifier: Apache-2.0
"""The joint frames of many configurations at once, as few and small torch operations."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vi_ik_ros.kinematics.chains.joint_tree import BASE, WORLD, JointTree
from vi_ik_ros.kinematics.rotation import exp_so3


@dataclass(frozen=True)
class Placement:
    """A constant frame behind a joint, in the form that `Motions.place` multiplies with.

    Attributes:
        joint: Index in the tree, BASE or WORLD.
        turning: (r, 4), or None unless the joint is revolute.
        rest: (r, 2) behind a revolute joint, else (r, 4).
    """

    joint: int
    turning: Tensor | None
    rest: Tensor


@dataclass(frozen=True)
class Motions:
    """Joint frames of a batch.

    A batch of frames is a matrix of four rows, the columns x, y, z and p of T_world_frame, each
    with the samples side by side: (4, 3 B), entry i * B + b being coordinate i of sample b.

    Attributes:
        before: Joint to its frame before it moves; z is its axis, p its origin.
        after: Joint to what it carries: (None, rows x y z p), or, if it turned by an angle a,
            (rows x cos a, y cos a, x sin a, y sin a; rows z, p).
    """

    before: dict[int, Tensor]
    after: dict[int, tuple[Tensor | None, Tensor]]

    def place(self, placement: Placement) -> Tensor:
        """Compute the rows (r, 3 B) of a frame behind a joint."""
        turning, rest = self.after[placement.joint]
        if turning is None or placement.turning is None:
            return placement.rest @ rest
        return torch.addmm(placement.rest @ rest, placement.turning, turning)


class TreeMotion:
    """The constants of a joint tree, folded so that a joint costs two small matrix products.

    Attributes:
        nominal: (3, 3) R_world_base of a floating base at rotation vector zero.
    """

    def __init__(
        self, tree: JointTree, T_root_world: np.ndarray, dtype: torch.dtype, device: torch.device
    ) -> None:
        """Fold the constants.

        Args:
            tree: Joints and frames.
            T_root_world: (4, 4) put before everything.
            dtype: Of the constants and of configurations.
            device: Of the constants and of configurations.
        """
        self._tree, self._dtype, self._device = tree, dtype, device
        self._root_world = self.constant(T_root_world[:3].T)[:, :, None]  # (4, 3, 1)
        self.nominal = self.constant(tree.T_world_nominal[:3, :3])
        self._placements = [self.placement(j.parent, j.T_parent_joint) for j in tree.joints]

    def constant(self, values: np.ndarray) -> Tensor:
        """Make a tensor of the right dtype and device."""
        return torch.as_tensor(np.array(values), dtype=self._dtype, device=self._device)

    def placement(self, joint: int, T_joint_frame: np.ndarray) -> Placement:
        """Fold a frame behind a joint."""
        return self.combination(joint, T_joint_frame.T)

    def combination(self, joint: int, weights: np.ndarray) -> Placement:
        """Fold weighted sums of a moved joint's x, y, z and p.

        Args:
            joint: Index in the tree, BASE or WORLD.
            weights: (r, 4), one row for each sum.
        """
        x, y, z, p = weights.T
        if joint < 0 or self._tree.joints[joint].type == "prismatic":
            return Placement(joint, None, self.constant(weights))
        # the moved x is x cos + y sin, the moved y is y cos - x sin
        turning = self.constant(np.stack([x, y, -y, x], axis=1))
        return Placement(joint, turning, self.constant(np.stack([z, p], axis=1)))

    def run(self, q: Tensor, joints: Iterable[int]) -> Motions:
        """Move joints.

        Args:
            q: (B, nq) configurations.
            joints: Their indices, parents first and none missing.
        """
        B, num_base = len(q), self._tree.num_base
        world = self._root_world.expand(4, 3, B).reshape(4, 3 * B)
        after: dict[int, tuple[Tensor | None, Tensor]] = {WORLD: (None, world), BASE: (None, world)}
        if num_base:
            after[BASE] = None, self._base_rows(q)
        motions = Motions({}, after)
        angles = q[:, num_base:].T  # (n, B)
        cos_sin = torch.stack([angles.cos(), angles.sin()], 1)[:, :, None, None]  # (n, 2, 1, 1, B)
        for joint in joints:
            rows = motions.place(self._placements[joint])
            motions.before[joint] = rows
            if self._tree.joints[joint].type == "prismatic":
                p = rows[3:] + (rows[2].view(3, B) * angles[joint]).view(1, 3 * B)
                after[joint] = None, torch.cat([rows[:3], p])
            else:
                turning = (rows[:2].view(1, 2, 3, B) * cos_sin[joint]).view(4, 3 * B)
                after[joint] = turning, rows[2:]
        return motions

    def _base_rows(self, q: Tensor) -> Tensor:
        """Compute the rows (4, 3 B) of a floating base from its chart."""
        R = self.nominal @ exp_so3(q[:, 3:6])  # (B, 3, 3)
        return torch.cat([R.permute(2, 1, 0), q[:, :3].T[None]]).reshape(4, -1)
