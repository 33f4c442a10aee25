# SPDX-License-Identifier: Apache-2.0
"""The course of an episode as a picture: force, velocity, travel, the primitives as bands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vi_ik_ros.skills.execution.episode import Episode
from vi_ik_ros.skills.execution.graph.predicates import ForceAbove
from vi_ik_ros.skills.execution.graph.skill import Skill
from vi_ik_ros.skills.execution.trace import RECOVERY, Trace
from vi_ik_ros.viewer.figures.canvas import (
    BLUE,
    DPI,
    FAINT,
    GREEN,
    INK,
    LINE,
    ORANGE,
    PAPER,
    RED,
    labelled,
)  # fmt: skip

SIZE = 14.0, 9.2  # [in]
BANDS = ("#e8eef5", "#f7efe4", "#e9f3ec", "#f3e9f0", "#eef0e4", "#e6f1f3")
RECOVERY_BAND = "#f6e3e1"
AXIS_NAMES = "x, along the search", "y", "z, into the surface"
COLORS = ORANGE, GREEN, BLUE
MAX_FORCE = "max force"
MILLI = 1e3
LEAST_LABELLED = 0.045  # share of the time that a band needs for its name to fit beside the last


@dataclass(frozen=True)
class EpisodePicture:
    """What the picture shows.

    Attributes:
        episode: the record.
        trace: its course.
        R_base_task: (3, 3) the task frame.
        thresholds: forces that decide [N], by what they mean.
        title: headline.
        subtitle: one line under it.
    """

    episode: Episode
    trace: Trace
    R_base_task: np.ndarray
    thresholds: Mapping[str, float]
    title: str
    subtitle: str

    @classmethod
    def of(cls, skill: Skill, episode: Episode, trace: Trace, *, title: str, subtitle: str) -> Self:
        """Take frame and thresholds from the skill that was carried out."""
        bound = skill.bind(episode.parameters, np.eye(4))
        errors = [error for one in bound.primitives for error in one.errors]
        limits = [error.limit for error in errors if isinstance(error, ForceAbove)]
        thresholds = {MAX_FORCE: min(limits)} if limits else {}
        for primitive in bound.primitives:
            force = float(np.linalg.norm(primitive.set_values.wrench[:3]))
            if force > 0.0 and force not in thresholds.values():
                thresholds[f"set-value of {primitive.name}"] = force
        return cls(episode, trace, bound.R_base_task, thresholds, title, subtitle)


def save_episode_picture(path: Path, picture: EpisodePicture) -> None:
    """Draw the picture and write it as PNG."""
    episode_figure(picture).savefig(path, format="png")


def episode_figure(picture: EpisodePicture) -> Figure:
    """Draw the picture."""
    figure = Figure(figsize=SIZE, dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    figure.text(0.055, 0.945, picture.title, fontsize=22, color=INK, weight="bold")
    figure.text(0.055, 0.912, picture.subtitle, fontsize=12.5, color=FAINT)
    heights, bottoms = (0.345, 0.205, 0.205), (0.507, 0.285, 0.063)
    panels = [
        figure.add_axes((0.055, bottom, 0.925, height))
        for bottom, height in zip(bottoms, heights, strict=True)
    ]
    for axes, draw in zip(panels, (_draw_force, _draw_velocity, _draw_travel), strict=True):
        axes.set_facecolor("none")
        draw(axes, picture)
        _draw_bands(axes, picture, named=axes is panels[0])
        axes.set_xlim(picture.trace.times[0], picture.trace.times[-1])
    for axes in panels[:-1]:
        axes.tick_params(labelbottom=False)
        axes.set_xlabel("")
    figure.align_ylabels(panels)
    return figure


def _draw_force(axes: Axes, picture: EpisodePicture) -> None:
    """Draw the force of the tool on its environment, and what decides."""
    trace = picture.trace
    for name, value in picture.thresholds.items():
        line, color, width = (RED, RED, 1.4) if name == MAX_FORCE else (LINE, FAINT, 1.1)
        axes.axhline(value, color=line, linewidth=width, zorder=1)
        words = f" {name.replace('_', ' ')} {value:g} N"  # at the left, where forces are small
        axes.text(trace.times[0], value, words, va="bottom", fontsize=9, color=color)
    for axis, (name, color) in enumerate(zip(AXIS_NAMES, COLORS, strict=True)):
        axes.plot(trace.times, trace.wrenches[:, axis], color=color, linewidth=1.5, label=name)
    axes.plot(trace.times, trace.peak_forces, color=INK, linewidth=0.7, alpha=0.6, label="norm")
    labelled(axes, "time [s]", "force on the environment [N]")
    axes.legend(loc="upper left", ncols=4, frameon=False, fontsize=9.5, labelcolor=FAINT)
    top = max([trace.peak_forces.max(initial=1.0), *picture.thresholds.values()])
    axes.set_ylim(min(-1.0, trace.wrenches[:, :3].min(initial=0.0)), 1.22 * top)


def _draw_velocity(axes: Axes, picture: EpisodePicture) -> None:
    """Draw the commanded velocity."""
    velocities = MILLI * picture.trace.twists[:, :3] @ picture.R_base_task
    for axis, color in enumerate(COLORS):
        axes.plot(picture.trace.times, velocities[:, axis], color=color, linewidth=1.3)
    labelled(axes, "time [s]", "commanded velocity [mm/s]")


def _draw_travel(axes: Axes, picture: EpisodePicture) -> None:
    """Draw where the tool centre point went, from where the episode began."""
    positions = picture.trace.positions
    travel = MILLI * (positions - positions[0]) @ picture.R_base_task
    for axis, color in enumerate(COLORS):
        axes.plot(picture.trace.times, travel[:, axis], color=color, linewidth=1.5)
    labelled(axes, "time [s]", "travel [mm]")


def _draw_bands(axes: Axes, picture: EpisodePicture, *, named: bool) -> None:
    """Draw the primitives as bands, with their names above the panel."""
    times = picture.trace.times
    whole = times[-1] - times[0]
    raised = False
    for index, begin, end in _runs(picture.trace.primitives, times):
        color = RECOVERY_BAND if index == RECOVERY else BANDS[index % len(BANDS)]
        axes.axvspan(begin, end, color=color, linewidth=0, zorder=0)
        if not named:
            continue
        name = "recovery"
        if index != RECOVERY:
            name = picture.episode.primitives[index].name.replace("_", " ")
        raised = not raised if end - begin < LEAST_LABELLED * whole * len(name) / 6 else False
        middle = (begin + end) / 2
        axes.annotate(
            name, (middle, 1.0), (0, 16 if raised else 4), xycoords=("data", "axes fraction"),
            textcoords="offset points", ha="center", fontsize=10, color=INK,
        )  # fmt: skip


def _runs(primitives: np.ndarray, times: np.ndarray) -> Sequence[tuple[int, float, float]]:
    """Return the stretches (primitive, begin, end) of equal primitives."""
    changes = np.flatnonzero(np.diff(primitives)) + 1
    starts = [0, *changes.tolist()]
    ends = [*changes.tolist(), len(primitives) - 1]
    return [
        (int(primitives[a]), float(times[a]), float(times[b]))
        for a, b in zip(starts, ends, strict=True)
    ]
