# SPDX-License-Identifier: Apache-2.0
"""GPCR: a constraint whose threshold is learned from values of successes and labels of failures."""

from functools import partial

import numpy as np

from vi_ik_ros.skills.learning.peers.eic import constrained_improvement
from vi_ik_ros.skills.learning.peers.latent.threshold_model import (
    HybridData,
    ThresholdModel,
    ThresholdSettings,
    tuned,
)
from vi_ik_ros.skills.learning.peers.monolithic.history import History
from vi_ik_ros.skills.learning.peers.monolithic.optimizer import (
    Belief,
    MonolithicOptimizer,
    Settings,
)
from vi_ik_ros.skills.learning.problem import Problem


class Gpcr(MonolithicOptimizer):
    """Classified regression by expectation propagation, with EIC on top; spec 4.5.

    Information: the cost of successful episodes, the largest metric of all factors of successful
    episodes, and that the others failed. It is told neither the threshold nor a metric of a
    failure, nor which primitive or factor failed.

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
        settings: Settings | None = None,
        *,
        safe_point: np.ndarray | None = None,
    ) -> None:
        super().__init__(problem, seed, settings or Settings(), _tune, safe_point=safe_point)

    def acquire(self, belief: Belief, rng: np.random.Generator) -> tuple[np.ndarray, str]:
        """Return the highest acquisition; before the first success the likeliest success."""
        return constrained_improvement(self, belief, rng)


def _tune(past: History) -> partial[ThresholdModel]:
    return partial(_model, settings=tuned(_data(past)))


def _model(history: History, settings: ThresholdSettings) -> ThresholdModel:
    return ThresholdModel(_data(history), settings)


def _data(history: History) -> HybridData:
    return HybridData.of(history.x, history.success, history.violation)
