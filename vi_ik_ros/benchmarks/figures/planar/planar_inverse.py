# SPDX-License-Identifier: Apache-2.0
"""The picture of planar arms that reach a point: the truth, two networks, and where tips end up."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.spatial import ConvexHull

from vi_ik_ros.benchmarks.fit_cache import DEFAULT_BUDGET
from vi_ik_ros.benchmarks.planar_inverse.measures.source import nearest_tips
from vi_ik_ros.benchmarks.planar_inverse.planar_arm import PlanarArm, PosteriorDraws
from vi_ik_ros.benchmarks.planar_inverse.planar_inverse import fitted_case
from vi_ik_ros.benchmarks.planar_inverse.references import POINTS
from vi_ik_ros.viewer.figures.canvas import BLUE, GREEN, INK, ORANGE, Canvas, caption, labelled
from vi_ik_ros.viewer.figures.planar_panel import draw_arms, draw_ground

CORNERS = {  # number of joints -> low and high corner of a panel [m]
    10: ((-0.4, -1.6), (5.9, 2.4)),
    6: ((-0.4, -1.1), (4.1, 1.9)),
}
NUM_ARMS, NUM_DRAWS = 60, 1000
POOL, QUICK_POOL = 1_000_000, 200_000
QUICK_BUDGET = 2.0  # [s]
COLORS = {"exact": GREEN, "inn": BLUE, "cvae": ORANGE}
WORDS = {"exact": "Exact draws", "inn": "Invertible network", "cvae": "Conditional autoencoder"}


def draw(
    directory: Path,
    *,
    quick: bool = False,
    on_progress: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Write `planar_inverse.png` and `planar_inverse_6.png`; return their paths."""
    paths: list[Path] = []
    for num_joints in CORNERS:
        arm, target = PlanarArm(num_joints), np.array(POINTS[num_joints])
        canvas = _page(arm, target, _draws(arm, target, quick, on_progress))
        name = "planar_inverse" if not paths else f"planar_inverse_{num_joints}"
        paths.append(directory / f"{name}.png")
        canvas.save(paths[-1])
    return paths


def _page(arm: PlanarArm, target: np.ndarray, draws: dict[str, np.ndarray]) -> Canvas:
    """Draw the arms of the truth and of models (n, D), and where tips end up."""
    canvas = Canvas(
        f"All that an arm of {arm.num_joints} joints can do to reach one point",
        "Joints are normal about zero. One arm of each panel is highlighted; on the right the tips "
        f"of {NUM_DRAWS} draws, the nearest 97 % inside the hull.",
        widths=(1.3, 1.3, 1.3, 1.0),
    )
    for panel, (name, q) in zip(canvas.panels, draws.items(), strict=False):
        draw_ground(panel, *CORNERS[arm.num_joints])
        points = _points(arm, q[:NUM_ARMS])
        draw_arms(panel, points[1:], COLORS[name], alpha=0.12, width=3.0)
        draw_arms(panel, points[:1], COLORS[name])
        panel.plot(*target, "+", color=INK, markersize=12, markeredgewidth=2.0, zorder=5)
        miss = np.linalg.norm(arm.tips(q) - target, axis=1)
        caption(panel, WORDS[name], f"tips miss by {1e3 * np.median(miss):.2g} mm (median)")
    _draw_hulls(canvas, arm, target, draws)
    return canvas


def _draws(
    arm: PlanarArm, target: np.ndarray, quick: bool, on_progress: Callable[[str], None]
) -> dict[str, np.ndarray]:
    """Return configurations (n, D) that reach a target, of the truth and of models."""
    rng = np.random.default_rng(0)
    posterior = PosteriorDraws.of(arm, QUICK_POOL if quick else POOL, rng)
    draws = {"exact": posterior.exact(target, NUM_ARMS, rng)}
    for family in ("inn", "cvae"):
        limit = QUICK_BUDGET if quick else DEFAULT_BUDGET
        model = fitted_case(arm.num_joints, family, 0, limit, on_progress).model
        draws[family] = model.sample(target[None], NUM_DRAWS, [rng]).q[0]
    return draws


def _points(arm: PlanarArm, q: np.ndarray) -> np.ndarray:
    """Return base, joints and tip (n, D + 1, 2) [m] of configurations (n, D)."""
    angle = q.cumsum(1)
    links = arm.lengths[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return np.concatenate([np.zeros((len(q), 1, 2)), links.cumsum(1)], axis=1)


def _draw_hulls(
    canvas: Canvas, arm: PlanarArm, target: np.ndarray, draws: dict[str, np.ndarray]
) -> None:
    """Draw where the tips of models end up around the target, and the hulls of most of them."""
    panel = canvas.panels[-1]
    for name in ("cvae", "inn"):
        tips = 1e3 * (arm.tips(draws[name]) - target)
        near = 1e3 * (nearest_tips(arm, draws[name], target) - target)
        panel.plot(*tips.T, ".", color=COLORS[name], markersize=2.5, alpha=0.4, linewidth=0)
        around = near[ConvexHull(near).vertices]
        panel.fill(*around.T, color=COLORS[name], alpha=0.2, linewidth=0)
        panel.plot(*np.vstack([around, around[:1]]).T, color=COLORS[name], label=WORDS[name])
    panel.plot(0.0, 0.0, "+", color=INK, markersize=12, markeredgewidth=2.0)
    panel.set_aspect("equal", adjustable="datalim")
    labelled(panel, "x [mm]", "y [mm]")
    panel.legend(frameon=False, fontsize=9.5, loc="upper right")
    caption(panel, "Tips about the target", "hulls of the nearest 97 %")
