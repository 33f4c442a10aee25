# SPDX-License-Identifier: Apache-2.0
"""The interface of what optimisers are tried on."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from vi_ik_ros.skills.learning.outcome import EpisodeOutcome
from vi_ik_ros.skills.learning.problem import Problem


@dataclass(frozen=True)
class Truth:
    """What parameters are really worth, without noise.

    Attributes:
        cost: to be minimised, 0 to 1.
        is_feasible: whether all constraints hold without noise.
        probability: of success of a noisy episode.
    """

    cost: float
    is_feasible: bool
    probability: float


class Task(Protocol):
    """Something to be learned in episodes."""

    problem: Problem

    def execute(self, x: np.ndarray, seed: int) -> EpisodeOutcome:
        """Return an episode of parameters (n_xi,) in the unit cube; the seed decides its noise."""
        ...

    def truth(self, x: np.ndarray) -> Truth | None:
        """Return what parameters (n_xi,) are worth without noise, or None if nobody knows."""
        ...
