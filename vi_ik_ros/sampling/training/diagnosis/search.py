# SPDX-License-Identifier: Apache-2.0
"""Find the configuration that suits some experts best, and say how well it does."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vi_ik_ros.sampling.experts.expert import Expert
from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.training.diagnosis.climb import climb

ROUNDS = ((32, 10), (32, 30), (64, 30))  # (configurations that climb, steps), until one is fair
FAIR = 5.0  # standard deviations that an objective may be off


@dataclass(frozen=True)
class Search:
    """A product and random configurations inside the limits.

    Losses are how far log densities are below their peaks [nat].

    Attributes:
        product: the kinematics, in float64.
        looked_at: (N, D) [rad, m].
    """

    product: ProductOfExperts
    looked_at: Tensor

    def best(self, experts: Sequence[Expert]) -> Tensor:
        """Return the best configuration (1, D) found inside the limits.

        Random ones alone would miss a thin mass, so the best of them climb, and some others too.
        """
        order = self.losses(experts, self.looked_at).sum(1).argsort()
        best = self.looked_at[order[:1]]
        for size, steps in ROUNDS:
            q = torch.cat([best, self.looked_at[order[: size // 2]], self.looked_at[:size]])[:size]
            q = climb(self.product, experts, q, within_limits=True, steps=steps)
            losses = self.losses(experts, q)
            row = int(losses.sum(1).argmin())
            best = q[row : row + 1]
            if (deviations(losses[row], experts) <= FAIR).all():
                break
        return best

    def losses(self, experts: Sequence[Expert], q: Tensor) -> Tensor:
        """Return the losses (N, E) of experts at configurations (N, D)."""
        with torch.no_grad():
            state = self.product.state(q)
            return torch.stack([e.density.peak - e.log_density(state) for e in experts], dim=-1)

    def slopes(self, experts: Sequence[Expert], q: Tensor) -> Tensor:
        """Return the gradients (E, D) of the log densities of experts at one configuration."""
        at = q.detach().requires_grad_()
        state = self.product.state(at)
        log_densities = torch.stack([e.log_density(state) + 0.0 * at.sum() for e in experts])
        rows = [torch.autograd.grad(one.sum(), at, retain_graph=True)[0] for one in log_densities]
        return torch.cat(rows)


def deviations(losses: Tensor, experts: Sequence[Expert]) -> Tensor:
    """Return losses (E,) in standard deviations, root mean square over an expert's entries.

    Of an inequality usually one bound is in the way, so its loss is that of one entry.
    """
    entries = [e.transform.residual_size if e.density.is_equality else 1 for e in experts]
    return (2.0 * losses.clamp_min(0.0) / losses.new_tensor(entries)).sqrt()
