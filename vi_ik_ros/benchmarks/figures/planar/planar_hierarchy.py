# SPDX-License-Identifier: Apache-2.0
"""The picture of optional tasks: which of them the draws of a mixture pursue, and their masses."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from vi_ik_ros.benchmarks.unigauss_hierarchy.optional_tasks import (
    COMBINATIONS,
    NAMES,
    STD,
    TASKS,
    TIP,
    Combination,
    OptionalTasks,
    link_ends,
    log_choice,
)
from vi_ik_ros.benchmarks.unigauss_hierarchy.unigauss_hierarchy import (
    CELLS,
    NUM_COMPONENTS,
    NUM_STEPS,
    QUICK_CELLS,
    QUICK_STEPS,
    masses,
    shares,
    words,
)
from vi_ik_ros.sampling.inference.estimates.importance_weights import Estimate
from vi_ik_ros.sampling.training.runs.natural_gradient_run import (
    NaturalGradientFit,
    fit_natural_gradient,
)
from vi_ik_ros.viewer.figures.canvas import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    RED,
    Canvas,
    bare,
    caption,
)
from vi_ik_ros.viewer.figures.planar_panel import draw_arms, draw_ground, draw_target

SEED = 0
NUM_ARMS, NUM_DRAWS = 60, 4000
COLORS = dict(zip(NAMES, (BLUE, ORANGE, GREEN), strict=True))
MIXED = {  # colours of the combinations
    kept: color
    for kept, color in zip(
        COMBINATIONS,
        (RED, RED, BLUE, "#8db9dd", ORANGE, "#efc08e", GREEN, "#a9adb5"),
        strict=True,
    )
}


def draw(
    directory: Path,
    *,
    quick: bool = False,
    on_progress: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Write `planar_hierarchy.png` and return its path."""
    tasks = OptionalTasks()
    settings = NaturalGradientFit(
        NUM_COMPONENTS, SEED, steps=QUICK_STEPS if quick else NUM_STEPS, order=1.0
    )
    elbos = {}
    for kept, product in tasks.combinations().items():
        on_progress(f"{words(kept)} ...")
        model = fit_natural_gradient(product, settings).model()
        elbos[kept], _ = masses(product, model, NUM_DRAWS)
    on_progress("sum ...")
    model = fit_natural_gradient(tasks.product, settings).model()
    q, _ = model.draw(NUM_ARMS, np.random.default_rng(SEED))
    canvas = Canvas(
        "Tasks that may be given up",
        "The tip is held, the other three tasks are optional, and no posture does them all: "
        "each combination gets its mass.",
        widths=(1.25, 0.30, 0.95),
    )
    _draw_samples(canvas.panels[0], tasks, q)
    bare(canvas.panels[1])
    exact = tasks.on_grid(QUICK_CELLS if quick else CELLS).log_masses
    _draw_shares(canvas.panels[2], exact, elbos)
    path = directory / "planar_hierarchy.png"
    canvas.save(path)
    return [path]


def _draw_samples(axes: Axes, tasks: OptionalTasks, q: np.ndarray) -> None:
    """Draw arms in the colour of the combination that is likeliest for them."""
    _, terms = tasks.log_terms(q)
    likeliest = np.stack([log_choice(terms, kept) for kept in COMBINATIONS]).argmax(0)
    draw_ground(axes, (-0.95, -0.15), (1.80, 2.05))
    points = np.concatenate([np.zeros((len(q), 1, 2)), link_ends(q)], 1)
    for place in np.unique(likeliest):
        draw_arms(axes, points[likeliest == place], MIXED[COMBINATIONS[place]], alpha=0.45)
    draw_target(axes, TIP, INK, STD)
    for name, (target, _) in TASKS.items():
        draw_target(axes, target, COLORS[name], STD)
        label = name.replace("_", " ")
        axes.annotate(
            label, target, (0, 34), textcoords="offset points", ha="center", color=INK, zorder=6
        )
    axes.annotate("tip", TIP, (0, -42), textcoords="offset points", ha="center", color=INK)
    caption(axes, f"{len(q)} draws of the mixture", "coloured by the combination they pursue")


def _draw_shares(
    axes: Axes, exact: Mapping[Combination, float], elbos: Mapping[Combination, Estimate]
) -> None:
    """Draw the share of each combination as a bar, the exact one as a mark on it."""
    found = shares(elbos)
    wanted = shares({kept: Estimate(value) for kept, value in exact.items()})
    bare(axes)
    for row, kept in enumerate(COMBINATIONS):
        value = found[kept].value
        axes.barh(-row, value, height=0.62, color=MIXED[kept])
        axes.plot([wanted[kept].value] * 2, [-row - 0.42, -row + 0.42], color=INK, linewidth=1.8)
        axes.text(-1.5, -row, words(kept), ha="right", va="center", fontsize=10, color=INK)
        text = f"{value:.1f} %" if value > 0.05 else f"{value:.0e} %"
        axes.text(value + 2.0, -row, text, va="center", fontsize=10, color=FAINT)
    axes.set_xlim(0.0, 1.3 * max(one.value for one in found.values()))
    caption(axes, "Relative mass by ELBO", "black marks: exact, by a grid")
