# SPDX-License-Identifier: Apache-2.0
"""Many Gaussians at many points, as few matrix products."""

import math
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents

PRODUCTS = 160_000  # of coordinates at a time, which stay in the processor's cache


@dataclass(frozen=True)
class QuadraticForms:
    """log N_k(x) = constant_k + linear_k^T y - y^T precision_k y / 2, where y = x - center.

    The products y_i y_j of a point serve all components at once, so K densities at N points are one
    matrix product, faster than to whiten the points K times.

    Attributes:
        center: (D,), the origin; near the components, lest the terms cancel.
        precision: (K, D, D).
        linear: (K, D).
        constant: (K,).
    """

    center: Tensor
    precision: Tensor
    linear: Tensor
    constant: Tensor

    @classmethod
    def of(cls, components: GaussianComponents, center: Tensor) -> Self:
        """Expand the squares of components."""
        L, loc = components.scale_tril, components.loc - center
        num_dims = loc.shape[1]
        identity = torch.eye(num_dims, dtype=L.dtype).expand_as(L)
        inverse = torch.linalg.solve_triangular(L, identity, upper=False)
        precision = inverse.mT @ inverse
        linear = (precision @ loc[..., None])[..., 0]
        log_det = L.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        constant = -log_det - 0.5 * num_dims * math.log(2 * math.pi) - 0.5 * (linear * loc).sum(1)
        return cls(center, precision, linear, constant)

    def selected(self, k: slice) -> Self:
        """Return some of them."""
        return type(self)(self.center, self.precision[k], self.linear[k], self.constant[k])

    def log_prob(self, x: Tensor) -> Tensor:
        """Return log N_k(x), (N, K), of points x (N, D)."""
        rows, columns = torch.triu_indices(x.shape[1], x.shape[1])
        halves = self.precision[:, rows, columns] * torch.where(rows == columns, -0.5, -1.0).to(x)
        coefficients = torch.cat([halves, self.linear], 1)  # (K, D (D + 3) / 2)
        parts = []
        for part in (x - self.center).split(max(1, PRODUCTS // coefficients.shape[1])):
            y = part.T.contiguous()
            products = torch.cat([y[rows] * y[columns], y])
            parts.append((coefficients @ products).T)
        return torch.cat(parts) + self.constant if parts else x.new_zeros(0, len(self.constant))

    def slope(self, x: Tensor) -> Tensor:
        """Return grad log N_k(x), (K, S, D), of points x (K, S, D) of each component."""
        return self.linear[:, None] - (x - self.center) @ self.precision
