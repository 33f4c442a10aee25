# SPDX-License-Identifier: Apache-2.0
"""How far each component may move, from whether moving has paid."""

from dataclasses import dataclass, fields, replace
from typing import Self

import torch
from torch import Tensor

RISE, FALL = 1.15, 0.85  # of a bound after a move that paid, and after one that did not
LEAST, MOST = 1e-3, 1.0  # bounds [nat]
MOVES = 5  # updates between two renewals of the old mixture


@dataclass(frozen=True)
class AdaptiveBounds:
    """Bounds of the KL of each component to its old self, adapted at every renewal of the latter.

    A component's reward is R_k = E_k[log p~ - log q] + log E_c q(k | c), as in the source.

    Attributes:
        bounds: (K,) eps [nat].
        total: (K,), sum of the rewards of a component's draws since the renewal.
        count: (K,), how many they were.
        weight: (K,), sum over updates of the mean weight.
        before: (K,), reward of the interval before; NaN where there is none.
        age: (), updates since the renewal.
    """

    bounds: Tensor
    total: Tensor
    count: Tensor
    weight: Tensor
    before: Tensor
    age: Tensor

    @classmethod
    def equal(cls, num_components: int, bound: float) -> Self:
        """Return the state before the first update, with one bound for all components."""
        zeros = torch.zeros(num_components)
        bounds = torch.full_like(zeros, bound).clamp(LEAST, MOST)
        return cls(bounds, zeros, zeros, zeros, torch.full_like(zeros, torch.nan), torch.zeros(()))

    def judged(self, components: Tensor, rewards: Tensor, weights: Tensor) -> Self:
        """Return the state with the draws of one update more.

        Args:
            components: (B, n) int, component of each draw.
            rewards: (B, n), log p~ - log q of each draw.
            weights: (B, K), of the components in each context.
        """
        owners, values = components.detach().flatten().cpu(), rewards.detach().flatten().cpu()
        known = values.isfinite()
        owners, values = owners[known], values[known]
        return replace(
            self,
            total=self.total.index_add(0, owners, values),
            count=self.count.index_add(0, owners, torch.ones_like(values)),
            weight=self.weight + weights.detach().cpu().mean(0),
            age=self.age + 1.0,
        )

    @property
    def due(self) -> bool:
        """Tell whether the old mixture is to be renewed."""
        return int(self.age) >= MOVES

    def renewed(self) -> Self:
        """Return the state after a renewal; a component without a draw keeps bound and reward."""
        reward = self.total / self.count + (self.weight / self.age).log()
        drawn = self.count > 0
        factor = torch.where(reward > self.before, RISE, FALL)
        judged = drawn & ~self.before.isnan()
        zeros = torch.zeros_like(self.total)
        return replace(
            self,
            bounds=torch.where(judged, self.bounds * factor, self.bounds).clamp(LEAST, MOST),
            before=torch.where(drawn, reward, self.before),
            total=zeros,
            count=zeros,
            weight=zeros,
            age=torch.zeros(()),
        )

    def of(self, kept: Tensor) -> Self:
        """Return the state of some components (K',) only."""
        changed = {n: v[kept] for n, v in self.tensors().items() if v.ndim}
        return replace(self, **changed)

    def tensors(self) -> dict[str, Tensor]:
        """Return the state by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
