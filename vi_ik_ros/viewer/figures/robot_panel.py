# SPDX-License-Identifier: Apache-2.0
"""Robots in three dimensions: a few in full colour, many more transparent about them."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from vi_ik_ros.viewer.capsules import Capsules
from vi_ik_ros.viewer.figures.canvas import bare
from vi_ik_ros.viewer.render import Camera, overlay, render


def looking_from(azimuth: float, elevation: float, pixels: tuple[int, int]) -> Camera:
    """Return a camera at angles about z and above the floor [rad]."""
    flat = np.cos(elevation)
    direction = np.array([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)])
    return Camera(np.zeros(3), direction, pixels=pixels)


def draw_robots(
    axes: Axes,
    solid: Capsules,
    cloud: Sequence[Capsules],
    camera: Camera,
    *,
    alpha: float,
    floor_radius: float = 1.2,
) -> None:
    """Draw a picture in a panel.

    Args:
        axes: where.
        solid: what stands on the floor in front, with shadows.
        cloud: robots, or groups of them, one over the other.
        camera: see `framed`.
        alpha: of each part of the cloud.
        floor_radius: of the floor [m].
    """
    picture = render(solid, camera, floor_radius=floor_radius)
    for part in cloud:
        picture = overlay(picture, part, camera, alpha=alpha)
    picture = overlay(picture, solid, camera, alpha=0.85)
    axes.imshow(picture, interpolation="antialiased")
    bare(axes)
