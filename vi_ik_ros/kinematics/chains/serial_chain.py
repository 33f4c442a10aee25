# SPDX-License-Identifier: Apache-2.0
"""One path of joints from a root frame to a tip frame, as plain arrays."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SerialChain:
    """A serial chain whose joints all move along or about their own +z axis.

    T_root_tip(q) = prod_i (T_parent_joint[i] @ motion_z(q[i])) @ T_last_tip, so the axis of each
    joint is part of the placement before it. Joints of the robot that do not move the tip
    are not in the chain; `columns` says where the chain's joints stand in the configuration.

    Attributes:
        T_parent_joint: (n, 4, 4) placement of each joint frame in the frame after its predecessor.
        prismatic: (n,) bool; a revolute joint where False.
        T_last_tip: (4, 4) tip frame in the frame of the last joint.
        columns: (n,) int, column of each chain joint in the robot's configuration (nq,).
        lower, upper: (n,) joint limits [rad or m]; -pi and pi for a continuous joint.
        continuous: (n,) bool; such a joint is wrapped to [-pi, pi) instead of limited.
    """

    T_parent_joint: np.ndarray
    prismatic: np.ndarray
    T_last_tip: np.ndarray
    columns: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    continuous: np.ndarray
