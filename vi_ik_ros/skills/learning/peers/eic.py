# SPDX-License-Identifier: Apache-2.0
"""EIC: expected improvement times the probability of success, Eq. (4.4)."""

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.learning.graph_optimizer.acquisition import log_expected_improvement
from vi_ik_ros.skills.learning.peers.monolithic.optimizer import (
    Belief,
    MonolithicOptimizer,
    Settings,
)
from vi_ik_ros.skills.learning.peers.monolithic.success import regressed_success
from vi_ik_ros.skills.learning.problem import Problem
from vi_ik_ros.skills.learning.surroundings import log_share_inside


@dataclass(frozen=True)
class EicSettings(Settings):
    """What EIC leaves open.

    Attributes:
        constraint: what its success model is regressed on, the `metric` or the `label`.
        surroundings: half the side, in the unit cube, of what should lie inside the box around a
            point until an episode succeeds, as the factor graph has it; 0: does not count.
    """

    constraint: Literal["label", "metric"] = "metric"
    surroundings: float = 0.0

    def __post_init__(self) -> None:
        """Refuse other constraints."""
        super().__post_init__()
        if self.constraint not in ("label", "metric"):
            raise InvalidInput("constraint", self.constraint, "label or metric")
        if not self.surroundings >= 0.0:
            raise InvalidInput("surroundings", self.surroundings, "at least 0")


class Eic(MonolithicOptimizer):
    """Expected improvement with one constraint, both over all parameters.

    Information: the cost of successful episodes; with `metric` the largest metric of all factors
    of every episode and the known threshold 0, with `label` only whether the episode succeeded.
    It is told neither which primitive failed nor which factor.

    Args:
        problem: the skill.
        seed: of everything random.
        settings: what is left open.
        safe_point: (n_xi,) known to succeed, for the first episode, or None.
    """

    def __init__(
        self,
        problem: Problem,
        seed: int,
        settings: EicSettings | None = None,
        *,
        safe_point: np.ndarray | None = None,
    ) -> None:
        settings = settings or EicSettings()
        self._surroundings = settings.surroundings
        tune = partial(regressed_success, kind=settings.constraint)
        super().__init__(problem, seed, settings, tune, safe_point=safe_point)

    def acquire(self, belief: Belief, rng: np.random.Generator) -> tuple[np.ndarray, str]:
        """Return the highest acquisition; before the first success the likeliest success."""
        return constrained_improvement(self, belief, rng, self._surroundings)


def constrained_improvement(
    optimizer: MonolithicOptimizer,
    belief: Belief,
    rng: np.random.Generator,
    surroundings: float = 0.0,
) -> tuple[np.ndarray, str]:
    """Return the point (n_xi,) of the highest EIC, and whether it sought cost or feasibility.

    Args:
        optimizer: whose search it is.
        belief: what it thinks.
        rng: of the search.
        surroundings: see `log_share_inside`; used as long as nothing has succeeded.
    """

    def score(x: np.ndarray) -> np.ndarray:
        log_probability = belief.success.log_probability(x)
        if belief.costs is None:
            return log_probability + log_share_inside(x, surroundings)
        mean, std = belief.cost(x)
        gain = log_expected_improvement((belief.incumbent - mean) / std)
        return log_probability + np.log(std) + gain

    known = belief.history.x[belief.history.success]
    x, _ = optimizer.search.maximise(score, rng, known)
    return x, "feasibility" if belief.costs is None else "acquisition"
