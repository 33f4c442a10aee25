# SPDX-License-Identifier: Apache-2.0
"""The pictures of learning a contact skill: regret, successes, recommended parameters."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from mpl_toolkits.axes_grid1 import make_axes_locatable

from vi_ik_ros.benchmarks.skill_learning.measures.scores import noise_free_regret
from vi_ik_ros.benchmarks.skill_learning.runs.learned import REQUIRED, Learned
from vi_ik_ros.benchmarks.skill_learning.runs.variants import GRAPH
from vi_ik_ros.benchmarks.skill_learning.skill_learning import NUM_EPISODES, learn_groups
from vi_ik_ros.benchmarks.skill_learning.tasks.best_point import BestPoint, best_point
from vi_ik_ros.benchmarks.skill_learning.tasks.surrogate import SPACE, Surrogate
from vi_ik_ros.skills.learning.methods import METHODS
from vi_ik_ros.viewer.figures.canvas import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    LINE,
    ORANGE,
    RED,
    Canvas,
    caption,
    labelled,
)

TASK = "surrogate"
NUM_SEEDS, QUICK_SEEDS = 25, 3
QUICK_EPISODES = 20
BAND = (15.0, 85.0)  # [%] of the runs
CHOICE = 0  # which of the required probabilities is drawn
RIVALS = ("pibu", "eic")  # whose recommendations are drawn beside ours
COLORS = {
    GRAPH: BLUE,
    "naive_bayes": ORANGE,
    "pibu": GREEN,
    "eic": RED,
    "nei": "#8a63b0",
    "scbo": "#a98600",
    "gpcr": "#d0709c",
    "sobol": FAINT,
}
UNITS = {"m/s": (1e3, "mm/s"), "m/(N s)": (1e3, "mm/(N s)")}
REGRETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
GAINS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # [mm/(N s)]
WORDS = {"approach_speed": "Approach", "force_gain": "Force control", "search_speed": "Search"}

Runs = Mapping[str, Sequence[Learned]]


def draw(
    directory: Path,
    *,
    quick: bool = False,
    on_progress: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Write `skill_learning.png` and `skill_learning_parameters.png`; return their paths."""
    seeds = range(QUICK_SEEDS if quick else NUM_SEEDS)
    count = QUICK_EPISODES if quick else NUM_EPISODES
    found = learn_groups(TASK, [(name, "") for name in METHODS], seeds, count, on_progress)
    runs = {name: found[name, ""] for name in sorted(METHODS, key=list(COLORS).index)}
    best = best_point(Surrogate())
    paths = [directory / f"{name}.png" for name in ("skill_learning", "skill_learning_parameters")]
    _curves(runs, best, paths[0])
    _parameters(runs, best, paths[1])
    return paths


def _curves(runs: Runs, best: BestPoint, path: Path) -> None:
    """Draw regret with the number of runs it is of, and successes."""
    count = len(runs[GRAPH])
    canvas = Canvas(
        "Learning screw insertion",
        f"Our surrogate, {count} seeds, the same noise for all methods. Lines: medians; bands of "
        f"the factor graph: {BAND[0]:.0f} to {BAND[1]:.0f} % of the runs.",
        widths=(1.6, 1.6),
        height=7.4,
    )
    _regrets(canvas.panels[0], runs, 1.0 - best.cost)
    _successes(canvas.panels[1], runs)
    canvas.save(path)


def _regrets(axes: Axes, runs: Runs, optimum: float) -> None:
    """Draw regrets of feasible recommendations, and beneath how many runs have one."""
    beneath = make_axes_locatable(axes).append_axes("bottom", size="34%", pad=0.18, sharex=axes)
    for name, group in runs.items():
        marks = group[0].marks
        feasible = np.array([run.feasible[:, CHOICE] == 1.0 for run in group])  # (n, k)
        values = np.array([noise_free_regret(run, optimum)[:, CHOICE] for run in group])
        values = np.where(feasible, values, np.nan)
        _line(axes, marks, values, name)
        beneath.plot(
            marks, feasible.sum(0), "o-", color=COLORS[name], linewidth=_width(name), markersize=3.5
        )
    _log_ticks(axes, REGRETS)
    labelled(axes, "", "regret of feasible runs")
    axes.tick_params(labelbottom=False)
    labelled(beneath, "episodes", "feasible runs")
    beneath.set_ylim(0.0, 1.06 * len(runs[GRAPH]))
    caption(axes, "Regret", f"required probability of success: {REQUIRED[CHOICE]:g}")


