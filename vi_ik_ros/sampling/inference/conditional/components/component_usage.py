# SPDX-License-Identifier: Apache-2.0
"""How much the components of a conditional mixture are used, and which ones no context needs."""

from dataclasses import dataclass, fields, replace
from typing import Self

import torch
from torch import Tensor

WINDOW = 250  # updates that have to agree that a component is obsolete
HIGHEST = 5.0  # times the fair share 1 / K: a weight that shows a use in some context


@dataclass(frozen=True)
class ComponentUsage:
    """The weights q(k | c) of a window of updates.

    Attributes:
        total: (K,), sum over updates of the mean weight.
        highest: (K,), largest weight in any context.
        updates: (), how many they were.
    """

    total: Tensor
    highest: Tensor
    updates: Tensor

    @classmethod
    def unseen(cls, num_components: int) -> Self:
        """Return the usage before the first update of a window."""
        zeros = torch.zeros(num_components)
        return cls(zeros, zeros, torch.zeros(()))

    def seen(self, weights: Tensor) -> Self:
        """Return the usage with the weights (B, K) of one update more."""
        weights = weights.detach().cpu()
        return replace(
            self,
            total=self.total + weights.mean(0),
            highest=torch.maximum(self.highest, weights.amax(0)),
            updates=self.updates + 1.0,
        )

    @property
    def complete(self) -> bool:
        """Tell whether the window is over."""
        return int(self.updates) >= WINDOW

    def needed(self, below: float) -> Tensor:
        """Return the indices (K',) of the components to keep, ascending, at least one.

        Args:
            below: share of the fair weight 1 / K; a component with a smaller mean weight is
                obsolete, unless it was important to some context.
        """
        fair = 1.0 / len(self.total)
        mean = self.total / self.updates.clamp_min(1.0)
        used = (mean >= below * fair) | (self.highest >= min(0.5, HIGHEST * fair))
        used[mean.argmax()] = True
        return used.nonzero()[:, 0]

    def tensors(self) -> dict[str, Tensor]:
        """Return the state by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
