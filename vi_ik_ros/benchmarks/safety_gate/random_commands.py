# SPDX-License-Identifier: Apache-2.0
"""Random commands and faulty measurements, in stretches of one kind each."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.benchmarks.safety_gate.watched_plant import Sabotage
from vi_ik_ros.skills.plants.plant import Twist

KINDS = {  # of stretches: most ticks of one, weight
    "moderate": (60, 6.0),
    "burst": (120, 4.0),  # one direction, all the time
    "huge": (10, 2.0),
    "tiny": (10, 0.5),
    "nan": (2, 1.0),
    "infinite": (2, 1.0),
    "wrong frame": (2, 1.0),
    "silence": (16, 2.0),
    "hard force": (3, 0.5),
    "no number measured": (3, 0.5),
    "no wrench": (8, 1.0),
    "old pose": (10, 1.0),
}
FRAMES = ("world", "", "tool1", "BASE_LINK", "base_link ", "/tcp")


@dataclass(frozen=True)
class Tick:
    """What happens in one tick.

    Attributes:
        kind: of the stretch.
        twist: the command, or None.
        sabotage: of the plant.
    """

    kind: str
    twist: Twist | None
    sabotage: Sabotage


def ticks(rng: np.random.Generator) -> Iterator[Tick]:
    """Yield random ticks without an end."""
    names = list(KINDS)
    weights = np.array([weight for _, weight in KINDS.values()])
    while True:
        kind = names[rng.choice(len(names), p=weights / weights.sum())]
        direction = rng.normal(size=6)
        for _ in range(rng.integers(1, KINDS[kind][0] + 1)):
            yield Tick(kind, _twist(kind, direction, rng), _sabotage(kind, rng))


def _twist(kind: str, direction: np.ndarray, rng: np.random.Generator) -> Twist | None:
    """Return the command of one tick."""
    if kind == "silence":
        return None
    scale = {"burst": 1.0, "huge": 10.0 ** rng.uniform(0.0, 308.0), "tiny": 1e-310}.get(kind, 0.03)
    values = np.clip(direction, -1.0, 1.0) if kind == "burst" else rng.uniform(-1.0, 1.0, 6)
    values = values * scale * (1.0, 1.0, 1.0, 4.0, 4.0, 4.0) if scale < 1e307 else values * scale
    if kind in ("nan", "infinite"):
        wrong = math.nan if kind == "nan" else rng.choice([math.inf, -math.inf])
        values[rng.integers(6)] = wrong
    frame = ("base_link", "tcp")[rng.integers(2)]
    if kind == "wrong frame":
        frame = FRAMES[rng.integers(len(FRAMES))]
    return Twist(values[:3], values[3:], frame)


def _sabotage(kind: str, rng: np.random.Generator) -> Sabotage:
    """Return what is measured wrongly in one tick."""
    if kind == "hard force":
        return Sabotage(force=rng.choice([-1.0, 1.0]) * rng.uniform(30.0, 500.0))
    if kind == "no number measured":
        return Sabotage(force=rng.choice([math.nan, math.inf, -math.inf]))
    return Sabotage(no_wrench=kind == "no wrench", old_pose=kind == "old pose")
