# SPDX-License-Identifier: Apache-2.0
"""How a fit went: what it watched, and how many components it used, over its time."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from vi_ik_ros.sampling.store.curves.training_curve import UNITS, TrainingCurve, with_unit
from vi_ik_ros.sampling.store.schema import ModelDocument
from vi_ik_ros.viewer.figures.canvas import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    RED,
    Canvas,
    caption,
    labelled,
)

BOUND = "ELBO"  # name of the figure that is shown for itself
LINES = ((BLUE, "-"), (ORANGE, "--"), (GREEN, ":"), (RED, "-."), (INK, (0, (1, 3))))
MINUTES_FROM = 300.0  # [s] from which times are in minutes
FAR = 100.0  # how many times as large as the other end one is, from which a scale is logarithmic
GAP = 0.95  # [in] between panels, with room for labels
WIDTHS = {1: (1.9,), 2: (1.45,) * 2, 3: (1.2,) * 3}


@dataclass(frozen=True)
class TrainingPicture:
    """What the picture shows.

    Attributes:
        curve: of the fit, with a point at least.
        held_out: ELBO of the model on what it was not trained on [nat]; None: not known.
        title: headline.
        subtitle: one line under it.
    """

    curve: TrainingCurve
    held_out: float | None
    title: str
    subtitle: str

    @classmethod
    def of(cls, document: ModelDocument, curve: TrainingCurve) -> Self:
        """Describe the fit of a stored model."""
        name, robot = document["name"].replace("_", " "), document["robot"]["name"]
        subtitle = f"A model of the family {document['family']} for {robot}: {told(curve)}."
        return cls(curve, document["scores"].get("elbo"), f"Training of {name}", subtitle)


def told(curve: TrainingCurve) -> str:
    """Return how long a fit was, in words."""
    last = curve.points[-1]
    words = f"{last.step:,} update{'s' * (last.step != 1)} in {_duration(last.seconds)}"
    if np.isfinite(last.processor_seconds):
        words += f", {_duration(last.processor_seconds)} of processor time"
    return words


def save_training_picture(path: Path, picture: TrainingPicture) -> None:
    """Draw the picture and write it as PNG."""
    curve = picture.curve
    others = _others(curve)
    used = max(point.num_components for point in curve.points) > 1
    count = (BOUND in curve.names) + bool(others) + used
    canvas = Canvas(picture.title, picture.subtitle, widths=WIDTHS[max(count, 1)], gap=GAP)
    panels = iter(canvas.panels)
    if BOUND in curve.names:
        axes = next(panels)
        draw_figures(axes, curve, [BOUND])
        held_out = picture.held_out
        note = "" if held_out is None else f"; held out, at the end: {held_out:.4g} nat"
        caption(axes, "Evidence lower bound", f"as the fit estimates it{note}")
    if others:
        axes = next(panels)
        draw_figures(axes, curve, others)
        caption(axes, "What is fitted", ", ".join(others))
    if used or not curve.names:
        axes = next(panels)
        draw_components(axes, curve)
        caption(axes, "Components", "with a ten-thousandth of the mean weight or more")
    canvas.save(path)


def draw_figures(axes: Axes, curve: TrainingCurve, names: Sequence[str]) -> None:
    """Draw figures over the time; what is no number leaves a gap.

    Args:
        axes: where.
        curve: of a fit.
        names: of the figures, of one unit.
    """
    times, unit = _times(curve)
    for index, name in enumerate(names):
        values = curve.figure(name)
        values = np.where(np.isfinite(values), values, np.nan)
        color, style = LINES[index % len(LINES)]
        (line,) = axes.plot(times, values, linewidth=1.6, label=name)
        line.set(color=color, linestyle=style, marker="" if _is_line(curve, name) else ".")
    units = {UNITS.get(name, "") for name in names}
    axes.set_xlim(0.0, None)
    label = with_unit(names[0]) if len(names) == 1 else "".join(f"[{u}]" for u in units if u)
    labelled(axes, f"time [{unit}]", label)
    _scale(axes)
    if len(names) > 1:
        axes.legend(frameon=False, fontsize=9.5)


def draw_components(axes: Axes, curve: TrainingCurve) -> None:
    """Draw the number of active components over the time."""
    times, unit = _times(curve)
    used = [point.num_components or np.nan for point in curve.points]
    axes.step(times, used, where="post", color=ORANGE, linewidth=1.6)
    axes.set_ylim(0.0, 1.06 * max((p.num_components for p in curve.points), default=0) or 1.0)
    axes.set_xlim(0.0, None)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    labelled(axes, f"time [{unit}]", "components used")


def _others(curve: TrainingCurve) -> Sequence[str]:
    """Return the figures beside the bound; single points only where there is nothing else."""
    others = [name for name in curve.names if name != BOUND]
    lines = [name for name in others if _is_line(curve, name)]
    return lines or ([] if BOUND in curve.names else others)


def _is_line(curve: TrainingCurve, name: str) -> bool:
    return int(np.isfinite(curve.figure(name)).sum()) > 1


def _times(curve: TrainingCurve) -> tuple[np.ndarray, str]:
    """Return the time of each point (n,), and its unit."""
    seconds = curve.times()
    long = len(seconds) > 0 and seconds[-1] >= MINUTES_FROM
    return (seconds / 60.0, "min") if long else (seconds, "s")


def _scale(axes: Axes) -> None:
    """Let a panel whose values differ by magnitudes have a scale on which all of them are seen."""
    ends = abs(axes.dataLim.y0), abs(axes.dataLim.y1)
    if max(ends) > FAR * max(1.0, min(ends)):
        axes.set_yscale("symlog", linthresh=1.0)


def _duration(seconds: float) -> str:
    """Write a time in seconds, or minutes where it is longer."""
    return f"{seconds / 60.0:.0f} min" if seconds >= MINUTES_FROM else f"{seconds:.0f} s"
