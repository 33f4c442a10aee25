# SPDX-License-Identifier: Apache-2.0
"""A robot's arm as points and axes: enough to draw it, whatever its URDF shows."""

from dataclasses import dataclass

import numpy as np

from vi_ik_ros.kinematics.chains.serial_chain import SerialChain


@dataclass(frozen=True)
class Skeleton:
    """Where the joints of one chain are, for B configurations.

    Attributes:
        points: (B, n + 2, 3) root, the n joints in order, tip, in the root frame [m].
        axes: (B, n, 3) unit vector of each joint's motion, in the root frame.
        prismatic: (n,) bool; a revolute joint where False.
    """

    points: np.ndarray
    axes: np.ndarray
    prismatic: np.ndarray


def skeleton(chain: SerialChain, q: np.ndarray) -> Skeleton:
    """Place the joints of a chain.

    Args:
        chain: the chain from its root to its tip.
        q: (B, nq) configurations of the whole robot [rad or m].
    """
    q_chain = np.atleast_2d(q)[:, chain.columns]
    T_root_frame = np.broadcast_to(np.eye(4), (len(q_chain), 4, 4))
    points, axes = [T_root_frame[:, :3, 3]], []
    for column, T_parent_joint in enumerate(chain.T_parent_joint):
        T_root_frame = T_root_frame @ T_parent_joint
        points.append(T_root_frame[:, :3, 3])
        axes.append(T_root_frame[:, :3, 2])
        T_root_frame = T_root_frame @ _motion(q_chain[:, column], bool(chain.prismatic[column]))
    points.append((T_root_frame @ chain.T_last_tip)[:, :3, 3])
    return Skeleton(np.stack(points, axis=1), np.stack(axes, axis=1), chain.prismatic)


def _motion(value: np.ndarray, prismatic: bool) -> np.ndarray:
    """Return the motion along or about z by each value, (B, 4, 4)."""
    T = np.tile(np.eye(4), (len(value), 1, 1))
    if prismatic:
        T[:, 2, 3] = value
        return T
    cos, sin = np.cos(value), np.sin(value)
    T[:, 0, 0], T[:, 0, 1], T[:, 1, 0], T[:, 1, 1] = cos, -sin, sin, cos
    return T
