# SPDX-License-Identifier: Apache-2.0
"""Two pictures of a humanoid: draws of a mixture beside HMC, and a hand that may be given up."""

import copy
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch

from vi_ik_ros.benchmarks.talos_stance import talos_stance
from vi_ik_ros.benchmarks.talos_stance.stance import GRIPPER, Stance
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.experts.yaml_document import read_yaml
from vi_ik_ros.sampling.inference import hamiltonian_monte_carlo
from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.inference.hamiltonian_monte_carlo import HamiltonianSettings
from vi_ik_ros.viewer.body import body_capsules, link_capsules
from vi_ik_ros.viewer.capsules import Capsules
from vi_ik_ros.viewer.figures.canvas import Canvas, caption
from vi_ik_ros.viewer.figures.robot_panel import draw_robots, looking_from
from vi_ik_ros.viewer.render import framed

SEED = 0
SECONDS, QUICK_SECONDS = 40.0, 2.0  # of each fit, and of HMC
NUM_COMPONENTS, QUICK_COMPONENTS = 50, 3
NUM_ROBOTS, QUICK_ROBOTS = 45, 3  # transparent ones
NUM_DRAWS = 2000  # for the figures under a title
OPTIONAL = {"probability": 0.999, "volume": 4.0, "width": 5.0}  # of the gripper; c in m^3
ENDS = (
    "left_sole_link",
    "right_sole_link",
    "gripper_left_base_link",
    "gripper_right_base_link",
    "head_2_link",
)
FOOT = np.array([[-0.06, 0.0, 0.03], [0.11, 0.0, 0.03]])  # heel and toes in a sole's frame [m]
HELD, FREE = np.array([0.18, 0.50, 0.75]), np.array([0.90, 0.55, 0.20])
COLORS = {"arm_left": HELD, "arm_right": FREE}
AZIMUTH, ELEVATION = np.radians(25.0), np.radians(14.0)
PIXELS, QUICK_PIXELS = (720, 720), (60, 60)
ALPHA = 0.11
LEGEND = "Feet within 4 cm, gripper within 5 cm, spread over uniform."


def draw(
    directory: Path,
    *,
    quick: bool = False,
    on_progress: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Write `talos_stance.png` and `talos_hierarchy.png` and return their paths."""
    seconds = QUICK_SECONDS if quick else SECONDS
    num_components = QUICK_COMPONENTS if quick else NUM_COMPONENTS
    stance, optional = Stance(), optional_gripper()
    on_progress("mixture ...")
    held = talos_stance.fit(stance, num_components, seconds, SEED)
    on_progress("HMC ...")
    chains = sample_chains(stance, held.start, seconds)
    on_progress("gripper optional ...")
    free = talos_stance.fit(optional, num_components, seconds, SEED)
    rng = np.random.default_rng(SEED)
    draws, loose = (found.model.draw(NUM_DRAWS, rng)[0] for found in (held, free))
    pages = {
        "talos_stance": (
            "A humanoid on both feet, its left gripper at a point",
            f"Draws after {seconds:g} s. Nothing holds the orange arm: it should spread. {LEGEND}",
            {f"Mixture, K = {num_components}": draws, "HMC, one draw of each chain": chains},
        ),
        "talos_hierarchy": (
            "A hand that may be given up",
            f"As a uni-Gauss objective its point is pursued by some draws only. {LEGEND}",
            {"Gripper held": draws, "Gripper optional": loose},
        ),
    }
    paths = []
    for name, (title, subtitle, panels) in pages.items():
        on_progress(f"drawing {name} ...")
        paths.append(directory / f"{name}.png")
        _draw_page(stance, title, subtitle, panels, quick=quick).save(paths[-1])
    return paths


def optional_gripper() -> Stance:
    """Return the stance with the gripper's objective as a uni-Gauss expert."""
    stance = Stance()
    path = share_dir() / "config" / "objectives" / "talos_stance.yaml"
    document = copy.deepcopy(dict(read_yaml(path)))
    (gripper,) = (entry for entry in document["objectives"] if entry["name"] == GRIPPER)
    gripper["density"].update(type="uni_gauss", **OPTIONAL)
    stance.objectives = load_objectives(document)
    stance.product = stance.objectives.product
    return stance


def sample_chains(stance: Stance, start: GaussianComponents, seconds: float) -> np.ndarray:
    """Run HMC from draws of a mixture's start, and return the last state of every chain."""
    generator = torch.Generator().manual_seed(SEED)
    owners = torch.arange(talos_stance.NUM_CHAINS) % len(start.loc)
    shape = (talos_stance.NUM_CHAINS, start.loc.shape[1])
    noise = torch.randn(shape, generator=generator, dtype=start.loc.dtype)
    covariance = start.scale_tril @ start.scale_tril.mT
    scale = covariance.diagonal(dim1=1, dim2=2).mean(0).sqrt()
    state = hamiltonian_monte_carlo.init(stance.product, start.sample(noise, owners))
    began = time.monotonic()
    while (spent := (time.monotonic() - began) / seconds) < 1.0:
        adapt = spent < talos_stance.WARM_UP
        settings = HamiltonianSettings(talos_stance.NUM_LEAPFROG, scale, adapt)
        state, _ = hamiltonian_monte_carlo.step(
            state, target=stance.product, settings=settings, generator=generator
        )
    order = torch.randperm(len(owners), generator=generator)
    return np.asarray(state.q[order].numpy())


def _draw_page(
    stance: Stance, title: str, subtitle: str, panels: dict[str, np.ndarray], *, quick: bool
) -> Canvas:
    """Draw one panel for each set of draws, all seen by the same camera."""
    num_robots = QUICK_ROBOTS if quick else NUM_ROBOTS
    canvas = Canvas(title, subtitle, widths=(1.0,) * len(panels), height=8.4)
    pixels = QUICK_PIXELS if quick else PIXELS
    shown = np.concatenate([q[:num_robots] for q in panels.values()])
    camera = looking_from(AZIMUTH, ELEVATION, pixels)
    camera = framed(camera, robots(stance, shown), room=1.12)
    for axes, (name, q) in zip(canvas.panels, panels.items(), strict=True):
        middle = q[int(np.argmin(((q - np.median(q, 0)) ** 2).sum(1)))]
        cloud = [robots(stance, row[None]) for row in q[:num_robots]]
        draw_robots(
            axes, robots(stance, middle[None]), cloud, camera, alpha=ALPHA, floor_radius=0.95
        )
        caption(axes, name, _words(stance, q))
    return canvas


def robots(
    stance: Stance, q: np.ndarray, colors: Mapping[str, np.ndarray] | None = None
) -> Capsules:
    """Return the shapes of configurations (n, 34), coloured as `body_capsules` says."""
    tree = stance.objectives.robot.tree
    feet = [link_capsules(tree, q, sole, FOOT, 0.035) for sole in ENDS[:2]]
    return Capsules.join([body_capsules(tree, q, colors or COLORS, ENDS), *feet])


def _words(stance: Stance, q: np.ndarray) -> str:
    """Return how draws do."""
    errors = stance.errors(q)
    feet = 100.0 * (errors.feet < talos_stance.FOOT).all(1).mean()
    gripper = 100.0 * (errors.gripper < talos_stance.HAND).mean()
    spread = stance.least_spread(q)
    return f"feet {feet:.0f} %, gripper {gripper:.0f} %, orange arm {spread:.2f}"
