# SPDX-License-Identifier: Apache-2.0
"""How far a tool may have to leave the pose where its episode begins."""

import itertools
from dataclasses import dataclass
from typing import Self

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.pose import pose_to_matrix
from vi_ik_ros.skills.plants.scene import Scene
from vi_ik_ros.skills.plants.vectors.rotation_vectors import exp_so3

SIGMAS = 3.0  # of a normal uncertainty that count


@dataclass(frozen=True)
class DeviationBox:
    """Displacements along the task frame, and turns about its axes through the tip.

    Attributes:
        lower: (6,) the least x y z [m] and rotation vector [rad].
        upper: (6,) the largest.
    """

    lower: tuple[float, ...]
    upper: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse an empty box."""
        if len(self.lower) != 6 or len(self.upper) != 6:
            sizes = f"{len(self.lower)} and {len(self.upper)} numbers"
            raise InvalidInput("lower, upper", sizes, "6 each: x y z [m], rotation vector [rad]")
        if np.any(np.greater(self.lower, self.upper)):
            raise InvalidInput("lower", list(self.lower), f"nothing above {list(self.upper)}")

    @classmethod
    def of(cls, scene: Scene, *, travel: float, retraction: float) -> Self:
        """Return what a scene and a skill along its surface may ask of the tool.

        Along x there are the plate's uncertainty and the search, along y and about z the plate's
        uncertainty, along z the way down to the bottom of the recess and the way back.

        Args:
            scene: whose start, plate and uncertainty they are; the task's z is against the plate's.
            travel: of the search, along the task's x [m].
            retraction: off the surface, against the task's z [m].
        """
        unsure, T_base_plate = scene.uncertainty, pose_to_matrix(np.array(scene.plate.pose))
        above = np.array(scene.start[:3]) - T_base_plate[:3, 3]
        gap = float(above @ T_base_plate[:3, 2])  # [m] from the tip to the surface
        y, z, yaw = (SIGMAS * std for std in (unsure.y_std, unsure.z_std, unsure.yaw_std))
        lower = (-unsure.x, -y, min(0.0, gap - z - retraction), 0.0, 0.0, -yaw)
        upper = (travel + unsure.x, y, gap + z + scene.recess.depth, 0.0, 0.0, yaw)
        return cls(lower, upper)

    def grid(self, num: int = 3) -> np.ndarray:
        """Return deviations (N, 6) on a grid over the box, its corners included.

        Args:
            num: values along each axis that has an extent, at least 2.
        """
        axes = [
            np.linspace(low, high, num if high > low else 1)
            for low, high in zip(self.lower, self.upper, strict=True)
        ]
        return np.array(list(itertools.product(*axes)))


def deviated(T_base_tcp: np.ndarray, R_base_task: np.ndarray, deviations: np.ndarray) -> np.ndarray:
    """Return poses (N, 4, 4) of the tool in the base.

    Args:
        T_base_tcp: (4, 4) where the episode begins.
        R_base_task: (3, 3) the task frame.
        deviations: (N, 6) along the task frame: x y z [m], rotation vector [rad].
    """
    poses = np.repeat(T_base_tcp[None], len(deviations), axis=0)  # (N, 4, 4)
    poses[:, :3, 3] += deviations[:, :3] @ R_base_task.T
    for T, turn in zip(poses, deviations[:, 3:] @ R_base_task.T, strict=True):
        T[:3, :3] = exp_so3(turn) @ T_base_tcp[:3, :3]
    return poses