def _successes(axes: Axes, runs: Runs) -> None:
    """Draw how many episodes have succeeded so far."""
    for name, group in runs.items():
        values = np.array([run.success.cumsum() for run in group], dtype=float)
        _line(axes, np.arange(1, values.shape[1] + 1), values, name, label=name.replace("_", " "))
    labelled(axes, "episodes", "successes so far")
    axes.set_ylim(bottom=0.0)
    axes.legend(frameon=False, fontsize=10.5, loc="upper left")
    caption(axes, "Successes", "of all episodes until then")


def _line(
    axes: Axes, across: np.ndarray, values: np.ndarray, name: str, label: str | None = None
) -> None:
    """Draw the median of runs (n, k), NaN left out; ours thicker and with a band."""
    shown = ~np.isnan(values).all(0)
    across, values = across[shown], values[:, shown]
    axes.plot(
        across,
        np.nanmedian(values, axis=0),
        color=COLORS[name],
        linewidth=_width(name),
        label=label,
    )
    if name == GRAPH:
        band = np.nanpercentile(values, BAND, axis=0)
        axes.fill_between(across, *band, color=COLORS[name], alpha=0.16, linewidth=0)


def _log_ticks(axes: Axes, ticks: Sequence[float]) -> None:
    """Make the upward axis logarithmic, with ticks that are written as plain numbers."""
    axes.set_yscale("log")
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()


def _width(name: str) -> float:
    """Return how thick a method is drawn."""
    return 2.6 if name == GRAPH else 1.5


def _parameters(runs: Runs, best: BestPoint, path: Path) -> None:
    """Draw what is recommended after how many episodes, with bounds and optimum."""
    canvas = Canvas(
        "What is recommended after how many episodes",
        f"Our surrogate, {len(runs[GRAPH])} seeds, medians and bands of {BAND[0]:.0f} to "
        f"{BAND[1]:.0f} %. Black: the optimum without noise; panels end at the bounds.",
        widths=(1.15, 1.15, 1.15),
    )
    optimum = SPACE.from_unit(best.x[None])[0]
    for d, (axes, parameter) in enumerate(zip(canvas.panels, SPACE.parameters, strict=True)):
        scale, unit = UNITS[parameter.unit]
        for name in (name for name in (*RIVALS[::-1], GRAPH) if name in runs):
            chosen = np.array([run.chosen[:, CHOICE] for run in runs[name]])  # (n, k, n_xi)
            values = scale * np.array([SPACE.from_unit(one)[:, d] for one in chosen])
            marks, color = runs[name][0].marks, COLORS[name]
            axes.fill_between(
                marks, *np.nanpercentile(values, BAND, axis=0), color=color, alpha=0.14, linewidth=0
            )
            label = name.replace("_", " ")
            axes.plot(marks, np.nanmedian(values, axis=0), color=color, linewidth=2, label=label)
        axes.axhline(scale * optimum[d], color=INK, linewidth=1.2)
        if parameter.scale == "log":
            _log_ticks(axes, GAINS)
        axes.set_ylim(scale * parameter.lower, scale * parameter.upper)
        axes.grid(axis="y", color=LINE, linewidth=0.5)
        labelled(axes, "episodes", f"{parameter.name.replace('_', ' ')} [{unit}]")
        caption(axes, WORDS[parameter.name], f"optimum {scale * optimum[d]:.3g} {unit}")
    canvas.panels[-1].legend(frameon=False, fontsize=10.5, loc="lower right")
    canvas.save(path)
