# SPDX-License-Identifier: Apache-2.0
"""The picture of draws that get better with training: errors and convergence over its time."""

from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.axes import Axes

from vi_ik_ros.benchmarks.panda_training import SEED, Point, curve
from vi_ik_ros.viewer.figures.canvas import BLUE, ORANGE, Canvas, caption, labelled

BUDGET = 600.0  # [s] of the longest fit: a quarter of an hour in all
COLORS = (BLUE, ORANGE)  # of the processor, of an accelerator
TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500)  # of errors
PANELS = (
    ("median position error [mm]", "position error [mm]", "median of raw draws"),
    ("median orientation error [deg]", "orientation error [deg]", "median of raw draws"),
    ("single start converges [%]", "draws that converge [%]", "each refined once"),
)


def draw(
    directory: Path,
    *,
    quick: bool = False,
    on_progress: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Write `panda_training.png` and return its path."""
    points = curve([SEED], quick=quick, budget=BUDGET, on_progress=on_progress)
    devices = list(dict.fromkeys(point.device for point in points))
    canvas = Canvas(
        "Draws after so much training",
        f"The Panda at poses it can reach; every dot is a fit of its own on {', '.join(devices)}.",
        widths=(0.95,) * len(PANELS),
    )
    for axes, (metric, title, note) in zip(canvas.panels, PANELS, strict=True):
        for device, color in zip(devices, COLORS, strict=False):
            _plot(axes, [p for p in points if p.device == device], metric, color)
        axes.margins(0.14)
        if "error" in metric:
            _logarithmic(axes)
        labelled(axes, "training [min]", "")
        caption(axes, title, note)
    path = directory / "panda_training.png"
    canvas.save(path)
    return [path]


def _plot(axes: Axes, points: Sequence[Point], metric: str, color: str) -> None:
    """Draw the curve of one device."""
    minutes = [point.minutes for point in points]
    values = [point.value(metric) for point in points]
    axes.plot(minutes, values, color=color, marker="o", markersize=7, linewidth=2)
    axes.set_xscale("log")
    axes.set_xticks(minutes, [f"{minute:g}" for minute in minutes])
    axes.minorticks_off()
    for minute, value in zip(minutes, values, strict=True):
        axes.annotate(
            f"{value:.3g}", (minute, value), textcoords="offset points", xytext=(6, 8), color=color
        )


def _logarithmic(axes: Axes) -> None:
    """Put errors on a logarithmic scale with plain numbers."""
    axes.set_yscale("log")
    lowest, highest = axes.get_ylim()
    shown = [tick for tick in TICKS if lowest <= tick <= highest]
    axes.set_yticks(shown, [f"{tick}" for tick in shown])
    axes.minorticks_off()
