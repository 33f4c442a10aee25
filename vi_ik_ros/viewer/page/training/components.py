# SPDX-License-Identifier: Apache-2.0
"""Where the components of a model are, seen in the plane of two joints."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from vi_ik_ros.sampling.warm_start.solver import SampleAnswer
from vi_ik_ros.viewer.figures.canvas import FAINT, labelled
from vi_ik_ros.viewer.page.figure_image import panels
from vi_ik_ros.viewer.palette import component_colors

NUM_DRAWS = 4_000  # that components are measured by, whatever their family
LEAST = 8  # draws of a component, or it is not drawn
DEVIATIONS = 2.0  # half axes of an ellipse
SIZE = 4.6  # [in]


@dataclass(frozen=True)
class Component:
    """One component in a plane.

    Attributes:
        index: in the model.
        share: of the draws.
        mean: (2,).
        covariance: (2, 2).
    """

    index: int
    share: float
    mean: np.ndarray
    covariance: np.ndarray


def planar_components(answer: SampleAnswer, joints: tuple[int, int]) -> list[Component]:
    """Return the components of raw draws by their moments, the largest share first.

    Args:
        answer: raw draws of one target.
        joints: the two columns.
    """
    found = []
    for index in np.unique(answer.component):
        rows = answer.positions[answer.component == index][:, list(joints)]
        if len(rows) >= LEAST:
            share = len(rows) / len(answer.positions)
            found.append(Component(int(index), share, rows.mean(axis=0), np.cov(rows.T)))
    return sorted(found, key=lambda one: -one.share)


def components_figure(
    components: Sequence[Component],
    names: tuple[str, str],
    limits: tuple[tuple[float, float], tuple[float, float]],
) -> Figure:
    """Draw ellipses of two standard deviations; the more opaque, the more probable.

    Args:
        components: in the plane.
        names: of the axes, with units.
        limits: of the two joints.
    """
    figure, (axes,) = panels(1, 1, SIZE)
    figure.set_size_inches(SIZE, SIZE)
    largest = max((one.share for one in components), default=1.0)
    for one in components:
        variances, directions = np.linalg.eigh(one.covariance)
        width, height = 2.0 * DEVIATIONS * np.sqrt(variances.clip(0.0))
        angle = float(np.degrees(np.arctan2(directions[1, 0], directions[0, 0])))
        (color,) = component_colors(np.array([one.index]))
        opacity = 0.15 + 0.55 * one.share / largest
        axes.add_patch(
            Ellipse(tuple(one.mean), width, height, angle=angle, color=color, alpha=opacity)
        )
    for line, ends in ((axes.axvline, limits[0]), (axes.axhline, limits[1])):
        for end in ends:
            line(end, color=FAINT, linewidth=0.8, linestyle=":")
    axes.set_xlim(*_wider(limits[0]))
    axes.set_ylim(*_wider(limits[1]))
    labelled(axes, *names)
    return figure


def _wider(limits: tuple[float, float]) -> tuple[float, float]:
    margin = 0.06 * (limits[1] - limits[0])
    return limits[0] - margin, limits[1] + margin
