# SPDX-License-Identifier: Apache-2.0
"""Densities over two joints: as an image with isolines, components as outlines on it."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from vi_ik_ros.sampling.models.component_mixture import ComponentMixture
from vi_ik_ros.viewer.figures.canvas import DENSITY, INK, labelled
from vi_ik_ros.viewer.palette import component_colors

GAMMA = 0.6  # of the image: what is faint stays visible
ISOLINES = (0.5, 2.0, 8.0, 32.0, 128.0)  # nats below the mode
RADIUS = 2.0  # stds, of the outlines
NUM_POINTS = 200


@dataclass(frozen=True)
class Plane:
    """A grid over two joints.

    Attributes:
        first: (N,) midpoints of the cells, the joint that is drawn across [rad].
        second: (M,) the same, upwards.
    """

    first: np.ndarray
    second: np.ndarray

    @classmethod
    def around(cls, lower: np.ndarray, upper: np.ndarray, cells: int, margin: float) -> "Plane":
        """Cover joint limits (2,) and a margin [rad] with square-ish cells, `cells` upwards."""
        low, high = lower - margin, upper + margin
        across = max(2, round(cells * (high[0] - low[0]) / (high[1] - low[1])))
        sides = zip(low, high, (across, cells), strict=True)
        return cls(*(a + (b - a) * (np.arange(n) + 0.5) / n for a, b, n in sides))

    @property
    def q(self) -> np.ndarray:
        """Return the midpoints (M N, 2), row after row."""
        return np.stack(np.meshgrid(self.first, self.second), -1).reshape(-1, 2)


def draw_density(
    axes: Axes,
    plane: Plane,
    log_density: np.ndarray,
    *,
    lines: bool = False,
    strength: float = 1.0,
) -> None:
    """Draw a density.

    Args:
        axes: where.
        plane: the grid.
        log_density: (M N,) of `plane.q`, up to a constant.
        lines: draw isolines of the log density too.
        strength: of the colours, 1 for the full range.
    """
    below = (log_density - log_density.max()).reshape(len(plane.second), -1)
    step = 0.5 * (plane.first[1] - plane.first[0]), 0.5 * (plane.second[1] - plane.second[0])
    extent = (
        plane.first[0] - step[0],
        plane.first[-1] + step[0],
        plane.second[0] - step[1],
        plane.second[-1] + step[1],
    )
    image = strength * np.exp(below) ** GAMMA
    axes.imshow(image, origin="lower", extent=extent, cmap=DENSITY, vmin=0, vmax=1, aspect="auto")
    if lines:
        levels = [-level for level in reversed(ISOLINES)]
        axes.contour(
            plane.first, plane.second, below, levels, colors=INK, linewidths=0.6, alpha=0.35,
            linestyles="solid",
        )  # fmt: skip
    axes.set_autoscale_on(False)
    labelled(axes, "joint 1 [rad]", "joint 2 [rad]")


def draw_components(axes: Axes, mixture: ComponentMixture) -> None:
    """Draw the outline of every component of a mixture over two joints, at two stds."""
    angle = np.linspace(0.0, 2.0 * np.pi, NUM_POINTS)
    circle = RADIUS * np.stack([np.cos(angle), np.sin(angle)], -1)
    which = np.arange(mixture.num_components)
    for k, color in zip(which, component_colors(which), strict=True):
        outline = mixture.image(circle, np.full(len(circle), k))
        axes.plot(*outline.T, color=color, linewidth=1.8)
