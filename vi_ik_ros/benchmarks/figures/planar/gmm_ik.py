# SPDX-License-Identifier: Apache-2.0
"""The pictures of a joint mixture fitted by expectation maximisation: answers, and how it grew."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from scipy.stats import multivariate_normal

from vi_ik_ros.benchmarks.gmm_ik.answers import ANSWERS
from vi_ik_ros.benchmarks.gmm_ik.gmm_ik import MAIN, TABLE, Data
from vi_ik_ros.benchmarks.gmm_ik.gmm_ik import draw as draw_data
from vi_ik_ros.benchmarks.gmm_ik.planar_arm import LINKS, REACH, errors, forward
from vi_ik_ros.benchmarks.gmm_ik.variants import (
    SOURCE,
    TURNED,
    Variant,
    context_rows,
    fit_variant,
)
from vi_ik_ros.sampling.models.em_mixture import EmMixture
from vi_ik_ros.viewer.figures.canvas import (
    BLUE,
    FAINT,
    INK,
    LINE,
    ORANGE,
    RED,
    Canvas,
    caption,
    labelled,
)
from vi_ik_ros.viewer.figures.density_panel import Plane, draw_density
from vi_ik_ros.viewer.figures.planar_panel import draw_arms, draw_ground

TARGET = np.array([1.5, -0.4])  # [m], of the source's pictures
NUM_ARMS = 100
UPDATES, QUICK_UPDATES = (0, 1, 2, 4, 8, 16), (0, 2, 4)
QUICK_SIZES, SIZES = (41, MAIN), tuple(TABLE)
CELLS, QUICK_CELLS = 140, 30
COLORS = {SOURCE: ORANGE, TURNED: BLUE}
WORDS = {SOURCE: "As the source fits", TURNED: "Exact EM, turned and wrapped"}
SEED = 0
LOW, HIGH = (-0.5, -1.5), (2.4, 1.4)  # corners of a panel [m]


def draw(
    directory: Path,
    *,
    quick: bool = False,
    on_progress: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Write `gmm_ik.png` and `gmm_ik_evolution.png`; return their paths."""
    data = draw_data(SEED)
    paths = [directory / f"{name}.png" for name in ("gmm_ik", "gmm_ik_evolution")]
    sizes = QUICK_SIZES if quick else SIZES
    fits = {one: _fits(one, data, sizes, quick, on_progress) for one in COLORS}
    _answers(paths[0], fits, data)
    updates = QUICK_UPDATES if quick else UPDATES
    on_progress("the same fit after more and more updates ...")
    models = [
        fit_variant(SOURCE, data.theta, MAIN, SEED, max_updates=count).model for count in updates
    ]
    _evolution(paths[1], models, updates, QUICK_CELLS if quick else CELLS)
    return paths


def _fits(
    variant: Variant,
    data: Data,
    sizes: Sequence[int],
    quick: bool,
    on_progress: Callable[[str], None],
) -> dict[int, EmMixture]:
    """Return the mixtures by their number of components."""
    most = {"max_updates": max(QUICK_UPDATES)} if quick else {}
    fits = {}
    for size in sizes:
        on_progress(f"{variant.name}, M = {size} ...")
        fits[size] = fit_variant(variant, data.theta, size, SEED, **most).model
    return fits


def _answers(path: Path, fits: Mapping[Variant, Mapping[int, EmMixture]], data: Data) -> None:
    """Draw arms that are drawn for one target, and errors over the number of components."""
    canvas = Canvas(
        "Inverse kinematics by a joint mixture",
        f"Three links, {len(data.theta)} random postures, {MAIN} components; {NUM_ARMS} draws for "
        "one target, a star at every tip, a ring about the target.",
        widths=(1.0, 1.0, 1.2),
    )
    for axes, (variant, models) in zip(canvas.panels, fits.items(), strict=False):
        _draw_arms(axes, models[MAIN], variant)
    _draw_table(canvas.panels[2], fits, data)
    canvas.save(path)


