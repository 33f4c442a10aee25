# SPDX-License-Identifier: Apache-2.0
"""Figures as arrays, which is how the page takes pictures."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vi_ik_ros.viewer.figures.canvas import PAPER

PANEL = 3.2  # [in], width of a panel
DPI = 110


def panels(rows: int, columns: int, height: float = PANEL) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels, row after row, each so high [in]."""
    figure = Figure(
        figsize=(PANEL * columns, height * rows), dpi=DPI, facecolor=PAPER, layout="constrained"
    )
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False)
    return figure, list(axes.flat)


def figure_image(figure: Figure) -> np.ndarray:
    """Draw a figure, (H, W, 3) uint8."""
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3].copy()
