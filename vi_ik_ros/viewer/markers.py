# SPDX-License-Identifier: Apache-2.0
"""Sampled robots as lines and spheres, plain data that any viewer can show."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.kinematics.chains.joint_tree import BASE, WORLD
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.viewer.body import SHORTEST, end_links, joint_frames
from vi_ik_ros.viewer.palette import component_colors, density_colors
from vi_ik_ros.viewer.skeleton import skeleton

WIDTH = 0.012  # of lines, as a part of the longest way from the root to an end
TRANSLUCENT = 0.25


@dataclass(frozen=True)
class RobotMarkers:
    """n robots to draw.

    Attributes:
        points: (n, P, 3) root, joints and ends of each robot in the root frame [m].
        segments: (S, 2) int, two points that a line joins; the one nearer to the root first.
        colors: (n, 3) red, green, blue in [0, 1] of each robot, by each of the ways to colour them:
            `component`, one for each mixture component, and `log_density`.
        opacity: (n,) in [0, 1]: the robot that stands out is solid.
        width: width of the lines; the spheres at the joints are twice as wide [m].
    """

    points: np.ndarray
    segments: np.ndarray
    colors: Mapping[str, np.ndarray]
    opacity: np.ndarray
    width: float

    @property
    def is_strip(self) -> bool:
        """Whether one line goes through all points in their order."""
        return np.array_equal(self.segments, _strip(self.points.shape[1]))


def robot_markers(
    robot: RobotModel, q: np.ndarray, component: np.ndarray, log_density: np.ndarray, solid: int = 0
) -> RobotMarkers:
    """Draw configurations: an arm from its root to its tip, any other robot with all its limbs.

    Args:
        robot: the robot.
        q: (n, nq) configurations [rad or m].
        component: (n,) mixture component of each.
        log_density: (n,) of each; NaN where it is not known.
        solid: the one that stands out; the others are translucent.
    """
    draw = _arm if _is_arm(robot) else _limbs
    points, segments = draw(robot, q)
    ready, _ = draw(robot, robot.ready[None])
    return RobotMarkers(
        points,
        segments,
        {"component": component_colors(component), "log_density": density_colors(log_density)},
        np.where(np.arange(len(q)) == solid, 1.0, TRANSLUCENT),
        WIDTH * _reach(ready[0], segments),
    )


def _is_arm(robot: RobotModel) -> bool:
    """Tell whether every joint lies between root and tip."""
    return not robot.floating_base and len(robot.serial_chain().columns) == robot.nq


def _arm(robot: RobotModel, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Place root, joints and tip of a chain, and join them in this order."""
    points = skeleton(robot.serial_chain(), q).points
    return points, _strip(points.shape[1])


def _limbs(robot: RobotModel, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Place base, joints and ends of a tree, and join them; joints at one place are one point."""
    tree = robot.tree
    T_world_base, T_world_joint = joint_frames(tree, q)
    T_world = np.concatenate([T_world_base[:, None], T_world_joint], axis=1)  # (n, 1 + J, 4, 4)
    point_of = {BASE: 0}  # of each joint
    points, segments = [T_world_base[:, :3, 3]], []
    for i, joint in enumerate(tree.joints):
        point_of[i] = point_of[joint.parent]
        if np.linalg.norm(joint.T_parent_joint[:3, 3]) > SHORTEST or joint.type == "prismatic":
            point_of[i] = len(points)
            segments.append((point_of[joint.parent], point_of[i]))
            points.append(T_world_joint[:, i, :3, 3])
    for name in end_links(tree):
        place, T_place_link = tree.frames[name]
        segments.append((point_of[place], len(points)))
        points.append((T_world[:, place + 1] @ T_place_link)[:, :3, 3])
    return _in_root(robot, np.stack(points, axis=1), T_world), np.array(segments)


def link_frames(robot: RobotModel, q: np.ndarray) -> dict[str, np.ndarray]:
    """Place all links of configurations q (n, nq): name -> T_root_link (n, 4, 4)."""
    T_world_base, T_world_joint = joint_frames(robot.tree, q)
    # Of joint -2, the world; -1, the base; and all others.
    T_world = np.concatenate(
        [np.tile(np.eye(4), (len(q), 1, 1, 1)), T_world_base[:, None], T_world_joint], axis=1
    )
    T_world_link = {
        name: T_world[:, place - WORLD] @ T_place_link
        for name, (place, T_place_link) in robot.tree.frames.items()
    }
    T_root_world = np.linalg.inv(T_world_link[robot.root])
    return {name: T_root_world @ T for name, T in T_world_link.items()}


def _in_root(robot: RobotModel, points: np.ndarray, T_world: np.ndarray) -> np.ndarray:
    """Turn points (n, P, 3) of the tree's own root into the robot's root frame.

    Args:
        robot: the robot.
        points: in the frame `world`, or of the base link where that stands still.
        T_world: (n, 1 + J, 4, 4) the base and all joints in the same frame.
    """
    joint, T_joint_root = robot.frame(robot.root)
    if joint == WORLD:
        return points
    T_world_root = T_world[:, joint + 1] @ T_joint_root
    return (points - T_world_root[:, None, :3, 3]) @ T_world_root[:, :3, :3]


def _strip(num_points: int) -> np.ndarray:
    """Return the segments of one line through all points."""
    return np.stack([np.arange(num_points - 1), np.arange(1, num_points)], axis=1)


def _reach(points: np.ndarray, segments: np.ndarray) -> float:
    """Return the longest way along segments from the first of the points (P, 3) [m]."""
    lengths = np.linalg.norm(points[segments[:, 1]] - points[segments[:, 0]], axis=1)
    way = np.zeros(len(points))
    for (start, end), length in zip(segments, lengths, strict=True):
        way[end] = way[start] + length
    return float(way.max())
