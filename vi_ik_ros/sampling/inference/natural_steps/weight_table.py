# SPDX-License-Identifier: Apache-2.0
"""Which points matter to which component, so that no work is done for the others."""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

NEGLIGIBLE = 1e-10
ENTRIES = 4_000_000  # of a temporary table


@dataclass(frozen=True)
class WeightTable:
    """The weights of N points in K components that are not negligible, padded to a table.

    In many dimensions a point matters to few components; in a plane it may matter to all.

    Attributes:
        rows: (K, S) int, which points; 0 where there are no more.
        weights: (K, S); 0 there.
    """

    rows: Tensor
    weights: Tensor

    @classmethod
    def of(cls, weights: Tensor) -> Self:
        """Gather weights (N, K)."""
        num_components = weights.shape[1]
        owner, row = torch.nonzero(weights.T > NEGLIGIBLE, as_tuple=True)
        counts = torch.bincount(owner, minlength=num_components)
        begin = counts.cumsum(0) - counts
        place = torch.arange(len(owner), device=owner.device) - begin[owner]
        rows = torch.zeros(
            num_components, int(counts.max()), dtype=torch.int64, device=owner.device
        )
        rows[owner, place] = row
        padded = weights.new_zeros(rows.shape)
        padded[owner, place] = weights[row, owner]
        return cls(rows, padded)

    def groups(self, width: int) -> list[slice]:
        """Cut the components into runs, so that `width` numbers for each entry are not too many."""
        num_components, size = self.rows.shape
        count = max(1, ENTRIES // max(1, size * width))
        return [slice(k, k + count) for k in range(0, num_components, count)]
