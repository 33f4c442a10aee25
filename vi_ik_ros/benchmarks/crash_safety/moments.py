# SPDX-License-Identifier: Apache-2.0
"""When a node is killed: so long after it has begun to do something, both drawn at random."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Phase:
    """Something that a node does.

    Past its end the next phase is hit: what a node was doing is known afterwards, from what it has
    said last.

    Attributes:
        name: what it does.
        span: longest time from its beginning to the kill [s].
        share: how many kills in a round of kills.
    """

    name: str
    span: float
    share: int


@dataclass(frozen=True)
class Moment:
    """When to kill: `delay` [s] after a phase has begun."""

    phase: str
    delay: float

    def __str__(self) -> str:
        """Say it."""
        return f"{self.delay:.3f} s after {self.phase} has begun"


STARTING = "starting"
# Most kills of a trainer where it writes most, and a sampler changes what it serves.
TRAINER_PHASES = (
    Phase("storing", 0.012, 3),
    Phase("checking", 3.0, 2),
    Phase(STARTING, 1.3, 2),
    Phase("training", 0.3, 2),
    Phase("idle", 0.5, 1),
)
SAMPLER_PHASES = (
    Phase("reloading", 0.5, 2),
    Phase(STARTING, 2.0, 1),
    Phase("answering", 0.05, 1),
    Phase("idle", 0.5, 1),
)


def draw_moments(phases: Sequence[Phase], number: int, rng: np.random.Generator) -> list[Moment]:
    """Draw moments: each phase as often as it shall be, in random order, uniform over its span."""
    most = max(phase.share for phase in phases)
    once_each = [[phase for phase in phases if phase.share > turn] for turn in range(most)]
    turns = [phase for turn in once_each for phase in turn]
    picked = [turns[index % len(turns)] for index in range(number)]
    order = rng.permutation(number)
    return [Moment(picked[i].name, float(rng.uniform(0.0, picked[i].span))) for i in order]
