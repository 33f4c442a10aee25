# SPDX-License-Identifier: Apache-2.0
"""SCBO: Thompson sampling under a constraint, inside a box that grows and shrinks."""

from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np
from botorch.generation.sampling import ConstrainedMaxPosteriorSampling
from botorch.models import ModelListGP

from vi_ik_ros.skills.learning.peers.monolithic.botorch_models import (
    single_task_gp,
    tensor,
    undisturbed,
)
from vi_ik_ros.skills.learning.peers.monolithic.history import History
from vi_ik_ros.skills.learning.peers.monolithic.optimizer import (
    Belief,
    MonolithicOptimizer,
    Settings,
)
from vi_ik_ros.skills.learning.peers.monolithic.success import (
    RegressedSuccess,
    regressed_success,
)
from vi_ik_ros.skills.learning.problem import Problem

FIRST_LENGTH, SHORTEST, LONGEST = 0.8, 0.5**7, 1.6  # side of the box, in the unit cube
MANY_SUCCESSES = 3  # in a row, double the box
SMALL_GAIN = 1e-3  # of the magnitude of the best; less is no improvement


@dataclass(frozen=True)
class TrustRegion:
    """The box in which the next point is sought.

    Attributes:
        centre: (n_xi,) the cheapest success; before one, the least violation.
        length: of its sides; parts outside the unit cube are cut off.
    """

    centre: np.ndarray
    length: float

    @classmethod
    def of(cls, history: History, num_initial: int) -> Self:
        """Replay how the box grew and shrank over the episodes after the initial ones."""
        violation = np.where(history.success, 0.0, history.completed_violation())
        best = 0
        length, gains, misses = FIRST_LENGTH, 0, 0
        for n in range(1, len(history)):
            better = _is_better(history.cost, violation, n, best)
            if n >= num_initial:
                gains, misses = (gains + 1, 0) if better else (0, misses + 1)
                if gains == MANY_SUCCESSES:
                    length, gains = min(2.0 * length, LONGEST), 0
                elif misses == max(4, history.x.shape[1]):
                    length, misses = 0.5 * length, 0
                if length < SHORTEST:  # begin anew, with all that is known
                    length, gains, misses = FIRST_LENGTH, 0, 0
            if _is_better(history.cost, violation, n, best, least=0.0):
                best = n
        return cls(history.x[best], length)

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Draw points (n, n_xi) evenly in the part of the box inside the unit cube."""
        low = np.maximum(self.centre - 0.5 * self.length, 0.0)
        high = np.minimum(self.centre + 0.5 * self.length, 1.0)
        return low + (high - low) * rng.random((n, len(self.centre)))


class Scbo(MonolithicOptimizer):
    """A trust region around the best point; one Thompson sample of cost and constraint in it.

    Information: the cost of successful episodes, and the largest metric of all factors of every
    episode with the known threshold 0; a failure without a metric counts as a usual violation. It
    is told neither which primitive failed nor which factor.

    Args:
        problem: the skill.
        seed: of everything random.
        settings: what is left open; half of `num_candidates` are drawn in the box.
        safe_point: (n_xi,) known to succeed, for the first episode, or None.
    """

    def __init__(
        self,
        problem: Problem,
        seed: int,
        settings: Settings | None = None,
        *,
        safe_point: np.ndarray | None = None,
    ) -> None:
        self._settings = settings or Settings()
        tune = partial(regressed_success, kind="metric")
        super().__init__(problem, seed, self._settings, tune, safe_point=safe_point)

    def acquire(self, belief: Belief, rng: np.random.Generator) -> tuple[np.ndarray, str]:
        """Return the cheapest point of a sample that keeps the constraint in the same sample."""
        region = TrustRegion.of(belief.history, self._settings.num_initial)
        # One joint sample of all of them: its time grows with the third power of their number.
        points = region.sample(rng, self._settings.num_candidates // 2)
        assert isinstance(belief.success, RegressedSuccess)
        with undisturbed(int(rng.integers(2**31))):
            constraint = single_task_gp(belief.success.process)
            # Before the first success every sample is scored by its violation alone.
            cost = constraint if belief.costs is None else single_task_gp(belief.costs, sign=-1.0)
            sampling = ConstrainedMaxPosteriorSampling(cost, ModelListGP(constraint))
            x = sampling(tensor(points), num_samples=1).numpy()[0]
        return x, "feasibility" if belief.costs is None else "acquisition"


def _is_better(
    cost: np.ndarray, violation: np.ndarray, n: int, best: int, least: float = SMALL_GAIN
) -> bool:
    """Say whether episode n beats the best: success before failure, then cost or violation."""
    if np.isnan(cost[n]) != np.isnan(cost[best]):
        return bool(np.isnan(cost[best]))
    value = violation if np.isnan(cost[n]) else cost
    return bool(value[n] < value[best] - least * abs(value[best]))
