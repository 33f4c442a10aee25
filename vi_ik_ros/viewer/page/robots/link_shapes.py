# SPDX-License-Identifier: Apache-2.0
"""Rigid shapes on the links of a robot, and where they are in each configuration."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.kinematics.chains.joint_tree import BASE, WORLD
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.viewer.body import joint_frames


@dataclass(frozen=True)
class LinkShape:
    """Triangles that move with one joint.

    Attributes:
        name: unique among the shapes of a robot.
        joint: index in the robot's `tree.joints`, BASE or WORLD.
        T_joint_shape: (4, 4).
        vertices: (V, 3) in the frame of the shape [m].
        faces: (F, 3) int, three vertices each.
    """

    name: str
    joint: int
    T_joint_shape: np.ndarray
    vertices: np.ndarray
    faces: np.ndarray

    def stands_still(self, robot: RobotModel) -> bool:
        """Tell whether no joint moves it, so that it is the same in all configurations."""
        return self.joint == WORLD or (self.joint == BASE and not robot.floating_base)


def shape_poses(robot: RobotModel, shapes: Sequence[LinkShape], q: np.ndarray) -> list[np.ndarray]:
    """Place shapes in the robot's root frame.

    Args:
        robot: the robot.
        shapes: of its links.
        q: (n, nq) configurations [rad or m].

    Returns:
        T_root_shape (n, 4, 4) of each shape; (1, 4, 4) of one that stands still.
    """
    T_world_base, T_world_joint = joint_frames(robot.tree, np.asarray(q, dtype=np.float64))
    T_world = np.concatenate([T_world_base[:, None], T_world_joint], axis=1)  # (n, 1 + J, 4, 4)
    joint, T_joint_root = robot.frame(robot.root)
    if joint != WORLD:
        T_world = np.linalg.inv(T_world[:, joint + 1] @ T_joint_root)[:, None] @ T_world
    poses = []
    for shape in shapes:
        moved = (
            shape.T_joint_shape[None]
            if shape.joint == WORLD
            else (T_world[:, shape.joint + 1] @ shape.T_joint_shape)
        )
        poses.append(moved[:1] if shape.stands_still(robot) else moved)
    return poses
