# SPDX-License-Identifier: Apache-2.0
"""The picture of the projection operator: where two pseudo-inverse steps lead onto a line."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.training.fit_mixture import fit_mixture
from vi_ik_ros.sampling.training.runs.mixture_run import MixtureSettings
from vi_ik_ros.viewer.figures.canvas import GREEN, LINE, ORANGE, Canvas, caption
from vi_ik_ros.viewer.figures.density_panel import Plane, draw_components, draw_density

NUM_COMPONENTS, SEED = 8, 0
NUM_DRAWS = 160
CELLS, MARGIN = 500, 0.5
STEPS = 2  # as in the objectives file
STD = 0.03  # [m], of the line without the steps
QUICK_STEPS = (3, 3, 3)


def draw(
    directory: Path,
    *,
    quick: bool = False,
    on_progress: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Write `planar_projection.png` and return its path."""
    folder = share_dir() / "config" / "objectives"
    line, steps = (
        load_objectives(folder / f"{name}.yaml") for name in ("planar2_line", "planar2_projection")
    )
    settings = MixtureSettings(NUM_COMPONENTS, SEED, QUICK_STEPS if quick else (60, 300, 60))
    on_progress(f"gaussian K={NUM_COMPONENTS} ...")
    model = fit_mixture(steps.product, settings=settings)
    canvas = Canvas(
        "Sample broadly, then take two steps",
        "Instead of the thin ridge (a), fit the wide region (b) from which two pseudo-inverse "
        "steps lead onto it: a few Gaussians suffice.",
        widths=(0.95, 0.95, 0.95),
    )
    robot = steps.robot
    plane = Plane.around(robot.lower, robot.upper, CELLS, MARGIN)
    draw_density(canvas.panels[0], plane, _log_density(line.product, plane), lines=True)
    caption(canvas.panels[0], "(a) The line itself", f"std {100 * STD:g} cm")
    draw_density(canvas.panels[1], plane, _log_density(steps.product, plane))
    caption(canvas.panels[1], f"(b) What leads there in {STEPS} steps", "std after them 5 mm")
    axes = canvas.panels[2]
    draw_density(axes, plane, model.log_prob(plane.q[None], np.empty((1, 0)))[0])
    draw_components(axes, model)
    q = model.sample(np.empty((1, 0)), NUM_DRAWS, [np.random.default_rng(SEED)]).q[0]
    projected = project(steps.product, torch.from_numpy(q), STEPS).numpy()
    axes.plot(*np.stack([q, projected]).transpose(2, 0, 1), color=LINE, linewidth=0.9)
    axes.plot(*q.T, "o", color=ORANGE, markersize=4, label="drawn")
    axes.plot(*projected.T, "o", color=GREEN, markersize=4, label="projected")
    axes.legend(frameon=False, fontsize=10.5, loc="upper right", handletextpad=0.2)
    caption(axes, f"(c) {NUM_COMPONENTS} Gaussians fitted to (b)", _far(projected))
    path = directory / "planar_projection.png"
    canvas.save(path)
    return [path]


def project(product: ProductOfExperts, q: Tensor, steps: int) -> Tensor:
    """Take pseudo-inverse steps of q (N, 2) towards the line y = 1 m, by the chain's Jacobian."""
    chain = product.chain
    for _ in range(steps):
        with torch.no_grad():
            y = chain.forward(q)[:, 0, 1, 3]
            J = chain.jacobian(q, chain.frames[0])[:, 1]  # (N, 2), of y
            q = q + J * ((1.0 - y) / J.square().sum(1).clamp_min(1e-5))[:, None]
    return q


def _log_density(product: ProductOfExperts, plane: Plane) -> np.ndarray:
    """Return log p~ on a grid."""
    with torch.no_grad():
        parts = torch.from_numpy(plane.q).split(50_000)
        return torch.cat([product.log_density(part) for part in parts]).numpy()


def _far(projected: np.ndarray) -> str:
    """Return how far the tips of projected configurations are from the line."""
    y = np.sin(projected[:, 0]) + np.sin(projected.sum(1))
    return f"after the steps {1e3 * np.median(abs(y - 1.0)):.2g} mm from the line (median)"