def _draw_arms(axes: Axes, model: EmMixture, variant: Variant) -> None:
    """Draw arms that the conditional mixture proposes for the target."""
    rng = np.random.default_rng(SEED)
    q = model.sample(context_rows(TARGET[None]), NUM_ARMS, [rng]).q[0]  # (n, 3)
    draw_ground(axes, LOW, HIGH)
    angle = q.cumsum(1)
    links = LINKS[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)  # (n, 3, 2)
    points = np.concatenate([np.zeros((len(q), 1, 2)), links.cumsum(1)], axis=1)
    draw_arms(axes, points, COLORS[variant], alpha=0.16, width=2.2)
    axes.plot(*forward(q).T, "*", color=INK, markersize=6, linewidth=0, zorder=5)
    ring = {"markerfacecolor": "none", "markeredgecolor": RED, "markeredgewidth": 2.0}
    axes.plot(*TARGET, "o", markersize=20, zorder=6, **ring)  # type: ignore[arg-type]
    miss = np.median(errors(q, TARGET))
    caption(axes, WORDS[variant], f"tips miss by {1e3 * miss:.0f} mm (median)")


def _draw_table(axes: Axes, fits: Mapping[Variant, Mapping[int, EmMixture]], data: Data) -> None:
    """Draw the mean error of one answer for every target, over the number of components."""
    targets, answer = data.box, ANSWERS["SLSE"]
    axes.plot(list(TABLE), list(TABLE.values()), "x", color=INK, label="Satici 2021, Table 1")
    for variant, models in fits.items():
        means = [errors(answer(model, targets), targets).mean() for model in models.values()]
        label = WORDS[variant]
        axes.plot(list(models), means, "o-", color=COLORS[variant], markersize=4, label=label)
    floor = np.maximum(0.0, np.linalg.norm(targets, axis=1) - REACH).mean()
    axes.axhline(floor, color=FAINT, linestyle="--", linewidth=1.0, label="out of reach, for all")
    axes.set_ylim(0.0, None)
    axes.grid(axis="y", color=LINE, linewidth=0.5)
    axes.legend(frameon=False, fontsize=9.5)
    labelled(axes, "components", "mean error [m]")
    caption(axes, "Most responsible component (SLSE)", f"{len(targets)} targets, one fit each")


def _evolution(path: Path, models: Sequence[EmMixture], updates: Sequence[int], cells: int) -> None:
    """Draw the posterior of the first two joints after more and more updates."""
    canvas = Canvas(
        "How the posterior takes shape",
        f"Density of the first two joints, given the tip at ({TARGET[0]:g}, {TARGET[1]:g}) m, as "
        f"the source fits {MAIN} components.",
        widths=(1.0,) * len(models),
        height=5.4,
    )
    ends = np.full(2, np.pi)
    plane = Plane.around(-ends, ends, cells, 0.0)
    for number, (axes, model, count) in enumerate(zip(canvas.panels, models, updates, strict=True)):
        draw_density(axes, plane, marginal(model, TARGET, plane.q))
        if number:
            axes.set_ylabel("")
        miss = model.sample(context_rows(TARGET[None]), NUM_ARMS, [np.random.default_rng(SEED)])
        words = f"{count} update{'s' * (count > 1)}" if count else "the start"
        caption(axes, words, f"draws miss by {1e3 * np.median(errors(miss.q[0], TARGET)):.0f} mm")
    canvas.save(path)


def marginal(model: EmMixture, target: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return the log density (n,) of the first two joints q (n, 2), given a target (2,)."""
    given = model.conditional(context_rows(target[None])[0])
    density = np.zeros(len(q))
    for weight, loc, covariance in zip(given.weights, given.loc, given.covariance, strict=True):
        density += weight * multivariate_normal(loc[:2], covariance[:2, :2]).pdf(q)
    return np.log(density.clip(1e-300))
