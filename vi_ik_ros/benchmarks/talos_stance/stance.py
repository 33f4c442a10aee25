# SPDX-License-Identifier: Apache-2.0
"""The humanoid Talos on both feet with its gripper at a point: how well configurations do it."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vi_ik_ros.kinematics.rotation import log_so3
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import Objectives, load_objectives

FEET, GRIPPER, BALANCE = ("left_foot", "right_foot"), "left_gripper", "balance"
FREE_ARM = "arm_right"  # joints whose names begin so hold nothing
CHUNK = 5000
REGULAR = 1e-9  # added to J J^T of a Newton step


@dataclass(frozen=True)
class StanceErrors:
    """How N configurations stand.

    Attributes:
        feet: (N, 2), distance of both feet from their targets [m].
        gripper: (N,), of the gripper [m].
        margin: (N,), how far the centre of mass is inside the support region, < 0 outside [m].
    """

    feet: np.ndarray
    gripper: np.ndarray
    margin: np.ndarray

    @property
    def balanced(self) -> np.ndarray:
        """Whether the centre of mass is inside the region, (N,) bool."""
        return self.margin > 0.0


class Stance:
    """Objectives of a stance, and what their figures are measured with.

    Attributes:
        objectives: the target.
        free_arm: columns of the joints that hold nothing.
        uniform_std: (7,), std of uniform draws of their limits [rad].
    """

    def __init__(self, name: str = "talos_stance") -> None:
        """Read one of the shipped files with objectives named as above."""
        path = share_dir() / "config" / "objectives" / f"{name}.yaml"
        self.objectives: Objectives = load_objectives(path)
        self.product = self.objectives.product
        robot = self.objectives.robot
        self.free_arm = [i for i, n in enumerate(robot.joint_names) if n.startswith(FREE_ARM)]
        self.uniform_std = (robot.upper - robot.lower)[self.free_arm] / 12**0.5
        names = (*FEET, GRIPPER)
        self._balance = self.product.expert(BALANCE)
        self._frames = [self.product.expert(name).transform.frames[0] for name in names]
        self._targets = torch.stack([self._mean(name) for name in names])  # (3, 3)
        self._columns = [self.product.chain.frames.index(frame) for frame in self._frames]

    def errors(self, q: np.ndarray) -> StanceErrors:
        """Measure configurations (N, 34)."""
        parts = [self._errors(part) for part in torch.from_numpy(q).split(CHUNK)]
        distances, margin = (torch.cat(column).numpy() for column in zip(*parts, strict=True))
        return StanceErrors(distances[:, :2], distances[:, 2], margin)

    def projected(self, q: np.ndarray, steps: int) -> np.ndarray:
        """Take Newton steps towards both feet's poses and the gripper's position at once."""
        parts = []
        for part in torch.from_numpy(q).split(CHUNK):
            for _ in range(steps):
                part = self._newton_step(part)
            parts.append(part)
        return torch.cat(parts).numpy()

    def log_target(self, q: np.ndarray) -> np.ndarray:
        """Return log p~ (N,) of configurations (N, 34)."""
        with torch.no_grad():
            parts = torch.from_numpy(q).split(CHUNK)
            return np.concatenate([self.product.log_density(part).numpy() for part in parts])

    def least_spread(self, q: np.ndarray) -> float:
        """Return the least std of a free joint in draws q (N, 34), in stds of uniform draws."""
        return float((q[:, self.free_arm].std(0) / self.uniform_std).min())

    def _mean(self, name: str) -> Tensor:
        """Return where an objective wants its frame, (3,) [m]."""
        return self.product.expert(name).density.mean[:3]  # type: ignore[attr-defined]

    def _errors(self, q: Tensor) -> tuple[Tensor, Tensor]:
        """Return distances (n, 3) of feet and gripper, and margins (n,) of the balance."""
        with torch.no_grad():
            state = self.product.state(q)
            offset = self._balance.transform(state)  # (n, 2)
            positions = [state.T_root_frame[frame][:, :3, 3] for frame in self._frames]
        distances = (torch.stack(positions, 1) - self._targets).norm(dim=2)
        region = self._balance.density
        margin = region.upper - offset @ region.directions.mT  # type: ignore[attr-defined]
        return distances, margin.amin(1)

    def _newton_step(self, q: Tensor) -> Tensor:
        """Return q - J^+ residual, (n, 34)."""
        chain = self.product.chain
        T = chain.forward(q)[:, self._columns]  # (n, 3, 4, 4)
        moves = self._targets - T[:, :, :3, 3]
        turns = -log_so3(T[:, :2, :3, :3])  # the feet's targets are not turned
        residual = torch.cat([moves.flatten(1), turns.flatten(1)], 1)  # (n, 15)
        J = torch.stack([chain.jacobian(q, frame) for frame in self._frames], 1)
        J = torch.cat([J[:, :, :3].flatten(1, 2), J[:, :2, 3:].flatten(1, 2)], 1)  # (n, 15, 34)
        identity = torch.eye(J.shape[1], dtype=q.dtype)
        weights = torch.linalg.solve(J @ J.mT + REGULAR * identity, residual[..., None])
        return q + (J.mT @ weights)[..., 0]
