# SPDX-License-Identifier: Apache-2.0
"""Products of experts that differ in the numbers that are learned."""

from collections.abc import Sequence

import torch
from torch import Tensor

from vi_ik_ros.sampling.experts.expert import Expert
from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.training.objective_learning.learned_normal import LearnedNormal

MARGIN = 0.1  # of a joint's range, by which the density may pass its limits


class ExpertFamily:
    """The family that `inference.learn_experts` moves in.

    The density is 0 outside a box a little larger than the joint limits, so it can be normalised
    even where no objective keeps the limits; a continuous joint has one turn.

    Attributes:
        learned: experts with learned numbers.
        num_parameters: P, the number of all their coordinates.
        lower, upper: (D,) the box [rad, m].
    """

    def __init__(self, product: ProductOfExperts, learned: Sequence[LearnedNormal]) -> None:
        """Split the product.

        Args:
            product: without context, in float64.
            learned: experts of it, at the start.
        """
        self.learned = tuple(learned)
        self.num_parameters = sum(one.size for one in learned)
        self._product = product
        names = {one.expert.name for one in learned}
        self._fixed = [expert for expert in product.experts if expert.name not in names]
        chain = product.chain
        lower, upper = chain.lower.double(), chain.upper.double()
        slack = torch.where(chain.continuous, 0.0, MARGIN * (upper - lower))
        self.lower, self.upper = lower - slack, upper + slack
        state = product.state(0.5 * (lower + upper)[None])
        self._shapes = [one.expert.transform(state).shape[1:] for one in learned]

    def view(self, x: Tensor) -> Tensor:
        """Return the fixed log density, then the values that learned experts judge, (N, F)."""
        inside = ((x >= self.lower) & (x <= self.upper)).all(1)
        with torch.no_grad():
            state = self._product.state(x)
            fixed = torch.where(inside, 0.0, -torch.inf).to(x)
            for expert in self._fixed:
                fixed = fixed + expert.log_density(state)
            values = [one.expert.transform(state).flatten(1) for one in self.learned]
        return torch.cat([fixed[:, None], *values], 1)

    def log_density(self, view: Tensor, theta: Tensor) -> Tensor:
        """Return log p~ (N,) of views (N, F) for theta (P,)."""
        log_density = view[:, 0]
        column = 1
        for expert, shape in zip(self.experts(theta), self._shapes, strict=True):
            value = view[:, column : column + shape.numel()].unflatten(1, shape)
            log_density = log_density + expert.weight * expert.density.log_density(value)
            column += shape.numel()
        return log_density

    def experts(self, theta: Tensor) -> list[Expert]:
        """Return the learned experts at theta."""
        return [one.at(own) for one, own in zip(self.learned, self.split(theta), strict=True)]

    def split(self, theta: Tensor) -> tuple[Tensor, ...]:
        """Return each learned expert's part of theta, along its last axis."""
        return theta.split([one.size for one in self.learned], dim=-1)
