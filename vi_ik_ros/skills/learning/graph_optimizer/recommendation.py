# SPDX-License-Identifier: Apache-2.0
"""The cheapest parameters that are probable enough to succeed, Eq. (5.14)."""

from collections.abc import Sequence

import numpy as np

from vi_ik_ros.skills.learning.graph_optimizer.acquisition import CostModel, expected_cost
from vi_ik_ros.skills.learning.graph_optimizer.search import largest
from vi_ik_ros.skills.learning.models.success_model import SuccessModel
from vi_ik_ros.skills.learning.optimizer import Recommendation

_ABOVE_ALL = 1e6  # more than probabilities and costs, so that being safe comes first


def best_recommendation(
    success: SuccessModel,
    costs: Sequence[CostModel],
    required_probability: float,
    *,
    start: np.ndarray,
    rng: np.random.Generator,
    num_candidates: int,
    caution: float = 0.0,
) -> Recommendation:
    """Return the least expected cost among what succeeds probably enough.

    If nothing does, the most probable parameters are returned.

    Args:
        success: probability of success.
        costs: (n_V) of the primitives.
        required_probability: rho.
        start: (s, n_xi) parameters that are tried in any case, such as those that succeeded.
        rng: source of the search.
        num_candidates: at which the search begins.
        caution: latent standard deviations by which thresholds are lowered in the choice. The
            cheapest of many points is one whose probability is overestimated; where data are
            dense, caution changes little.
    """
    cautious = success.tightened(caution)

    def score(points: np.ndarray) -> np.ndarray:
        log_probability = cautious.log_probability(points)
        cost = np.nan_to_num(expected_cost(points, costs))
        is_safe = log_probability >= np.log(required_probability)
        return np.where(is_safe, _ABOVE_ALL - cost, log_probability)

    x = largest(score, start.shape[1], rng, start=start, num=num_candidates)
    probability = float(np.exp(success.log_probability(x[None])[0]))
    cost = float(expected_cost(x[None], costs)[0])
    return Recommendation(x, probability, cost, probability >= required_probability)
