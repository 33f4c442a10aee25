# SPDX-License-Identifier: Apache-2.0
"""A product of experts as a normalised density: its values, and draws of it."""

import math
from dataclasses import dataclass, replace

import numpy as np
import torch

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.inference.demonstrations import learn_experts
from vi_ik_ros.sampling.inference.demonstrations.learn_experts import LearnSettings, LearnState
from vi_ik_ros.sampling.inference.estimates.importance_weights import Estimate, mean
from vi_ik_ros.sampling.training.objective_learning.expert_family import ExpertFamily

NUM_POINTS = 100_000  # behind log Z and behind draws
FEW_DIMS = 3  # joints, up to which little is needed
POOR, MORE = 0.03, 3  # effective share of draws, below which so many times the components follow


@dataclass(frozen=True)
class ProductDensity:
    """One product of a family, and a mixture that follows it.

    Attributes:
        family: the products.
        state: which of them, and the mixture.
    """

    family: ExpertFamily
    state: LearnState

    @classmethod
    def of(cls, product: ProductOfExperts, *, seed: int = 0) -> "ProductDensity":
        """Fit a mixture to a product without context, in float64."""
        family = ExpertFamily(product, ())
        nowhere = torch.zeros((0, product.num_dims), dtype=torch.float64)
        return cls(family, first_state(family, nowhere, seed=seed))

    def at_start(self) -> "ProductDensity":
        """Return the product at theta = 0, which the mixture should still be near to."""
        theta = torch.zeros_like(self.state.theta)
        return replace(self, state=replace(self.state, theta=theta))

    def log_prob(self, q: np.ndarray, *, seed: int = 0) -> tuple[np.ndarray, Estimate]:
        """Return log p (n,) of configurations (n, nq), and log Z with the error that all share."""
        x = torch.from_numpy(np.asarray(q, dtype=np.float64))
        likelihood = learn_experts.judge(
            self.state, self.family, x, num_points=NUM_POINTS, generator=_generator(seed)
        )
        return likelihood.log_probs.numpy(), likelihood.weights.log_normalizer

    def mean_log_prob(self, q: np.ndarray, *, seed: int = 0) -> Estimate:
        """Return the mean of log p, with the errors of the mean and of log Z."""
        log_prob, log_normalizer = self.log_prob(q, seed=seed)
        if len(log_prob) < 2:
            return Estimate(float(log_prob.mean()), math.inf)
        over_rows = mean(log_prob)
        return Estimate(over_rows.value, math.hypot(over_rows.stderr, log_normalizer.stderr))

    def sample(self, num_samples: int, *, seed: int = 0) -> np.ndarray:
        """Draw configurations (n, nq) of p; see `learn_experts.draw`."""
        return learn_experts.draw(
            self.state,
            self.family,
            num_samples,
            num_points=max(NUM_POINTS, 20 * num_samples),
            generator=_generator(seed),
        ).numpy()


def settings_for(num_dims: int, num_components: int | None = None) -> LearnSettings:
    """Return settings for configurations of D joints; K may be given."""
    few = num_dims <= FEW_DIMS
    return LearnSettings(
        num_components=num_components or (20 if few else 40),
        num_proposals=30_000 if few else 200_000,
        num_points=10_000 if few else 20_000,
    )


def first_state(
    family: ExpertFamily,
    demonstrations: torch.Tensor,
    *,
    seed: int = 0,
    num_components: int | None = None,
) -> LearnState:
    """Fit a mixture to the product at theta = 0.

    Args:
        family: the products.
        demonstrations: (n, nq) where the mixture begins too; none is fine.
        seed: of every draw.
        num_components: K; None to choose.

    Raises:
        ObjectiveError: The product is 0 wherever it was looked at.
    """
    settings = settings_for(len(family.lower), num_components)
    state = _begin(family, demonstrations, settings, seed)
    if num_components is None and _effective_share(family, state, settings, seed) < POOR:
        more = replace(settings, num_components=MORE * settings.num_components)
        state = _begin(family, demonstrations, more, seed)
    return state


def _begin(
    family: ExpertFamily, demonstrations: torch.Tensor, settings: LearnSettings, seed: int
) -> LearnState:
    """Fit a mixture of one size."""
    box = family.lower, family.upper
    state = learn_experts.init(
        family, demonstrations, *box, settings=settings, generator=_generator(seed)
    )
    if not math.isfinite(float(state.proposal.components.loc.sum())):
        expected = "some mass inside the joint limits: do the objectives contradict each other?"
        raise ObjectiveError("objectives", "a product that is zero everywhere", expected)
    return state


def _effective_share(
    family: ExpertFamily, state: LearnState, settings: LearnSettings, seed: int
) -> float:
    """Return how large a part of the draws counts."""
    nothing, count = family.lower[None][:0], settings.num_points
    likelihood = learn_experts.judge(
        state, family, nothing, num_points=count, generator=_generator(seed)
    )
    return likelihood.effective_points / count


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
