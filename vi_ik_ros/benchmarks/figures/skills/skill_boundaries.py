# SPDX-License-Identifier: Apache-2.0
"""The picture of where screw insertion stops working: success over its three parameters."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from vi_ik_ros.benchmarks.skill_boundaries.sweeps import MM, SWEEPS, Swept, sweep
from vi_ik_ros.viewer.figures.canvas import (
    BLUE,
    DENSITY,
    FAINT,
    INK,
    PAPER,
    Canvas,
    caption,
    labelled,
)

NUM_SEEDS, QUICK_SEEDS = 16, 2
LIGHT = 0.45  # share of successes up to which a cell is light
LABELS = {
    "approach_speed": ("approach speed [mm/s]", "too fast: the force passes 20 N at the impact"),
    "force_gain": ("force gain [mm/(N s)]", "too weak: the recess is missed; too strong: it rings"),
}


def draw(
    directory: Path,
    *,
    quick: bool = False,
    on_progress: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Write `skill_boundaries.png` and return its path."""
    seeds = range(QUICK_SEEDS if quick else NUM_SEEDS)
    swept = [sweep(one, seeds, on_progress=on_progress) for one in SWEEPS]
    canvas = Canvas(
        "Where screw insertion stops working",
        f"Share of {len(seeds)} episodes that succeed in the MuJoCo contact simulation; the other "
        "parameters have their defaults.",
        widths=(0.95, 0.95, 1.75),
    )
    for axes, one in zip(canvas.panels[:2], swept[:2], strict=True):
        _draw_curve(axes, one)
    _draw_grid(canvas.panels[2], [one for one in swept if one.sweep.others])
    path = directory / "skill_boundaries.png"
    canvas.save(path)
    return [path]


def _draw_curve(axes: Axes, swept: Swept) -> None:
    """Draw successes over one parameter."""
    across, note = LABELS[swept.sweep.parameter]
    places = np.arange(len(swept.sweep.values))
    axes.bar(places, 100.0 * swept.success, color=BLUE, width=0.72)
    axes.set_xticks(places, [f"{value / MM:g}" for value in swept.sweep.values])
    axes.set_ylim(0.0, 104.0)
    labelled(axes, across, "success [%]")
    caption(axes, across.split(" [")[0], note)


def _draw_grid(axes: Axes, rows: Sequence[Swept]) -> None:
    """Draw successes over search speed and gain, every share written into its cell."""
    shares = np.stack([row.success for row in rows])
    axes.imshow(shares, cmap=DENSITY, vmin=0.0, vmax=1.0, aspect="auto", origin="lower")
    for (row, column), share in np.ndenumerate(shares):
        color = INK if share <= LIGHT else PAPER
        axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", color=color)
    speeds, gains = rows[0].sweep.values, [row.sweep.others[0][1] for row in rows]
    axes.set_xticks(range(len(speeds)), [f"{speed / MM:g}" for speed in speeds])
    axes.set_yticks(range(len(gains)), [f"{gain / MM:g}" for gain in gains])
    labelled(axes, "search speed [mm/s]", "force gain [mm/(N s)]")
    caption(axes, "search speed and force gain", "a stronger gain follows the surface faster")
    axes.tick_params(colors=FAINT)
