# SPDX-License-Identifier: Apache-2.0
"""The picture of a Panda whose fingertip is at a point: ten Gaussians beside one."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from vi_ik_ros.benchmarks.panda_position import FINGERTIP, POINT, fingertip_target
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.training.fit_mixture import fit_mixture
from vi_ik_ros.sampling.training.runs.mixture_run import MixtureSettings
from vi_ik_ros.viewer.capsules import Capsules, arm_capsules, frame_capsules
from vi_ik_ros.viewer.figures.canvas import Canvas, caption
from vi_ik_ros.viewer.figures.robot_panel import draw_robots, looking_from
from vi_ik_ros.viewer.palette import component_colors
from vi_ik_ros.viewer.render import framed
from vi_ik_ros.viewer.skeleton import skeleton

SEED = 0
SIZES = (10, 1)  # K
SECONDS, QUICK_SECONDS = 20.0, 0.5  # of each fit
NUM_SOLID, NUM_CLOUD, GROUP = 3, 120, 2  # arms in front, transparent ones, of those at a time
PIXELS, QUICK_PIXELS = (720, 720), (60, 60)
ALPHA = 0.13
AZIMUTH, ELEVATION = np.radians(-35.0), np.radians(20.0)
FRAME = 0.10  # [m], length of the rods at the target
NUM_DRAWS = 4000  # for the figures under a title


def draw(
    directory: Path,
    *,
    quick: bool = False,
    on_progress: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Write `panda_position.png` and return its path."""
    objectives = fingertip_target().objectives
    draws = {}
    for num_components in SIZES:
        on_progress(f"gaussian K={num_components} ...")
        settings = MixtureSettings(
            num_components, SEED, time_limit=QUICK_SECONDS if quick else SECONDS
        )
        model = fit_mixture(objectives.product, settings=settings)
        draws[num_components] = model.draw(NUM_DRAWS, np.random.default_rng(SEED))
    canvas = Canvas(
        "Ways to hold a fingertip at a point",
        f"{NUM_SOLID} draws in front and {NUM_CLOUD} transparent ones, one colour for each "
        "component. Ten Gaussians find postures that one cannot.",
        widths=(1.0,) * len(SIZES),
        height=8.4,
    )
    on_progress("drawing ...")
    _draw_panels(canvas, objectives.robot, draws, quick=quick)
    path = directory / "panda_position.png"
    canvas.save(path)
    return [path]


def _draw_panels(
    canvas: Canvas,
    robot: RobotModel,
    draws: Mapping[int, tuple[np.ndarray, np.ndarray]],
    *,
    quick: bool,
) -> None:
    """Draw configurations and their components, by the number of components."""
    num_cloud = GROUP if quick else NUM_CLOUD
    shown = np.concatenate([q[:NUM_CLOUD] for q, _ in draws.values()])
    everything = _arms(robot, shown, np.zeros(len(shown), int))
    pixels = QUICK_PIXELS if quick else PIXELS
    camera = framed(looking_from(AZIMUTH, ELEVATION, pixels), everything, room=1.15)
    for axes, (num_components, (q, component)) in zip(canvas.panels, draws.items(), strict=True):
        cloud = [
            _arms(robot, q[i : i + GROUP], component[i : i + GROUP])
            for i in range(NUM_SOLID, NUM_SOLID + num_cloud, GROUP)
        ]
        front = slice(0, NUM_SOLID)
        solid = _arms(robot, q[front], component[front])
        draw_robots(axes, solid, cloud, camera, alpha=ALPHA, floor_radius=0.75)
        error = 1e3 * np.median(_distances(robot, q))
        word = "Gaussians" if num_components > 1 else "Gaussian"
        caption(axes, f"{num_components} {word}", f"median position error {error:.0f} mm")


def _arms(robot: RobotModel, q: np.ndarray, component: np.ndarray) -> Capsules:
    """Return the shapes of arms (n, 7), and the target."""
    arms = arm_capsules(skeleton(robot.serial_chain(), q), component_colors(component))
    T_root_target = np.eye(4)
    T_root_target[:3, 3] = POINT
    return Capsules.join([arms, frame_capsules(T_root_target, FRAME)])


def _distances(robot: RobotModel, q: np.ndarray) -> np.ndarray:
    """Return how far fingertips are from the point (n,) [m], by pinocchio."""
    T_root_flange = robot.forward(q, "panda_link8")
    tips = T_root_flange[:, :3, 3] + FINGERTIP * T_root_flange[:, :3, 2]
    return np.asarray(np.linalg.norm(tips - POINT, axis=1))
