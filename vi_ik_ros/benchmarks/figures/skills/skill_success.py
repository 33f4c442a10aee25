# SPDX-License-Identifier: Apache-2.0
"""The picture of what the factor graph has learned of success, beside the truth."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from vi_ik_ros.benchmarks.skill_learning.runs.variants import GRAPH
from vi_ik_ros.benchmarks.skill_learning.skill_learning import NUM_EPISODES, learn_groups
from vi_ik_ros.benchmarks.skill_learning.tasks.surrogate import SPACE, Surrogate
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome
from vi_ik_ros.skills.learning.run.seeds import episode_seed
from vi_ik_ros.viewer.figures.canvas import FAINT, INK, Canvas, caption, labelled
from vi_ik_ros.viewer.page.skill.success_maps import CELLS, WHOLE, LearnedSuccess

TASK, SEED, QUICK_EPISODES = "surrogate", 0, 12
PAIRS = (("approach_speed", "force_gain"), ("force_gain", "search_speed"))
MILLI = 1e3  # all parameters are drawn per mm
UNITS = {"m/s": "mm/s", "m/(N s)": "mm/(N s)"}
TICKS = np.array([0.0, 0.5, 1.0])  # of a side of the unit cube


def draw(
    directory: Path,
    *,
    quick: bool = False,
    on_progress: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Write `skill_success.png` and return its path."""
    surrogate, count = Surrogate(), QUICK_EPISODES if quick else NUM_EPISODES
    (run,) = learn_groups(TASK, [(GRAPH, "")], range(SEED, SEED + 1), count, on_progress)[GRAPH, ""]
    tried = [surrogate.execute(x, episode_seed(SEED, index)) for index, x in enumerate(run.x)]
    learned = LearnedSuccess.of(surrogate.problem, tried)
    canvas = Canvas(
        "What the factor graph has learned of success",
        f"Our surrogate of screw insertion, {count} episodes, {int(run.success.sum())} successes. "
        "The third parameter is that of the best success; discs succeeded, crosses failed.",
        widths=(1.0,) * (2 * len(PAIRS)),
        height=6.0,
    )
    for learnt, true, pair in zip(canvas.panels[::2], canvas.panels[1::2], PAIRS, strict=True):
        _draw_map(learnt, learned.grids(*pair)[WHOLE], pair)
        _draw_episodes(learnt, tried, pair)
        caption(learnt, "Learned", "probability of success, dark 0, yellow 1")
        _draw_map(true, truth(surrogate, learned.point, pair), pair)
        caption(true, "Truth", "the same; the line is at one half")
    path = directory / "skill_success.png"
    canvas.save(path)
    return [path]


def truth(surrogate: Surrogate, point: np.ndarray, pair: tuple[str, str]) -> np.ndarray:
    """Return Pr[success] (CELLS, CELLS), rows upwards, over two parameters.

    Args:
        surrogate: whose truth.
        point: (n_xi,) in the unit cube, of the other parameters.
        pair: names of the parameters across and upwards.
    """
    i, j = (SPACE.names.index(name) for name in pair)
    steps = np.linspace(0.0, 1.0, CELLS)
    points = np.tile(point, (CELLS * CELLS, 1))
    points[:, j], points[:, i] = (side.ravel() for side in np.meshgrid(steps, steps, indexing="ij"))
    return surrogate.truths(points)[2].reshape(CELLS, CELLS)


def _draw_map(axes: Axes, grid: np.ndarray, pair: tuple[str, str]) -> None:
    """Draw probabilities with the line of one half, and the parameters in their units."""
    axes.imshow(
        grid, origin="lower", extent=(0, 1, 0, 1), vmin=0.0, vmax=1.0, cmap="cividis", aspect="auto"
    )
    if grid.min() < 0.5 < grid.max():
        middles = (np.arange(CELLS) + 0.5) / CELLS
        axes.contour(middles, middles, grid, [0.5], colors="white", linewidths=1.2)
    values = MILLI * SPACE.from_unit(np.tile(TICKS[:, None], (1, len(SPACE.names))))  # (3, n_xi)
    words = []
    for name, set_ticks in zip(pair, (axes.set_xticks, axes.set_yticks), strict=True):
        set_ticks(TICKS, [f"{value:.3g}" for value in values[:, SPACE.names.index(name)]])
        words.append(f"{name.replace('_', ' ')} [{UNITS[SPACE[name].unit]}]")
    labelled(axes, *words)


def _draw_episodes(axes: Axes, tried: Sequence[EpisodeOutcome], pair: tuple[str, str]) -> None:
    """Draw successes as discs, failures as crosses."""
    i, j = (SPACE.names.index(name) for name in pair)
    for success, sign, color in ((True, "o", INK), (False, "x", FAINT)):
        x = np.array([one.x for one in tried if one.success is success]).reshape(
            -1, len(SPACE.names)
        )
        edge = "white" if success else color
        places = x[:, i], x[:, j]
        axes.plot(*places, sign, color=color, markeredgecolor=edge, markersize=6, clip_on=False)
