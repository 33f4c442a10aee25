# SPDX-License-Identifier: Apache-2.0
"""Planar arms as chains of rounded links, many of them at once."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from vi_ik_ros.viewer.figures.canvas import INK, LINE, PAPER, bare

WIDTH = 4.5  # [pt] of a link
JOINT = 0.55  # diameter of the dot at a joint, in widths


def draw_arms(
    axes: Axes,
    points: np.ndarray,
    colors: np.ndarray | str,
    *,
    alpha: float = 1.0,
    width: float = WIDTH,
) -> None:
    """Draw arms.

    Args:
        axes: where.
        points: (n, P, 2) base, joints and tip of every arm [m].
        colors: (n, 3) or one for all.
        alpha: of every arm, 1 for opaque.
        width: of a link [pt].
    """
    lines = LineCollection(
        list(points), colors=colors, linewidths=width, alpha=alpha, capstyle="round",
        joinstyle="round",
    )  # fmt: skip
    axes.add_collection(lines)
    if alpha >= 1.0:
        joints = points[:, :-1].reshape(-1, 2)
        axes.scatter(
            joints[:, 0], joints[:, 1], s=(JOINT * width) ** 2, color=PAPER, linewidths=0, zorder=3
        )


def draw_target(axes: Axes, place: Sequence[float], color: str, std: float) -> None:
    """Draw a point that a hand is asked for, with a circle of two stds [m]."""
    angle = np.linspace(0.0, 2.0 * np.pi, 100)
    circle = np.array(place) + 2.0 * std * np.stack([np.cos(angle), np.sin(angle)], -1)
    axes.fill(*circle.T, color=color, alpha=0.25, zorder=4, linewidth=0)
    axes.plot(*circle.T, color=color, linewidth=1.4, zorder=4)
    axes.plot(*place, "+", color=INK, markersize=9, markeredgewidth=1.6, zorder=5)


def draw_ground(axes: Axes, low: Sequence[float], high: Sequence[float]) -> None:
    """Show the plane from one corner to the other, with a base at the origin."""
    bare(axes)
    axes.axhline(0.0, color=LINE, linewidth=1.0, zorder=0)
    axes.axvline(0.0, color=LINE, linewidth=1.0, zorder=0)
    axes.plot(0.0, 0.0, "o", color=INK, markersize=9, zorder=4)
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])
    axes.set_aspect("equal", adjustable="datalim")
