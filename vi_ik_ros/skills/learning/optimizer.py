# SPDX-License-Identifier: Apache-2.0
"""The interface of everything that chooses the parameters of the next episode."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from vi_ik_ros.skills.learning.outcome import EpisodeOutcome


@dataclass(frozen=True)
class Recommendation:
    """The parameters that an optimiser would use from now on, Eq. (5.14).

    Attributes:
        x: (n_xi,) in the unit cube.
        probability: of success, as the optimiser sees it; NaN if it has no idea of that.
        cost: expected, to be minimised; NaN if it has no idea of that.
        is_safe: whether the probability is at least the required one.
    """

    x: np.ndarray
    probability: float
    cost: float
    is_safe: bool


@dataclass(frozen=True)
class Suggestion:
    """The parameters of the next episode.

    Attributes:
        x: (n_xi,) in the unit cube.
        probability: of success, as the optimiser sees it; NaN if it has no idea of that.
        reason: why it was chosen, one word: initial, sobol, acquisition, feasibility, ...
    """

    x: np.ndarray
    probability: float
    reason: str


class Optimizer(Protocol):
    """Chooses parameters from outcomes; equal seeds and outcomes give equal choices.

    A suggestion depends on the seed, the number of outcomes and the outcomes alone, never on
    earlier calls, so that a resumed run goes on as if it had not been interrupted.
    """

    def observe(self, outcome: EpisodeOutcome) -> None:
        """Take one more outcome."""
        ...

    def suggest(self) -> Suggestion:
        """Return the parameters of the next episode."""
        ...

    def recommend(self, required_probability: float) -> Recommendation:
        """Return the best parameters that succeed with at least such a probability."""
        ...
