# SPDX-License-Identifier: Apache-2.0
"""The planar arm with optional tasks: its objectives, and what a grid says about them."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.experts.product import ProductOfExperts

Combination = tuple[bool, ...]  # which of the optional tasks are kept, in the order of NAMES

ROBOT, LINKS = "planar3", (1.0, 1.0, 0.5)  # [m]
STD, LIMIT_STD = 0.1, 0.05  # [m] of every coordinate of a task; [rad]
TIP = (0.9, 1.2)  # [m]
TASKS = {  # where, and which end of a link: 0 the elbow, 1 the wrist
    "wrist_left": ((0.55, 1.55), 1),
    "wrist_right": ((1.3, 0.9), 1),
    "elbow": ((0.0, 0.97), 0),
}
NAMES = tuple(TASKS)
COMBINATIONS: tuple[Combination, ...] = tuple(itertools.product((True, False), repeat=len(NAMES)))
FRAMES = ("link_2", "link_3")  # of those ends
PROBABILITY = 0.3  # pi of every optional task
VOLUME = 4.0 * math.pi  # c [m^2], the disc that the wrist can reach
WIDTH = 3.0  # of the annealed twin at the start, in stds
REACHED = 3.0  # stds within which a task counts as fulfilled
MARGIN = 0.4  # of the grid, beyond the joint limits [rad]


@dataclass(frozen=True)
class GridFigures:
    """What a grid says.

    Attributes:
        log_masses: log integral of the product of each combination.
        reached: share of the mass of their sum that fulfils each task.
    """

    log_masses: Mapping[Combination, float]
    reached: Mapping[str, float]


class OptionalTasks:
    """The objectives.

    Attributes:
        product: the sum of all combinations, its twins still wide.
    """

    def __init__(self) -> None:
        """Build the product of experts."""
        limits = {"type": "normal_cdf", "lower": "joint_limits", "upper": "joint_limits"}
        held = {"type": "normal", "mean": list(TIP), "std": STD}
        objectives: list[Mapping[str, object]] = [
            {
                "name": "joint_limits",
                "transform": {"type": "configuration"},
                "density": limits | {"std": LIMIT_STD},
            },
            {"name": "tip", "transform": _place("tip"), "density": held},
        ]
        for name, (target, end) in TASKS.items():
            density = {"type": "uni_gauss", "mean": list(target), "std": STD}
            density |= {"probability": PROBABILITY, "volume": VOLUME, "width": WIDTH}
            objectives.append({"name": name, "transform": _place(FRAMES[end]), "density": density})
        loaded = load_objectives({"robot": ROBOT, "objectives": objectives})
        self.product: ProductOfExperts = loaded.product
        self._lower, self._upper = loaded.robot.lower, loaded.robot.upper

    def combinations(self) -> dict[Combination, ProductOfExperts]:
        """Return the product of every combination of kept and dropped tasks, by Eq. (33)."""
        final = self.product.annealed(1.0)
        return {
            kept: final.combination(dict(zip(NAMES, kept, strict=True))) for kept in COMBINATIONS
        }

    def log_terms(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what every combination shares (...) and log N of each task (..., 3), by formulae.

        Args:
            q: (..., 3) configurations [rad].
        """
        ends = link_ends(q)
        limits = log_ndtr((q - self._lower) / LIMIT_STD) + log_ndtr((self._upper - q) / LIMIT_STD)
        shared = limits.sum(-1) - 0.5 * _deviation(ends[..., 2, :], TIP) ** 2
        exponents = [-0.5 * _deviation(ends[..., end, :], at) ** 2 for at, end in TASKS.values()]
        return shared, np.stack(exponents, -1) - math.log(2.0 * math.pi * STD**2)

    def reached(self, q: np.ndarray) -> Mapping[str, np.ndarray]:
        """Tell which configurations (..., 3) fulfil each task, and the held tip, bools (...)."""
        ends = link_ends(q)
        found = {n: _deviation(ends[..., e, :], at) < REACHED for n, (at, e) in TASKS.items()}
        found["tip"] = _deviation(ends[..., 2, :], TIP) < REACHED
        both = found["wrist_left"] & found["wrist_right"]
        return found | {"wrist_left_and_wrist_right": both}

    def on_grid(self, cells: int) -> GridFigures:
        """Sum over the midpoints of a grid with so many cells for each joint.

        The sums of smooth peaks converge exponentially once a cell is smaller than their std, and
        the arm of 2.5 m makes 0.04 rad of 0.1 m.
        """
        lower, upper = self._lower - MARGIN, self._upper + MARGIN
        size = (upper - lower) / cells
        axes = lower[:, None] + size[:, None] * (np.arange(cells) + 0.5)
        totals = np.zeros(len(COMBINATIONS))
        met: dict[str, float] = {}
        for first in axes[0]:
            q = np.stack(np.meshgrid([first], axes[1], axes[2], indexing="ij"), -1)
            shared, terms = self.log_terms(q)
            parts = [np.exp(shared + log_choice(terms, kept)) for kept in COMBINATIONS]
            totals += [part.sum() for part in parts]
            whole = np.sum(parts, 0)
            for name, reached in self.reached(q).items():
                met[name] = met.get(name, 0.0) + float(whole[reached].sum())
        log_masses = np.log(totals * size.prod())
        shares = {name: mass / float(totals.sum()) for name, mass in met.items()}
        return GridFigures(dict(zip(COMBINATIONS, log_masses.tolist(), strict=True)), shares)


def log_choice(terms: np.ndarray, kept: Combination) -> np.ndarray:
    """Return the log of the factors pi N or (1 - pi) / c of all tasks (...), Eq. (33)."""
    pursued = math.log(PROBABILITY) + terms
    dropped = math.log1p(-PROBABILITY) - math.log(VOLUME)
    return np.asarray(np.where(kept, pursued, dropped).sum(-1))


def link_ends(q: np.ndarray) -> np.ndarray:
    """Return elbow, wrist and tip (..., 3, 2) of configurations (..., 3) [m]."""
    angles = q.cumsum(-1)
    along = np.stack([np.cos(angles), np.sin(angles)], -1)  # (..., 3, 2)
    return np.asarray((along * np.array(LINKS)[:, None]).cumsum(-2))


def _deviation(places: np.ndarray, target: tuple[float, float]) -> np.ndarray:
    """Return the distance of places (..., 2) from a target, in stds."""
    return np.asarray(np.linalg.norm(places - target, axis=-1) / STD)


def _place(frame: str) -> Mapping[str, object]:
    return {"type": "position", "frame": frame, "axes": ["x", "y"]}
