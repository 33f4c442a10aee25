# SPDX-License-Identifier: Apache-2.0
"""The free joints of a robot as plain arrays, in the tree order of its URDF."""

import hashlib
import json
from dataclasses import dataclass

import numpy as np
import pinocchio as pin

from vi_ik_ros.exceptions import RobotError
from vi_ik_ros.kinematics.chains.serial_chain import SerialChain
from vi_ik_ros.kinematics.robot_description import RobotDescription
from vi_ik_ros.kinematics.urdf_tree import UrdfJoint, UrdfTree

BASE = -1  # parent of what is rigidly attached to the base link
WORLD = -2  # parent of the frame `world` of a robot with a floating base
BASE_COORDINATES = ("base_x", "base_y", "base_z", "base_rx", "base_ry", "base_rz")
_FLIP = np.diag([1.0, -1.0, -1.0, 1.0])  # half a turn about x: motion_z(-q) = F motion_z(q) F


@dataclass(frozen=True)
class TreeJoint:
    """One free joint, in a frame turned so that it moves along or about its own +z axis.

    Attributes:
        name: As in the URDF.
        type: revolute, continuous or prismatic.
        parent: Index of the free joint before it, or BASE.
        T_parent_joint: (4, 4) placement in the frame of the parent joint.
        mass: Of all links rigidly attached to it [kg].
        center: (3,) their centre of mass in the joint frame [m].
        lower, upper: Limits [rad or m]; -pi and pi when continuous.
    """

    name: str
    type: str
    parent: int
    T_parent_joint: np.ndarray
    mass: float
    center: np.ndarray
    lower: float
    upper: float


@dataclass(frozen=True)
class JointTree:
    """All free joints, parents first, and where the links stand on them.

    Attributes:
        joints: In tree order; joint i is coordinate num_base + i of a configuration.
        frames: Link to (index of its joint, BASE or WORLD; T_joint_link (4, 4)).
        num_base: 6 with a floating base, else 0.
        T_world_nominal: (4, 4) nominal pose of a floating base.
        base_mass, base_center: Those of the links on a floating base; 0 for a fixed one.
        tip: The link behind the most free joints, the first of them.
    """

    joints: tuple[TreeJoint, ...]
    frames: dict[str, tuple[int, np.ndarray]]
    num_base: int
    T_world_nominal: np.ndarray
    base_mass: float
    base_center: np.ndarray

    @property
    def root(self) -> str:
        """The default root: the root link, or `world` with a floating base."""
        return next(iter(self.frames))

    @property
    def tip(self) -> str:
        """The default tip: the last of the links behind the most free joints."""
        return max(self.frames, key=lambda name: len(self.ancestors(self.frames[name][0])))

    def ancestors(self, joint: int) -> list[int]:
        """List the joints that move joint `joint`, from the base to itself."""
        path = []
        while joint >= 0:
            path.append(joint)
            joint = self.joints[joint].parent
        return path[::-1]

    def serial_chain(self, root: str, tip: str) -> SerialChain:
        """Extract the joints between two frames, up from the root, then down to the tip.

        Raises:
            RobotError: If no joint or the floating base lies between them.
        """
        (root_joint, T_joint_root), (tip_joint, T_joint_tip) = self.frames[root], self.frames[tip]
        if (root_joint == WORLD) != (tip_joint == WORLD):
            raise RobotError("root", root, f"a link of the robot: its floating base moves {tip}")
        up, down = self.ancestors(root_joint), self.ancestors(tip_joint)
        while up and down and up[0] == down[0]:
            up, down = up[1:], down[1:]
        if not up and not down:
            raise RobotError("tip", tip, f"a link with a free joint between it and {root}")
        placements, T = [], np.linalg.inv(T_joint_root)
        for joint in reversed(up):
            placements.append(T @ _FLIP)
            T = _FLIP @ np.linalg.inv(self.joints[joint].T_parent_joint)
        for joint in down:
            placements.append(T @ self.joints[joint].T_parent_joint)
            T = np.eye(4)
        path = [self.joints[joint] for joint in (*reversed(up), *down)]
        return SerialChain(
            T_parent_joint=np.array(placements),
            prismatic=np.array([joint.type == "prismatic" for joint in path]),
            T_last_tip=T @ T_joint_tip,
            columns=np.array([*reversed(up), *down]) + self.num_base,
            lower=np.array([joint.lower for joint in path]),
            upper=np.array([joint.upper for joint in path]),
            continuous=np.array([joint.type == "continuous" for joint in path]),
        )

    def digest(self) -> str:
        """Hash names, types, placements and limits of the joints, rounded to 1e-9."""
        rows = []
        for joint in self.joints:
            numbers = [*joint.T_parent_joint[:3].ravel(), joint.lower, joint.upper]
            rows.append([joint.name, joint.type, joint.parent, _rounded(numbers)])
        base = _rounded(self.T_world_nominal) if self.num_base else []
        return hashlib.sha256(json.dumps([base, rows]).encode()).hexdigest()


