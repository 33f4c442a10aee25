# SPDX-License-Identifier: Apache-2.0
"""The arms of the benchmark, each in a role, and what their contexts give."""

from dataclasses import dataclass

import numpy as np
import torch

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.documents.reach_document import reach_document
from vi_ik_ros.sampling.experts.objective_file import Objectives, load_objectives

TALOS = "example-robot-data:talos_data/robots/talos_reduced.urdf"


@dataclass(frozen=True)
class Task:
    """An arm whose tip is placed.

    Attributes:
        name: of the arm.
        position_only: whether the orientation is open.
        axes: coordinates of the position that are given; empty for all.
    """

    name: str
    position_only: bool = False
    axes: tuple[str, ...] = ()

    def objectives(self) -> Objectives:
        """Return the tip at the context's place, inside the joint limits."""
        robot = _LOADED.get(self.name, RobotModel.load)(self.name)
        document = reach_document(robot, position_only=self.position_only, axes=self.axes)
        return load_objectives(document, robot=robot, dtype=torch.float32)

    def contexts(self, poses: np.ndarray) -> np.ndarray:
        """Return the context rows (N, dc) that ask for poses (N, 7)."""
        if not self.position_only:
            return poses
        return poses[:, ["xyz".index(axis) for axis in self.axes or "xyz"]]


def talos_arm(name: str = "") -> RobotModel:
    """Load the left arm of Talos from its upper torso to its wrist, 7 joints."""
    del name
    return _locked_chain(TALOS, "torso_2_link", "wrist_left_ft_tool_link")


def talos_elbow(name: str = "") -> RobotModel:
    """Load shoulder and elbow of Talos, 4 joints: no pose of the lower arm leaves one open."""
    del name
    return _locked_chain(TALOS, "torso_2_link", "arm_left_4_link")


_LOADED = {"talos arm": talos_arm, "talos elbow": talos_elbow}
TASKS = (
    Task("panda"),
    Task("ur10"),
    Task("talos arm"),
    Task("planar10", position_only=True, axes=("x", "y")),
    Task("talos elbow"),
)


def _locked_chain(urdf: str, root: str, tip: str) -> RobotModel:
    """Load a robot with all joints locked but those between two links."""
    whole = RobotModel.load({"urdf": urdf, "root": root, "tip": tip})
    chain = {whole.joint_names[column] for column in whole.serial_chain().columns}
    locked = {
        name: float(np.clip(0.0, lower, upper))
        for name, lower, upper in zip(whole.joint_names, whole.lower, whole.upper, strict=True)
        if name not in chain
    }
    return RobotModel.load({"urdf": urdf, "root": root, "tip": tip, "locked": locked})
