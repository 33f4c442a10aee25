# SPDX-License-Identifier: Apache-2.0
"""The picture of one answer: the arm in every configuration, the joints, the errors."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vi_ik_ros.kinematics.chains.serial_chain import SerialChain
from vi_ik_ros.viewer.capsules import Capsules, arm_capsules, frame_capsules
from vi_ik_ros.viewer.palette import component_colors
from vi_ik_ros.viewer.render import Camera, framed, render
from vi_ik_ros.viewer.skeleton import skeleton

INK, FAINT, RAW_COLOR, REFINED_COLOR = "#22252b", "#8b919c", "#e0913c", "#2f7fb8"
SCENE_PIXELS = (928, 895)  # width, height of the 3-D part
OVERSAMPLING = 1.3


@dataclass(frozen=True)
class AnswerPicture:
    """What the picture shows, for one target.

    Attributes:
        chain: the arm, from the frame of the target to the tip that it places.
        joint_names: (nq,) names of the columns of `q`.
        T_root_target: (4, 4) the target.
        q: (n, nq) refined configurations [rad or m].
        component: (n,) mixture component of each row.
        raw_position_error: (m,) of unrefined samples [m].
        refined_position_error: (k,) of the same request, refined [m].
        title: headline.
        subtitle: one line under it.
    """

    chain: SerialChain
    joint_names: tuple[str, ...]
    T_root_target: np.ndarray
    q: np.ndarray
    component: np.ndarray
    raw_position_error: np.ndarray
    refined_position_error: np.ndarray
    title: str
    subtitle: str


def save_answer_picture(path: Path, picture: AnswerPicture) -> None:
    """Draw the picture and write it as PNG, 1600 x 1000 pixels."""
    figure = Figure(figsize=(16, 10), dpi=100, facecolor="#fbfbfc")
    FigureCanvasAgg(figure)
    colors = component_colors(picture.component)
    scene = figure.add_axes((0.0, 0.0, 0.58, 0.895))
    scene.imshow(draw_arms(picture, colors), interpolation="antialiased")
    scene.set_axis_off()
    _draw_joints(figure.add_axes((0.63, 0.52, 0.34, 0.33)), picture, colors)
    _draw_errors(figure.add_axes((0.63, 0.09, 0.34, 0.30)), picture)
    figure.text(0.035, 0.945, picture.title, fontsize=27, color=INK, weight="bold")
    figure.text(0.035, 0.908, picture.subtitle, fontsize=14.5, color=FAINT)
    figure.savefig(path, format="png")


def draw_arms(picture: AnswerPicture, colors: np.ndarray) -> np.ndarray:
    """Return the 3-D part of the picture, (H, W, 3) in [0, 1]."""
    arms = skeleton(picture.chain, picture.q)
    reach = float(np.linalg.norm(np.diff(arms.points[0], axis=0), axis=-1).sum())
    frame = frame_capsules(picture.T_root_target, 0.15 * reach)
    capsules = Capsules.join([arm_capsules(arms, colors), frame])
    side = np.arctan2(*picture.T_root_target[1::-1, 3]) - np.radians(62.0)
    direction = np.array([np.cos(side), np.sin(side), np.tan(np.radians(22.0))])
    width, rows = (int(OVERSAMPLING * size) for size in SCENE_PIXELS)
    camera = Camera(np.zeros(3), direction / np.linalg.norm(direction), pixels=(width, rows))
    camera = framed(camera, capsules, room=1.36)
    return render(capsules, camera, floor_radius=1.05 * reach)


def _draw_joints(axes: Axes, picture: AnswerPicture, colors: np.ndarray) -> None:
    """Draw each configuration as a curve over the joints, between their limits."""
    columns = picture.chain.columns
    lower, upper = picture.chain.lower, picture.chain.upper
    heights = (picture.q[:, columns] - lower) / (upper - lower)  # (n, J) in [0, 1]
    places = np.arange(len(columns))
    fine = np.linspace(0, len(columns) - 1, 40 * len(columns))
    for row, color in zip(heights, colors, strict=True):
        axes.plot(fine, _smooth(places, row, fine), color=color, linewidth=2.0, alpha=0.85)
        axes.scatter(places, row, s=26, color=color, edgecolor="white", linewidth=0.8, zorder=3)
    for place in places:
        axes.plot([place, place], [0, 1], color="#d4d7dd", linewidth=7, alpha=0.6, zorder=0)
    labels = [_short(picture.joint_names[column]) for column in columns]
    limits = [f"{low:.1f}\n{high:.1f}" for low, high in zip(lower, upper, strict=True)]
    axes.set_xticks(places, [f"{a}\n{b}" for a, b in zip(labels, limits, strict=True)])
    axes.set_yticks([0, 1], ["lower\nlimit", "upper\nlimit"])
    axes.set_ylim(-0.06, 1.06)
    _decorate(axes, "The same pose, in joint space", "")


def _draw_errors(axes: Axes, picture: AnswerPicture) -> None:
    """Draw how far the tip is from the target, before and after refining (log scale)."""
    raw = 1e3 * picture.raw_position_error.clip(1e-9)
    refined = 1e3 * picture.refined_position_error.clip(1e-9)
    lowest = np.floor(np.log10(np.concatenate([raw, refined]).min()))
    bins = np.logspace(lowest, np.ceil(np.log10(raw.max())), 45)
    for errors, color, word in (
        (raw, RAW_COLOR, "raw"),
        (refined, REFINED_COLOR, "refined"),
    ):
        label = f"{word}, median {np.median(errors):.2g} mm"
        weights = np.full(len(errors), 100.0 / len(errors))
        axes.hist(errors, bins=bins.tolist(), weights=weights, color=color, alpha=0.85, label=label)
    axes.set_xscale("log")
    axes.set_ylabel("samples [%]", color=FAINT)
    axes.set_ylim(0.0, 1.3 * axes.get_ylim()[1])  # Room for the legend.
    axes.legend(frameon=False, fontsize=11.5, loc="upper left", ncols=2, labelcolor=INK)
    _decorate(axes, "Distance from the target", "position error [mm]")


def _smooth(x: np.ndarray, y: np.ndarray, fine: np.ndarray) -> np.ndarray:
    """Return y between the points x, level at each of them."""
    left = np.clip(np.searchsorted(x, fine, side="right") - 1, 0, max(len(x) - 2, 0))
    share = np.clip(fine - x[left], 0.0, 1.0)
    share = share**2 * (3.0 - 2.0 * share)
    return (1.0 - share) * y[left] + share * y[np.minimum(left + 1, len(x) - 1)]


def _short(name: str) -> str:
    """Return the last part of a joint name, which tells it from its neighbours."""
    return name.rsplit("_", 1)[-1]


def _decorate(axes: Axes, title: str, label: str) -> None:
    axes.set_title(title, loc="left", fontsize=15, color=INK, pad=12)
    axes.set_xlabel(label, color=FAINT)
    axes.set_facecolor("none")
    axes.tick_params(colors=FAINT, length=0, labelsize=10.5)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#d4d7dd")
