# SPDX-License-Identifier: Apache-2.0
"""The picture of the planar arm on a line: its density, two mixtures of as many components."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from vi_ik_ros.benchmarks.planar_line import GridTarget, Line
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.models.component_mixture import ComponentMixture
from vi_ik_ros.sampling.training.fit_mixture import fit_mixture
from vi_ik_ros.sampling.training.runs.mixture_run import MixtureSettings
from vi_ik_ros.viewer.figures.canvas import ORANGE, Canvas, caption
from vi_ik_ros.viewer.figures.density_panel import Plane, draw_components, draw_density
from vi_ik_ros.viewer.figures.planar_panel import draw_arms, draw_ground
from vi_ik_ros.viewer.palette import component_colors
from vi_ik_ros.viewer.skeleton import skeleton

NUM_COMPONENTS, SEED = 5, 0
CELLS, MARGIN = 700, 0.5
NUM_ARMS = 24
QUICK_STEPS = (3, 3, 3)


def draw(
    directory: Path,
    *,
    quick: bool = False,
    on_progress: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Write `planar_line.png` and return its path."""
    target, line = GridTarget(Line()), Line()
    settings = MixtureSettings(NUM_COMPONENTS, SEED)
    if quick:
        settings = MixtureSettings(NUM_COMPONENTS, SEED, QUICK_STEPS)
    models, scores = {}, {}
    for family in ("banana", "gaussian"):
        on_progress(f"{family} K={NUM_COMPONENTS} ...")
        models[family] = fit_mixture(target.objectives.product, family=family, settings=settings)
        scores[family] = target.judge(models[family]).bhattacharyya
    canvas = Canvas(
        f"A planar arm whose tip stays on the line {line.axis} = {line.value:g} m",
        "Over its two joints the density is one thin ridge, which components that bend can follow. "
        "Outlines at two standard deviations; a BC of 1 is a perfect fit.",
        widths=(0.72, 0.72, 0.72, 1.15),
    )
    robot = target.objectives.robot
    plane = Plane.around(robot.lower, robot.upper, CELLS, MARGIN)
    product = target.objectives.product
    with torch.no_grad():
        log_target = product.log_density(torch.from_numpy(plane.q)).numpy()
    draw_density(canvas.panels[0], plane, log_target, lines=True)
    caption(canvas.panels[0], "Target", "product of the line and soft joint limits")
    words = {"banana": "Banana components", "gaussian": "Gaussian components"}
    for panel, (family, model) in zip(canvas.panels[1:3], models.items(), strict=True):
        draw_density(panel, plane, model.log_prob(plane.q[None], np.empty((1, 0)))[0])
        draw_components(panel, model)
        caption(panel, f"{words[family]}, K = {NUM_COMPONENTS}", f"BC {scores[family]:.3f}")
    _draw_samples(canvas, models["banana"], robot, line)
    path = directory / "planar_line.png"
    canvas.save(path)
    return [path]


def _draw_samples(canvas: Canvas, model: ComponentMixture, robot: RobotModel, line: Line) -> None:
    """Draw arms in the last panel."""
    axes, rng = canvas.panels[-1], np.random.default_rng(SEED)
    q, component = model.draw(NUM_ARMS, rng)
    draw_ground(axes, (-2.15, -1.3), (2.15, 2.44))
    axes.axhline(line.value, color=ORANGE, linewidth=2.0, zorder=0)
    points = skeleton(robot.serial_chain(), q).points[:, 1:, :2]
    draw_arms(axes, points, component_colors(component), alpha=0.55)
    axes.plot(*points[:, -1].T, "o", color=ORANGE, markersize=5, zorder=5)
    caption(axes, f"{NUM_ARMS} arms drawn from the bananas", "one colour for each component")
