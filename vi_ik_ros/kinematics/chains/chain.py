# SPDX-License-Identifier: Apache-2.0
"""Batched, differentiable kinematics of a joint tree, by torch."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from vi_ik_ros.exceptions import RobotError
from vi_ik_ros.kinematics.chains.joint_tree import BASE, WORLD
from vi_ik_ros.kinematics.chains.tree_motion import Motions, Placement, TreeMotion
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.kinematics.rotation import left_jacobian_so3


class Chain:
    """Forward kinematics, Jacobians and centre of mass of many configurations at once.

    Configurations are those of `RobotModel`, in the dtype and on the device given here. All results
    are in the robot's root frame and can be differentiated.

    Attributes:
        robot: The robot.
        frames: Names of the links that `forward` computes.
        lower, upper: (nq,) limits.
        continuous: (nq,) bool.
    """

    def __init__(
        self,
        robot: RobotModel,
        frames: Sequence[str],
        *,
        dtype: torch.dtype = torch.float64,
        device: torch.device | str = "cpu",
    ) -> None:
        """Fold the constants of the robot.

        Args:
            robot: The robot.
            frames: Links to compute; may be empty.
            dtype: float32 or float64.
            device: Where configurations will be.

        Raises:
            RobotError: If a frame is unknown.
        """
        if isinstance(frames, str):
            raise RobotError("frames", frames, "a sequence of links")
        self.robot, self.frames, self._tree = robot, tuple(frames), robot.tree
        root_joint, T_joint_root = robot.frame(robot.root)
        self._root_moves = root_joint != (WORLD if robot.floating_base else BASE)
        T_root_world = np.eye(4) if self._root_moves else np.linalg.inv(T_joint_root)
        self._motion = TreeMotion(robot.tree, T_root_world, dtype, torch.device(device))
        self.lower = self._motion.constant(robot.lower)
        self.upper = self._motion.constant(robot.upper)
        self.continuous = torch.as_tensor(robot.continuous, device=device)
        self._root = self._placement(robot.root)
        self._placements = [self._placement(name) for name in self.frames]
        self._needed = self._joints_behind(self._placements)
        joints = np.array([joint.type == "prismatic" for joint in self._tree.joints])
        straight = np.concatenate([np.arange(self._tree.num_base) < 3, joints])
        self._straight = torch.as_tensor(straight, device=device)
        self._set_masses()

    def forward(self, q: Tensor) -> Tensor:
        """Compute T_root_frame of each frame.

        Args:
            q: (B, nq) configurations.

        Returns:
            (B, F, 4, 4).
        """
        B = len(q)
        if not self.frames:
            return q.new_zeros(B, 0, 4, 4)
        motions = self._motion.run(q, self._needed)
        rows = torch.stack([motions.place(placement) for placement in self._placements])
        rows = rows.view(len(self.frames), 4, 3, B)
        if self._root_moves:
            p = rows[:, 3:] - self._root_origin(motions)
            rows = self._rotated(motions, torch.cat([rows[:, :3], p], 1))
        last = q.new_tensor([0.0, 0.0, 0.0, 1.0])[:, None, None].expand(len(rows), 4, 1, B)
        return torch.cat([rows, last], 2).permute(3, 0, 2, 1)

    def jacobian(self, q: Tensor, frame: str) -> Tensor:
        """Compute the derivative of a frame's motion by q.

        Args:
            q: (B, nq) configurations.
            frame: Any link.

        Returns:
            (B, 6, nv): linear, then angular velocity of the frame in the root frame, root's axes.
        """
        placement = self._placement(frame)
        with_frame, with_root = self._moved_by(placement.joint), self._moved_by(self._root.joint)
        columns = sorted(with_frame ^ with_root)  # a joint that moves both moves neither
        if not columns:
            return q.new_zeros(len(q), 6, self.robot.nv)
        motions = self._motion.run(q, self._joints_behind([placement]))
        axes, origins = self._axes(q, motions, columns)
        signs = [1.0 if column in with_frame else -1.0 for column in columns]
        axes = axes * q.new_tensor(signs)[:, None, None]
        arms = motions.place(placement)[3].view(3, -1) - origins
        straight = self._straight[columns][:, None, None]
        linear = torch.where(straight, axes, torch.linalg.cross(axes, arms, dim=1))
        J = torch.stack([linear, axes.masked_fill(straight, 0.0)], 1)  # (m, 2, 3, B)
        J = self._rotated(motions, J).flatten(1, 2)
        full = q.new_zeros(self.robot.nv, 6, len(q))
        return full.index_copy(0, torch.tensor(columns, device=q.device), J).permute(2, 1, 0)

    def center_of_mass(self, q: Tensor) -> Tensor:
        """Compute the centre of mass (B, 3) of all moving links [m].

        Links that are fixed to the world (the base link of an arm) do not count, as in pinocchio.
        """
        motions = self._motion.run(q, range(len(self._tree.joints)))
        center = self._body_centers(motions).sum(0).view(1, 1, 3, len(q))
        if self._root_moves:
            center = self._rotated(motions, center - self._root_origin(motions))
        return center[0, 0].T

    def center_of_mass_jacobian(self, q: Tensor) -> Tensor:
        """Compute the derivative of the centre of mass by q, (B, 3, nv)."""
        motions = self._motion.run(q, range(len(self._tree.joints)))
        centers = self._body_centers(motions)  # (K, 3 B)
        columns = range(self.robot.nv)
        axes, origins = self._axes(q, motions, columns)
        with_root = self._moved_by(self._root.joint)
        root = q.new_tensor([float(column in with_root) for column in columns])[:, None]
        # a column moves the share of the mass that it carries, and all of it against the root
        moved = self._carries @ centers - root * centers.sum(0)  # (nv, 3 B)
        share = (self._shares - root)[:, :, None]
        arms = moved.view(len(columns), 3, -1) - share * origins
        straight = self._straight[:, None, None]
        J = torch.where(straight, share * axes, torch.linalg.cross(axes, arms, dim=1))
        return self._rotated(motions, J[:, None])[:, 0].permute(2, 1, 0)

    def _placement(self, frame: str) -> Placement:
        """Fold a link."""
        return self._motion.placement(*self.robot.frame(frame))

    def _joints_behind(self, placements: Sequence[Placement]) -> list[int]:
        """List the joints that move the placements or the root, parents first."""
        ends = {placement.joint for placement in (self._root, *placements)}
        return sorted({joint for end in ends for joint in self._tree.ancestors(end)})

    def _moved_by(self, joint: int) -> set[int]:
        """Name the columns of q that move what is attached to a joint."""
        num_base = self._tree.num_base
        base = set(range(num_base)) if joint != WORLD else set()
        return base | {num_base + ancestor for ancestor in self._tree.ancestors(joint)}

    def _axes(self, q: Tensor, motions: Motions, columns: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Compute axis and a point of it for each column of q, both (m, 3, B)."""
        num_base, rows = self._tree.num_base, []
        for column in columns:
            if column >= num_base:
                rows.append(motions.before[column - num_base][2:].view(2, 3, -1))
        if num_base and columns[0] < num_base:
            rows = [*self._base_axes(q), *rows]
        axes_origins = torch.stack(rows)
        return axes_origins[:, 0], axes_origins[:, 1]

    def _base_axes(self, q: Tensor) -> Tensor:
        """Compute axes and origins (6, 2, 3, B) of the coordinates of a floating base."""
        B = len(q)
        straight = torch.eye(3, dtype=q.dtype, device=q.device)[:, :, None].expand(3, 3, B)
        turning = self._motion.nominal @ left_jacobian_so3(q[:, 3:6])  # (B, 3, 3)
        axes = torch.cat([straight, turning.permute(2, 1, 0)])
        return torch.stack([axes, q[:, :3].T.expand(6, 3, B)], 1)

    def _root_origin(self, motions: Motions) -> Tensor:
        """Compute the origin (3, B) of the root in the world."""
        return motions.place(self._root)[3].view(3, -1)

    def _rotated(self, motions: Motions, vectors: Tensor) -> Tensor:
        """Turn vectors (m, r, 3, B) from the axes of the world to those of the root."""
        if not self._root_moves:
            return vectors
        R = motions.place(self._root)[:3].view(3, 3, -1)
        return torch.einsum("kib,mrib->mrkb", R, vectors)

    def _set_masses(self) -> None:
        """Fold the share of each body in the whole mass and centre."""
        tree, nv = self._tree, self.robot.nv
        bodies = [(i, joint.mass, joint.center) for i, joint in enumerate(tree.joints)]
        if tree.num_base:
            bodies.append((BASE, tree.base_mass, tree.base_center))
        masses = np.array([mass for _, mass, _ in bodies])
        fractions = masses / max(masses.sum(), 1e-12)  # a robot without mass: centre at the root
        self._bodies = [
            self._motion.combination(joint, fraction * np.array([[*center, 1.0]]))
            for (joint, _, center), fraction in zip(bodies, fractions, strict=True)
        ]
        moved_by = [self._moved_by(joint) for joint, _, _ in bodies]
        carries = np.array([[float(c in columns) for columns in moved_by] for c in range(nv)])
        self._carries = self._motion.constant(carries)
        self._shares = self._motion.constant(carries @ fractions)[:, None]

    def _body_centers(self, motions: Motions) -> Tensor:
        """Compute each body's centre times its share of the mass, (K, 3 B)."""
        return torch.cat([motions.place(body) for body in self._bodies])
