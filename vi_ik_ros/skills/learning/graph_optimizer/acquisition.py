# SPDX-License-Identifier: Apache-2.0
"""How much an episode at some parameters promises, in logarithms."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import erfcx, logsumexp, ndtr

from vi_ik_ros.skills.learning.models.success_model import SuccessModel
from vi_ik_ros.skills.learning.models.transferred_process import Process

_LOG_SQRT_TAU = 0.5 * np.log(2.0 * np.pi)


@dataclass(frozen=True)
class CostModel:
    """What one primitive costs.

    Attributes:
        process: of the cost; None as long as the primitive has not succeeded.
        weight: of the cost in that of the skill.
        best: cost to be improved on.
    """

    process: Process | None
    weight: float
    best: float

    def log_improvement(self, points: np.ndarray) -> np.ndarray:
        """Return the log of the expected improvement (m,) at points (m, n_xi), Eq. (4.3).

        It is 0, more than any cost can improve, as long as nothing is known.
        """
        if self.process is None:
            return np.zeros(len(points))
        mean, variance = self.process.predict(points)
        deviation = np.sqrt(variance)
        return np.log(deviation) + log_expected_improvement((self.best - mean) / deviation)


def log_expected_improvement(z: np.ndarray) -> np.ndarray:
    """Return log(phi(z) + z Phi(z)) without cancellation."""
    near = np.maximum(z, -1.0)
    direct = np.log(np.exp(-0.5 * near * near - _LOG_SQRT_TAU) + near * ndtr(near))
    far = np.minimum(z, -1.0)
    ratio = np.sqrt(0.5 * np.pi) * erfcx(-far / np.sqrt(2.0))  # Phi / phi
    rest = np.where(far > -1e4, 1.0 + far * ratio, 1.0 / (far * far))
    tail = -0.5 * far * far - _LOG_SQRT_TAU + np.log(np.maximum(rest, 1e-300))
    return np.where(z > -1.0, direct, tail)


def log_acquisition(
    points: np.ndarray, success: SuccessModel, costs: Sequence[CostModel], kind: str
) -> np.ndarray:
    """Return the log of the acquisition (m,) at points (m, n_xi).

    Args:
        points: in the unit cube.
        success: probability of success.
        costs: (n_V) of the primitives; those of weight 0 do not count.
        kind: conservative, Eq. (5.9), per_primitive, Eq. (5.8), or sequential.
    """
    factors = success.log_factors(points)
    counted = [k for k, cost in enumerate(costs) if cost.weight > 0.0]
    if not counted:
        return success.log_probability(points, factors)
    gains = np.array([np.log(costs[k].weight) + costs[k].log_improvement(points) for k in counted])
    if kind == "per_primitive":
        return logsumexp(gains + success.log_primitives(factors)[counted], axis=0)
    if kind == "sequential":
        return logsumexp(gains + success.log_up_to(factors)[counted], axis=0)
    return success.log_probability(points, factors) + logsumexp(gains, axis=0)


def expected_cost(points: np.ndarray, costs: Sequence[CostModel]) -> np.ndarray:
    """Return the expected cost of the skill (m,), over the primitives of which it is known."""
    known = [(cost.weight, cost.process) for cost in costs if cost.process and cost.weight > 0.0]
    if not known:
        return np.full(len(points), np.nan)
    total = sum(weight for weight, _ in known)
    means = (weight * process.predict(points)[0] for weight, process in known)
    return np.sum(list(means), axis=0) / total
