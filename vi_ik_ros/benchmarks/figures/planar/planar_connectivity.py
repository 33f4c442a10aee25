# SPDX-License-Identifier: Apache-2.0
"""The picture of overlap graphs: which components of a mixture have mass in common."""

from collections.abc import Callable
from pathlib import Path

import torch
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from vi_ik_ros.benchmarks.planar_line import GridTarget, Line
from vi_ik_ros.sampling.models.component_mixture import ComponentMixture
from vi_ik_ros.sampling.models.mixture_algebra import OverlapGraph, overlap_graph
from vi_ik_ros.sampling.training.fit_mixture import fit_mixture
from vi_ik_ros.sampling.training.runs.mixture_run import MixtureSettings
from vi_ik_ros.viewer.figures.canvas import INK, PAPER, Canvas, caption
from vi_ik_ros.viewer.figures.density_panel import Plane, draw_density
from vi_ik_ros.viewer.palette import component_colors

SEED = 0
SHOWN = (5, 10, 20)  # components
CELLS, MARGIN = 600, 0.5
NODE, EDGE = 700.0, 8.0  # [pt^2] of all weight; [pt] of a similarity of 1
LEAST_NODE = 25.0  # [pt^2]
QUICK_STEPS = (3, 3, 3)


def draw(
    directory: Path,
    *,
    quick: bool = False,
    on_progress: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Write `planar_connectivity.png` and return its path."""
    canvas = Canvas(
        "Which components have mass in common",
        "Overlap graphs of Gaussian mixtures for one target: a dot is a component, a line the "
        "overlap of two, a colour a connected group.",
        widths=(0.95,) * len(SHOWN),
    )
    line = Line()
    objectives = GridTarget(line).objectives
    for axes, num_components in zip(canvas.panels, SHOWN, strict=True):
        on_progress(f"gaussian K={num_components} ...")
        settings = MixtureSettings(num_components, SEED, QUICK_STEPS if quick else (60, 300, 60))
        model = fit_mixture(objectives.product, settings=settings)
        plane = Plane.around(objectives.robot.lower, objectives.robot.upper, CELLS, MARGIN)
        with torch.no_grad():
            values = objectives.product.log_density(torch.from_numpy(plane.q)).numpy()
        draw_density(axes, plane, values, strength=0.4)
        graph = overlap_graph(model)
        _draw_graph(axes, model, graph)
        count = len(graph.group_weights)
        groups = "all connected" if count == 1 else f"{count} groups"
        caption(axes, f"K = {num_components}, {groups}", f"tip on {line.axis} = {line.value:g} m")
    path = directory / "planar_connectivity.png"
    canvas.save(path)
    return [path]


def _draw_graph(axes: Axes, model: ComponentMixture, graph: OverlapGraph) -> None:
    """Draw components as dots, sized by weight and coloured by group, and their edges."""
    colors = component_colors(graph.groups)
    edges = graph.edges()
    similarity = graph.similarity[edges[:, 0], edges[:, 1]]
    lines = LineCollection(
        list(model.loc[edges]),
        colors=INK,
        linewidths=(0.6 + EDGE * similarity).tolist(),
        alpha=0.75,
        capstyle="round",
        zorder=3,
    )
    axes.add_collection(lines)
    sizes = LEAST_NODE + NODE * graph.weights
    axes.scatter(
        model.loc[:, 0],
        model.loc[:, 1],
        s=sizes,
        color=colors,
        edgecolor=PAPER,
        linewidth=1.2,
        zorder=4,
    )
