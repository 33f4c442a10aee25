# SPDX-License-Identifier: Apache-2.0
"""Sampled robots as lines and spheres, plain data that any viewer can show."""

from dataclasses import dataclass

import numpy as np

from vi_ik_ros.kinematics.serial_chain import SerialChain
from vi_ik_ros.viewer.palette import component_colors
from vi_ik_ros.viewer.skeleton import skeleton


@dataclass(frozen=True)
class RobotMarkers:
    """n arms to draw.

    Attributes:
        points: (n, P, 3) root, joints and tip of each arm in the root frame [m]; a line joins them.
        colors: (n, 3) red, green, blue in [0, 1], one colour for each mixture component.
        width: width of the lines; the spheres at the joints are twice as wide [m].
    """

    points: np.ndarray
    colors: np.ndarray
    width: float


def robot_markers(chain: SerialChain, q: np.ndarray, component: np.ndarray) -> RobotMarkers:
    """Draw configurations.

    Args:
        chain: the chain to draw, from the root of the robot to its tip.
        q: (n, nq) configurations of the whole robot [rad or m].
        component: (n,) mixture component of each.
    """
    points = skeleton(chain, q).points
    reach = np.linalg.norm(np.diff(points[0], axis=0), axis=-1).sum() if len(points) else 0.0
    return RobotMarkers(points, component_colors(component), 0.012 * float(reach))