def build_tree(model: pin.Model, urdf: UrdfTree, description: RobotDescription) -> JointTree:
    """Take the joints and frames out of a pinocchio model, in the order of the URDF.

    Args:
        model: Without locked joints; joint 1 is the free flyer of a floating base.
        urdf: The same robot's tree, which knows the order and the axes.
        description: For the base.

    Raises:
        RobotError: If the base floats and a link takes the name `world`.
    """
    if description.floating_base and "world" in urdf.links:
        raise RobotError("robot.floating_base", True, "a URDF that has no link named world")
    moving = [joint for joint in urdf.joints if model.existJointName(joint.name)]
    index = {model.getJointId(joint.name): i for i, joint in enumerate(moving)}
    floating = description.floating_base
    index |= {0: WORLD, 1: BASE} if floating else {0: BASE}
    align = {model.getJointId(joint.name): _alignment(joint.axis) for joint in moving}
    frames = {"world": (WORLD, np.eye(4))} if floating else {}
    for link in urdf.links:
        frame = model.frames[model.getFrameId(link, pin.FrameType.BODY)]
        T_joint_link = frame.placement.homogeneous
        joint_id = frame.parentJoint
        frames[link] = (index[joint_id], align.get(joint_id, np.eye(4)).T @ T_joint_link)
    pose = floating.nominal_pose if floating else (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    base = model.inertias[1] if floating else None
    return JointTree(
        joints=tuple(_tree_joint(model, joint, index, align) for joint in moving),
        frames=frames,
        num_base=6 if floating else 0,
        T_world_nominal=pin.XYZQUATToSE3(np.array(pose)).homogeneous,
        base_mass=float(base.mass) if base is not None else 0.0,
        base_center=np.array(base.lever) if base is not None else np.zeros(3),
    )


def _tree_joint(
    model: pin.Model, joint: UrdfJoint, index: dict[int, int], align: dict[int, np.ndarray]
) -> TreeJoint:
    """Gather one joint's numbers in the frame whose z is its axis."""
    joint_id = model.getJointId(joint.name)
    parent_id, inertia, T = model.parents[joint_id], model.inertias[joint_id], align[joint_id]
    T_parent_joint = align.get(parent_id, np.eye(4)).T @ model.jointPlacements[joint_id].homogeneous
    return TreeJoint(
        name=joint.name,
        type=joint.type,
        parent=index[parent_id],
        T_parent_joint=T_parent_joint @ T,
        mass=float(inertia.mass),
        center=T[:3, :3].T @ inertia.lever,
        lower=joint.lower,
        upper=joint.upper,
    )


def _alignment(axis: np.ndarray) -> np.ndarray:
    """Make the rotation (4, 4) that turns +z into `axis`."""
    T = np.eye(4)
    z = np.array([0.0, 0.0, 1.0])
    T[:3, :3] = pin.Quaternion.FromTwoVectors(z, axis).toRotationMatrix()
    return T


def _rounded(values: np.ndarray | list[float]) -> list[float]:
    """Round to 1e-9, without negative zeros."""
    return (np.round(np.asarray(values, dtype=np.float64), 9) + 0.0).ravel().tolist()
