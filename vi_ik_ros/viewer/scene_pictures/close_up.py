# SPDX-License-Identifier: Apache-2.0
"""Where to look at a tip and a recess from, in the frame of the plate, in millimetres."""

import math
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.skills.plants.scene import Scene
from vi_ik_ros.viewer.scene_pictures.picture_model import FIELD_OF_VIEW, MILLIMETRES, section

AZIMUTH, ELEVATION = 60.0, -20.0  # [deg]: mostly along y, a little from above
BESIDE, ABOVE, BELOW = 3.2, 4.2, 2.6  # [mm] of room around tip and recess
FARTHEST = 16.0  # [mm], from tip to recess, while the recess is kept in the picture


@dataclass(frozen=True)
class CloseUp:
    """A view of tip and recess.

    Attributes:
        center: (3,) of the picture, on the section through the plate [mm].
        height: of what is seen there [mm].
    """

    center: np.ndarray
    height: float

    @property
    def distance(self) -> float:
        """Of the camera from the centre [mm]."""
        return 0.5 * self.height / math.tan(math.radians(0.5 * FIELD_OF_VIEW))


def close_up(scene: Scene, tip: np.ndarray, aspect: float) -> CloseUp:
    """Look at tip and recess, from as near as both allow.

    Args:
        scene: whose recess it is.
        tip: (3,) of the tool [mm].
        aspect: width over height of the picture.
    """
    x, _, z = tip.tolist()
    edge = 0.5 * MILLIMETRES * scene.recess.width
    left = min(x, max(-edge, x - FARTHEST)) - BESIDE
    right = max(x, min(edge, x + FARTHEST)) + BESIDE
    low, high = -MILLIMETRES * scene.recess.depth - BELOW, max(z, 0.0) + ABOVE
    center = np.array([0.5 * (left + right), section(scene), 0.5 * (low + high)])
    return CloseUp(center, max(high - low, (right - left) / aspect))


def before_section(scene: Scene, point: np.ndarray, room: float) -> np.ndarray:
    """Move a point (3,) towards the camera, until it is `room` before the section [mm]."""
    a, e = math.radians(AZIMUTH), math.radians(ELEVATION)
    ahead = np.array([math.cos(e) * math.cos(a), math.cos(e) * math.sin(a), math.sin(e)])
    behind = max(0.0, float(point[1]) - section(scene) + room)
    return point - behind / ahead[1] * ahead
