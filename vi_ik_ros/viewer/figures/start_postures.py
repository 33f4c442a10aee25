# SPDX-License-Identifier: Apache-2.0
"""Two postures for one place of the tool, and how much of what is asked each of them can do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.viewer.capsules import Capsules, arm_capsules, frame_capsules
from vi_ik_ros.viewer.figures.canvas import (
    BLUE,
    INK,
    ORANGE,
    PAPER,
    Canvas,
    bare,
    caption,
    labelled,
)
from vi_ik_ros.viewer.figures.robot_panel import looking_from
from vi_ik_ros.viewer.render import framed, render
from vi_ik_ros.viewer.skeleton import skeleton

PIXELS = (700, 700)
AZIMUTH, ELEVATION = np.radians(-150.0), np.radians(22.0)
HUES = {"best": np.array([0.18, 0.50, 0.72]), "worst": np.array([0.88, 0.57, 0.24])}


@dataclass(frozen=True)
class StartPostures:
    """What the picture shows.

    Attributes:
        robot: the arm.
        T_base_flange: (4, 4) where all of them have the flange.
        q: (N, nq) the postures [rad], in the order of the bars.
        shares: what is counted to one share (N,) in [0, 1] for each posture.
        notes: a line about each posture.
        best, worst: which two are drawn.
        title: headline.
        subtitle: one line under it.
    """

    robot: RobotModel
    T_base_flange: np.ndarray
    q: np.ndarray
    shares: Mapping[str, np.ndarray]
    notes: Sequence[str]
    best: int
    worst: int
    title: str
    subtitle: str


def save_start_postures(path: Path, shown: StartPostures, pixels: tuple[int, int] = PIXELS) -> None:
    """Draw both postures and the bars, and write them as PNG."""
    canvas = Canvas(shown.title, shown.subtitle, widths=(0.95, 0.95, 1.15), height=7.2)
    bodies = [_body(shown, row, HUES[kind]) for kind, row in _pair(shown)]
    camera = framed(looking_from(AZIMUTH, ELEVATION, pixels), Capsules.join(bodies), room=1.2)
    for axes, body, (_, row) in zip(canvas.panels, bodies, _pair(shown), strict=False):
        axes.imshow(render(body, camera, floor_radius=0.55), interpolation="antialiased")
        bare(axes)
        caption(axes, f"Posture {row + 1}", shown.notes[row])
    _bars(canvas.panels[2], shown)
    canvas.save(path)


def _pair(shown: StartPostures) -> list[tuple[str, int]]:
    return [("best", shown.best), ("worst", shown.worst)]


def _body(shown: StartPostures, row: int, color: np.ndarray) -> Capsules:
    """Return an arm (1, nq) and the axes of its flange."""
    arm = skeleton(shown.robot.serial_chain(), shown.q[row, None])
    return Capsules.join([arm_capsules(arm, color[None]), frame_capsules(shown.T_base_flange, 0.1)])


def _bars(axes: Axes, shown: StartPostures) -> None:
    """Draw the shares of every posture, one group of bars each."""
    places, wide = np.arange(len(shown.q)), 0.8 / len(shown.shares)
    hatches = ("", "//", "..")  # told apart without colours
    for index, (words, shares) in enumerate(shown.shares.items()):
        offset = (index - 0.5 * (len(shown.shares) - 1)) * wide
        axes.barh(
            places + offset,
            100.0 * shares,
            height=0.9 * wide,
            color=(BLUE, ORANGE, INK)[index],
            hatch=hatches[index],
            edgecolor="white",
            label=words,
        )
        for place, share in zip(places + offset, shares, strict=True):
            words, inside = f"{100.0 * share:.0f} %", share > 0.5
            at, side = 100.0 * share + (-1.5 if inside else 1.5), "right" if inside else "left"
            box = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.5}
            axes.text(at, place, words, ha=side, va="center", color=INK, fontsize=9.5, bbox=box)
    axes.set_yticks(places, [f"{place + 1}" for place in places])
    axes.set_ylim(len(places) - 0.4, -0.6)
    axes.set_xlim(0.0, 104.0)
    labelled(axes, "share [%]", "posture")
    axes.legend(frameon=False, fontsize=10.5, loc="upper left", bbox_to_anchor=(0.0, 1.17), ncols=1)
