# SPDX-License-Identifier: Apache-2.0
"""Which component answers for which point: the E-step, exact in log q and sparse in the shares."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.components.expectation_loop import expect

NEGLIGIBLE = 1e-4  # share of a point below which a component does not see it
TABLE = 500_000  # entries of the (rows x components) table that is filled at once


@dataclass(frozen=True)
class Whitened:
    """Components as maps to a standard normal: w = W x - shift, the last J of w bent back.

    w_(D-J+j) loses sum_i unbend_ji s_i, with s_i = w^T bends_i w - mean_bends_i over the first
    D - J of w.

    Attributes:
        W: (K, D, D).
        shift: (K, D).
        log_constant: (K,), log density where w is 0, without the weight.
        bends: (K, J, D - J, D - J), symmetric.
        mean_bends: (K, J).
        unbend: (K, J, J), lower triangular.
    """

    W: Tensor
    shift: Tensor
    log_constant: Tensor
    bends: Tensor
    mean_bends: Tensor
    unbend: Tensor

    def arrays(self, log_weights: Tensor) -> tuple[np.ndarray, ...]:
        """Return what the compiled loop takes: components last, weights in the constant."""
        upper = torch.triu(self.bends) + torch.triu(self.bends, 1)
        constant = self.log_constant + log_weights
        parts = (self.W, self.shift, constant, upper, self.mean_bends, self.unbend)
        return tuple(np.ascontiguousarray(part.movedim(0, -1).numpy()) for part in parts)


class Components(Protocol):
    """Weighted densities that are bent images of a standard normal."""

    @property
    def log_weights(self) -> Tensor:
        """Return log pi, (K,)."""
        ...

    def whitened(self) -> Whitened:
        """Return the maps to the standard normal."""
        ...


@dataclass(frozen=True)
class Responsibilities:
    """Shares of the components in points, without those that are negligible.

    Attributes:
        rows: (M,) points, those of the first component first.
        shares: (M,) share of the component in each.
        bounds: (K + 1,) where the rows of each component begin and end.
    """

    rows: Tensor
    shares: Tensor
    bounds: tuple[int, ...]

    def of(self, component: int) -> tuple[Tensor, Tensor]:
        """Return the points of a component and its shares in them."""
        seen = slice(self.bounds[component], self.bounds[component + 1])
        return self.rows[seen], self.shares[seen]


def expectation(components: Components, x: Tensor) -> tuple[Tensor, Responsibilities]:
    """Return log q(x), (N,), of rows x (N, D) float64 and who answers for them."""
    num_components = len(components.log_weights)
    arrays = components.whitened().arrays(components.log_weights)
    values = np.ascontiguousarray(x.numpy())
    log_model = np.empty(len(values))
    step = max(1, TABLE // num_components)
    rows, owners = np.empty((2, step * num_components), dtype=np.int64)
    shares = np.empty(step * num_components)
    parts = []
    for start in range(0, len(values), step):
        piece = values[start : start + step]
        table = (log_model[start : start + step], rows, owners, shares)
        found = expect(piece, start, *arrays, NEGLIGIBLE, *table)
        parts.append((rows[:found].copy(), owners[:found].copy(), shares[:found].copy()))
    row, owner, share = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.argsort(owner, kind="stable")
    bounds = (0, *np.cumsum(np.bincount(owner, minlength=num_components)).tolist())
    responsibilities = Responsibilities(
        torch.from_numpy(row[order]), torch.from_numpy(share[order]), bounds
    )
    return torch.from_numpy(log_model), responsibilities
