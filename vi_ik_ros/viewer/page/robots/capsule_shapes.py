# SPDX-License-Identifier: Apache-2.0
"""Any robot as capsules from joint to joint: few triangles, whatever its URDF shows."""

import numpy as np
import trimesh

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.viewer.body import SHORTEST, end_links, link_radius
from vi_ik_ros.viewer.page.robots.link_shapes import LinkShape

ALONG, AROUND = 6, 8  # vertices of a capsule from pole to pole, and about it
UP = (0.0, 0.0, 1.0)


def capsule_shapes(robot: RobotModel) -> tuple[LinkShape, ...]:
    """Return a capsule from each joint to the next ones, and to the end of each limb."""
    tree = robot.tree
    segments = [
        (f"to_{joint.name}", joint.parent, joint.T_parent_joint[:3, 3]) for joint in tree.joints
    ]
    for link in end_links(tree):
        joint, T_joint_link = tree.frames[link]
        segments.append((f"to_link_{link}", joint, T_joint_link[:3, 3]))
    return tuple(
        _capsule(name, joint, end, link_radius(tree, joint, float(np.linalg.norm(end))))
        for name, joint, end in segments
        if np.linalg.norm(end) > SHORTEST
    )


def _capsule(name: str, joint: int, end: np.ndarray, radius: float) -> LinkShape:
    """Return a capsule from the origin of a joint's frame to a point (3,) in it."""
    length = float(np.linalg.norm(end))
    mesh = trimesh.creation.capsule(length, radius, count=[ALONG, AROUND])  # about its middle
    T_joint_shape = np.array(trimesh.geometry.align_vectors(UP, end / length))
    T_joint_shape[:3, 3] = 0.5 * end
    return LinkShape(
        name, joint, T_joint_shape, np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces)
    )
