# SPDX-License-Identifier: Apache-2.0
"""A whole robot as capsules: every link as thick as its mass makes it."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from vi_ik_ros.kinematics.chains.joint_tree import BASE, JointTree
from vi_ik_ros.viewer.capsules import Capsules

DENSITY = 900.0  # [kg/m^3]
THINNEST, THICKEST = 0.028, 0.085  # radius [m]
SHORTEST = 0.01  # [m]; nothing is drawn between joints that are nearer
GREY = np.array([0.60, 0.63, 0.68])


def joint_frames(tree: JointTree, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Place the base (n, 4, 4) and all joints (n, J, 4, 4) of configurations q (n, nq).

    A joint's frame moves with it, so links that are attached to it stand still in it.
    """
    T_root_base = np.tile(tree.T_world_nominal if tree.num_base else np.eye(4), (len(q), 1, 1))
    if tree.num_base:
        T_root_base[:, :3, 3] = q[:, :3]
        T_root_base[:, :3, :3] @= Rotation.from_rotvec(q[:, 3:6]).as_matrix()
    frames: list[np.ndarray] = []
    for i, joint in enumerate(tree.joints):
        T_root_parent = T_root_base if joint.parent == BASE else frames[joint.parent]
        value, T_motion = q[:, tree.num_base + i], np.tile(np.eye(4), (len(q), 1, 1))
        if joint.type == "prismatic":
            T_motion[:, 2, 3] = value
        else:
            T_motion[:, :3, :3] = Rotation.from_rotvec(np.outer(value, [0, 0, 1])).as_matrix()
        frames.append(T_root_parent @ joint.T_parent_joint @ T_motion)
    return T_root_base, np.stack(frames, 1)


def end_links(tree: JointTree) -> tuple[str, ...]:
    """Name where limbs end: of each joint and the base the farthest link, if no joint is beyond."""
    farthest: dict[int, tuple[float, str]] = {}
    for name, (place, T_place_link) in tree.frames.items():
        distance = float(np.linalg.norm(T_place_link[:3, 3]))
        if place >= BASE and distance > farthest.get(place, (SHORTEST, ""))[0]:
            farthest[place] = (distance, name)
    for joint in tree.joints:
        reach, _ = farthest.get(joint.parent, (np.inf, ""))
        if np.linalg.norm(joint.T_parent_joint[:3, 3]) >= reach:
            del farthest[joint.parent]
    return tuple(name for _, name in farthest.values())


def body_capsules(
    tree: JointTree, q: np.ndarray, colors: Mapping[str, np.ndarray], ends: Sequence[str] = ()
) -> Capsules:
    """Draw n robots: a capsule from each joint to the next one, and to some links beyond.

    Args:
        tree: the robot.
        q: (n, nq) configurations.
        colors: beginning of a joint's name to the colour (3,) of what moves with it; grey where
            there is none.
        ends: links to draw to, such as hands and feet.
    """
    T_root_base, frames = joint_frames(tree, q)

    def place(joint: int) -> np.ndarray:
        return T_root_base if joint == BASE else frames[:, joint]

    segments = [(joint.parent, frames[:, i, :3, 3]) for i, joint in enumerate(tree.joints)]
    for name in ends:
        joint, T_joint_link = tree.frames[name]
        segments.append((joint, (place(joint) @ T_joint_link)[:, :3, 3]))
    parts = []
    for parent, end in segments:
        start = place(parent)[:, :3, 3]
        length = float(np.linalg.norm(end[0] - start[0]))
        if length > SHORTEST:
            radius, color = link_radius(tree, parent, length), _color(tree, parent, colors)
            shape = (len(q), 1)
            parts.append(Capsules(start, end, np.full(len(q), radius), np.tile(color, shape)))
    return Capsules.join(parts)


def link_capsules(
    tree: JointTree, q: np.ndarray, link: str, ends: np.ndarray, radius: float
) -> Capsules:
    """Draw a rod that is fixed to a link, such as a foot, in grey.

    Args:
        tree: the robot.
        q: (n, nq) configurations.
        link: its name.
        ends: (2, 3) of the rod, in the frame of the link [m].
        radius: [m].
    """
    T_root_base, frames = joint_frames(tree, q)
    joint, T_joint_link = tree.frames[link]
    T_root_link = (T_root_base if joint == BASE else frames[:, joint]) @ T_joint_link
    start, end = (T_root_link[:, :3, :3] @ point + T_root_link[:, :3, 3] for point in ends)
    return Capsules(start, end, np.full(len(q), radius), np.tile(GREY, (len(q), 1)))


def link_radius(tree: JointTree, joint: int, length: float) -> float:
    """Return the radius of a cylinder of a link's mass, within reason."""
    mass = tree.base_mass if joint == BASE else tree.joints[joint].mass
    radius = np.sqrt(max(mass, 0.0) / (DENSITY * np.pi * length))
    return float(np.clip(radius, THINNEST, THICKEST))


def _color(tree: JointTree, joint: int, colors: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the colour of what moves with a joint."""
    name = "" if joint == BASE else tree.joints[joint].name
    return next((color for start, color in colors.items() if name.startswith(start)), GREY)
