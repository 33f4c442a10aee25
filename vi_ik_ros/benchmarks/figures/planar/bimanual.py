# SPDX-License-Identifier: Apache-2.0
"""The picture of two hands, with targets in reach and out of reach, with and without priorities."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from vi_ik_ros.benchmarks.prioritized_bimanual import (
    CASES,
    HANDS,
    NUM_STEPS,
    ROBOT,
    STD,
    Case,
    distances,
    fit,
)
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.viewer.figures.canvas import BLUE, FAINT, ORANGE, Canvas, caption
from vi_ik_ros.viewer.figures.planar_panel import draw_arms, draw_ground, draw_target
from vi_ik_ros.viewer.skeleton import skeleton

SEED = 0
NUM_ARMS, NUM_DRAWS = 40, 4000
COLORS = (BLUE, ORANGE)
QUICK_STEPS = 10
SHOWN = {  # case -> title
    "both in reach, plain product": "(a) Targets that agree",
    "too far apart, plain product": "(b) Too far apart, both equal",
    "too far apart, priorities": "(c) Too far apart, blue first",
}


def draw(
    directory: Path,
    *,
    quick: bool = False,
    on_progress: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Write `bimanual.png` and return its path."""
    canvas = Canvas(
        "Two hands, two targets: what priorities do",
        f"{NUM_ARMS} configurations drawn from mixtures. In (c) the gradient of the orange hand "
        "acts in the null space of the blue one: it comes as near as blue lets it.",
        widths=(2.0, 2.0, 2.0),
        height=4.7,
    )
    cases = {case.name: case for case in CASES}
    for axes, (name, title) in zip(canvas.panels, SHOWN.items(), strict=True):
        on_progress(f"{name} ...")
        case = cases[name]
        model = fit(case.product(), SEED, QUICK_STEPS if quick else NUM_STEPS).model
        q, _ = model.draw(NUM_DRAWS, np.random.default_rng(SEED))
        draw_ground(axes, (-0.72, -0.10), (0.72, 0.62))
        _draw_robots(axes, q[:NUM_ARMS])
        for target, color in zip(case.targets, COLORS, strict=True):
            draw_target(axes, target, color, STD)
        caption(axes, title, _errors(case, q))
    path = directory / "bimanual.png"
    canvas.save(path)
    return [path]


def _draw_robots(axes: Axes, q: np.ndarray) -> None:
    """Draw both arms of every configuration in their colours, the trunk in grey."""
    for hand, color in zip(HANDS, COLORS, strict=True):
        chain = RobotModel.load(ROBOT, tip=hand).serial_chain()
        points = skeleton(chain, q).points[:, 1:, :2]  # base, shoulder, elbow, hand
        draw_arms(axes, points[:, 1:], color, alpha=0.30)
        axes.plot(*points[:, -1].T, "o", color=color, markersize=4, alpha=0.8, zorder=3)
    draw_arms(axes, points[:, :2], FAINT, alpha=0.25)


def _errors(case: Case, q: np.ndarray) -> str:
    """Return how far the hands are from their targets in the middle of all draws."""
    errors = [
        1e3 * np.median(distances(q, hand, target))
        for hand, target in zip(HANDS, case.targets, strict=True)
    ]
    return f"median error: blue {errors[0]:.0f} mm, orange {errors[1]:.0f} mm"
