# SPDX-License-Identifier: Apache-2.0
"""The page that all pictures share: headline, panels in a row, colours, one look of axes."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

PAPER, INK, FAINT, LINE = "#fbfbfc", "#22252b", "#7c828d", "#d4d7dd"
BLUE, ORANGE, GREEN, RED = "#2f7fb8", "#e0913c", "#3a9d6b", "#c8443c"
DENSITY = LinearSegmentedColormap.from_list(
    "density", [PAPER, "#dbe8f3", "#8fbbdc", BLUE, "#16395a"]
)
HEIGHT = 6.4  # [in] of a page with one row of square panels
MARGIN, GAP, FOOT, HEAD = 0.75, 0.65, 0.75, 1.75  # [in] left and right, between, below, above
DPI = 130


class Canvas:
    """A page with a headline and panels in a row.

    Attributes:
        panels: axes, from left to right.
    """

    def __init__(
        self,
        title: str,
        subtitle: str,
        widths: Sequence[float],
        height: float = HEIGHT,
        *,
        gap: float = GAP,
    ) -> None:
        """Lay out a page.

        Args:
            title: headline.
            subtitle: one line under it.
            widths: of the panels, in multiples of their common height.
            height: of the page [in].
            gap: between panels [in].
        """
        tall = height - HEAD - FOOT
        wide = 2 * MARGIN + tall * sum(widths) + gap * (len(widths) - 1)
        self._figure = Figure(figsize=(wide, height), dpi=DPI, facecolor=PAPER)
        FigureCanvasAgg(self._figure)
        left, panels = MARGIN, []
        for width in widths:
            box = (left / wide, FOOT / height, width * tall / wide, tall / height)
            panels.append(self._figure.add_axes(box))
            left += width * tall + gap
        self.panels: tuple[Axes, ...] = tuple(panels)
        at = MARGIN / wide
        self._figure.text(at, 1 - 0.60 / height, title, fontsize=22, color=INK, weight="bold")
        self._figure.text(at, 1 - 0.97 / height, subtitle, fontsize=12.5, color=FAINT)

    def save(self, path: Path) -> None:
        """Write the page as PNG."""
        self._figure.savefig(path, format="png")


def caption(axes: Axes, title: str, note: str = "") -> None:
    """Write the title of a panel and a remark under it, both above the panel."""
    axes.set_title(title, loc="left", fontsize=14, color=INK, pad=24)
    axes.text(0.0, 1.025, note, transform=axes.transAxes, fontsize=11, color=FAINT)


def bare(axes: Axes) -> None:
    """Take frame and ticks away."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_facecolor("none")
    for spine in axes.spines.values():
        spine.set_visible(False)


def labelled(axes: Axes, across: str, up: str) -> None:
    """Give a panel thin grey axes with labels."""
    axes.set_xlabel(across, color=FAINT, fontsize=11, labelpad=2)
    axes.set_ylabel(up, color=FAINT, fontsize=11, labelpad=2)
    axes.tick_params(colors=FAINT, length=0, labelsize=9.5)
    for spine in axes.spines.values():
        spine.set_color(LINE)
