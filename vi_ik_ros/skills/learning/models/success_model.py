# SPDX-License-Identifier: Apache-2.0
"""The probability of success, a product of factors each of which depends on few parameters."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import log_expit, logit

from vi_ik_ros.skills.learning.models.constraint_model import ConstraintModel

Classifier = Callable[[np.ndarray], np.ndarray]  # points (m, n_xi) to Pr[success] (m,)


@dataclass(frozen=True)
class SuccessModel:
    """Factors of which each counts once, Eq. (5.3).

    Attributes:
        factors: (n_g) models of the constraints.
        activity: (n_V, n_g) bool, M: in which primitive a factor is active.
        expert: a classifier of whole episodes, or None.
        expert_share: its weight in the pooled log-odds, 0 to 1 (spec 5.7).
    """

    factors: tuple[ConstraintModel, ...]
    activity: np.ndarray
    expert: Classifier | None = None
    expert_share: float = 0.5

    def tightened(self, by: float) -> Self:
        """Return the same with thresholds lowered by latent standard deviations (spec 5.7)."""
        return dataclasses.replace(self, factors=tuple(one.tightened(by) for one in self.factors))

    def log_factors(self, points: np.ndarray) -> np.ndarray:
        """Return log Pr[g_j <= c_j] (n_g, m) at points (m, n_xi)."""
        rows = [factor.log_probability(points) for factor in self.factors]
        return np.array(rows).reshape(len(self.factors), len(points))

    def log_probability(
        self, points: np.ndarray, log_factors: np.ndarray | None = None
    ) -> np.ndarray:
        """Return log Pr[success] (m,) at points (m, n_xi).

        Args:
            points: in the unit cube.
            log_factors: (n_g, m) of these points, if they are known already.
        """
        factors = self.log_factors(points) if log_factors is None else log_factors
        log_success = factors.sum(0)
        if self.expert is None:
            return log_success
        return pooled(log_success, self.expert(points), self.expert_share)

    def log_primitives(self, log_factors: np.ndarray) -> np.ndarray:
        """Return log Pr[success of primitive k] (n_V, m), Eq. (5.4), from (n_g, m)."""
        return self.activity.astype(float) @ log_factors

    def log_up_to(self, log_factors: np.ndarray) -> np.ndarray:
        """Return log Pr[primitives 0 to k succeed] (n_V, m), each factor once, from (n_g, m)."""
        seen = np.cumsum(self.activity, axis=0) > 0
        return seen.astype(float) @ log_factors


def pooled(log_success: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    """Return log of the product of two experts, their log-odds weighted (spec 5.7).

    Args:
        log_success: (m,) log-probability of the first.
        other: (m,) probability of the second.
        share: weight of the second.
    """
    log_failure = np.log(np.maximum(-np.expm1(log_success), 1e-300))  # 0 where it is certain
    odds = (1.0 - share) * (log_success - log_failure)
    odds = odds + share * logit(np.clip(other, 1e-12, 1.0 - 1e-12))
    return log_expit(odds)
