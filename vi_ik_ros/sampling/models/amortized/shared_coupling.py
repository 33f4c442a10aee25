# SPDX-License-Identifier: Apache-2.0
"""Couplings that all components and contexts make of the same few triangles."""

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor


@dataclass(frozen=True)
class SharedCoupling:
    """coupling_k(c) = center_k + sum_r mixing_kr(c) basis_r, without writing it out.

    With many dimensions the triangle is most of what a mixture consists of: D (D - 1) / 2 numbers
    of each component and context, where this has R.

    Attributes:
        mixing: (B, K, R).
        bases: (R, D (D - 1) / 2), row-major entries below the diagonal.
        centers: (K, D (D - 1) / 2), likewise.
    """

    mixing: Tensor
    bases: Tensor
    centers: Tensor

    def __getitem__(self, rows: slice) -> Self:
        """Return the couplings of some of the contexts."""
        return replace(self, mixing=self.mixing[rows])

    def detach(self) -> Self:
        """Return the same couplings without their gradients."""
        return type(self)(self.mixing.detach(), self.bases.detach(), self.centers.detach())

    def triangles(self) -> Tensor:
        """Return the couplings written out, (B, K, D (D - 1) / 2)."""
        return self.mixing @ self.bases + self.centers

    def chosen(self, rows: Tensor, components: Tensor) -> Tensor:
        """Return those of contexts (B, 1) and components (B, n), (B, n, D (D - 1) / 2)."""
        return self.mixing[rows, components] @ self.bases + self.centers[components]

    def times(self, difference: Tensor) -> Tensor:
        """Return coupling_k difference (B, n, K, D), of every context and component."""
        B, n, K, D = difference.shape
        bases = squares(self.bases, D).permute(2, 0, 1).reshape(D, -1)  # (D, R D)
        products = (difference.reshape(-1, D) @ bases).view(B, n, K, -1, D)
        mixed = (self.mixing[:, None, :, None] @ products)[..., 0, :]  # (B, n, K, D)
        return mixed + torch.einsum("bnkj,kij->bnki", difference, squares(self.centers, D))


def squares(triangles: Tensor, num_dims: int) -> Tensor:
    """Return strictly lower triangles (m, D (D - 1) / 2) as matrices (m, D, D)."""
    rows, columns = torch.tril_indices(num_dims, num_dims, -1)
    dense = triangles.new_zeros(len(triangles), num_dims, num_dims)
    dense[:, rows, columns] = triangles
    return dense
