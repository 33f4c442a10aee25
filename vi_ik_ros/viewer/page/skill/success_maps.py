# SPDX-License-Identifier: Apache-2.0
"""What the factor graph has learned of success, over two parameters at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vi_ik_ros.skills.learning.graph_optimizer.graph_model import best_success, learn_graph
from vi_ik_ros.skills.learning.graph_optimizer.settings import GraphSettings
from vi_ik_ros.skills.learning.models.success_model import SuccessModel
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome
from vi_ik_ros.skills.learning.problem import Problem
from vi_ik_ros.viewer.figures.canvas import FAINT, GREEN, INK, RED
from vi_ik_ros.viewer.page.figure_image import panels

CELLS = 25  # of a map, along each side
COLUMNS = 2
HEIGHT = 2.6  # [in] of a row of maps
WHOLE = "whole skill"


@dataclass(frozen=True)
class LearnedSuccess:
    """The model of success after some episodes.

    Attributes:
        problem: of the skill.
        outcomes: what was learned from.
        model: of success.
        point: (n_xi,) the cheapest success, or the middle of the unit cube: what other parameters
            have in a map.
    """

    problem: Problem
    outcomes: tuple[EpisodeOutcome, ...]
    model: SuccessModel
    point: np.ndarray

    @classmethod
    def of(cls, problem: Problem, outcomes: Sequence[EpisodeOutcome]) -> Self:
        """Learn the factor graph, by its default settings, from any method's episodes."""
        graph = learn_graph(outcomes, problem, GraphSettings())
        best = best_success(outcomes, problem)
        point = np.full(problem.num_parameters, 0.5) if best is None else best.x
        return cls(problem, tuple(outcomes), SuccessModel(graph.factors, problem.activity), point)

    def grids(self, across: str, up: str) -> dict[str, np.ndarray]:
        """Return Pr[success] (CELLS, CELLS), rows upwards, of the skill and of each factor.

        Args:
            across: name of a parameter.
            up: name of another one.
        """
        names = self.problem.space.names
        i, j = names.index(across), names.index(up)
        points = np.tile(self.point, (CELLS * CELLS, 1))
        steps = np.linspace(0.0, 1.0, CELLS)
        points[:, j], points[:, i] = (
            side.ravel() for side in np.meshgrid(steps, steps, indexing="ij")
        )
        log_factors = self.model.log_factors(points)
        log_whole = self.model.log_probability(points, log_factors)
        shown = [k for k, row in enumerate(self.problem.adjacency) if row[i] or row[j]]
        rows = {WHOLE: log_whole} | {self.problem.factors[k]: log_factors[k] for k in shown}
        return {name: np.exp(row).reshape(CELLS, CELLS) for name, row in rows.items()}


def success_maps(learned: LearnedSuccess, across: str, up: str) -> Figure:
    """Draw the maps with the episodes on them; other parameters are those of the best success."""
    grids = learned.grids(across, up)
    figure, axes = panels(-(-len(grids) // COLUMNS), COLUMNS, HEIGHT)
    for panel in axes[len(grids) :]:
        panel.set_visible(False)
    for panel, (name, grid) in zip(axes, grids.items(), strict=False):
        image = panel.imshow(
            grid, origin="lower", extent=(0, 1, 0, 1), vmin=0.0, vmax=1.0, cmap="cividis"
        )
        panel.set_title(name.replace("_", " "), fontsize=9, color=INK)
        _draw_episodes(panel, learned, across, up)
        _label(panel, learned, across, up)
    figure.colorbar(image, ax=axes, location="bottom", shrink=0.6, label="probability of success")
    return figure


def _draw_episodes(panel: Axes, learned: LearnedSuccess, across: str, up: str) -> None:
    """Draw successes as discs, failures as crosses."""
    names = learned.problem.space.names
    for success, sign, color in ((True, "o", GREEN), (False, "x", RED)):
        points = np.array([one.x for one in learned.outcomes if one.success is success])
        points = points.reshape(-1, len(names))
        x, y = points[:, names.index(across)], points[:, names.index(up)]
        panel.plot(x, y, sign, color=color, markersize=4, clip_on=False)


def _label(panel: Axes, learned: LearnedSuccess, across: str, up: str) -> None:
    """Write the parameters with their units at the ends and the middle of their ranges."""
    space = learned.problem.space
    steps = np.array([0.0, 0.5, 1.0])
    values = space.from_unit(np.tile(steps[:, None], (1, len(space.names))))  # (3, n_xi)
    for name, set_ticks, set_label in (
        (across, panel.set_xticks, panel.set_xlabel),
        (up, panel.set_yticks, panel.set_ylabel),
    ):
        column = values[:, space.names.index(name)]
        set_ticks(steps, [f"{value:.2g}" for value in column], fontsize=7, color=FAINT)
        set_label(f"{name.replace('_', ' ')} [{space[name].unit}]", fontsize=8, color=FAINT)
