# SPDX-License-Identifier: Apache-2.0
"""A batch of Gaussian mixtures, one for each context, held by their precision factors."""

import math
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from vi_ik_ros.sampling.models.amortized.shared_coupling import SharedCoupling

PARAMETERS = ("log_weights", "loc", "log_scale", "coupling")  # one of each for every context


@dataclass(frozen=True)
class ConditionalGaussians:
    """q(z | c) = sum_k w_k(c) N(z; loc_k(c), (P_k^T P_k)^-1) for B contexts.

    The precision factor is P = diag(exp(log_scale)) (I + coupling) with a strictly lower
    triangular coupling, so that u = P (z - loc) is standard normal, log|P| is a plain sum and a
    density needs no triangular solve. Sources call the inverse, P^-1, the Cholesky factor L_k.

    Attributes:
        log_weights: (B, K), normalised.
        loc: (B, K, D).
        log_scale: (B, K, D), logarithm of the diagonal of P [log 1/rad].
        coupling: (B, K, D (D - 1) / 2), row-major entries below the diagonal, or what they are
            made of.
    """

    log_weights: Tensor
    loc: Tensor
    log_scale: Tensor
    coupling: Tensor | SharedCoupling

    def component_log_prob(self, z: Tensor) -> Tensor:
        """Return log N_k(z) for z (B, n, D) under every component of its context, (B, n, K)."""
        difference = self._difference(z)  # (B, n, K, D)
        coupled = self._coupled(difference)  # (B, n, K, D)
        u = self.log_scale.exp()[:, None] * (difference + coupled)
        constant = 0.5 * z.shape[-1] * math.log(2 * math.pi)
        return self.log_scale.sum(-1)[:, None] - 0.5 * u.square().sum(-1) - constant

    def log_prob(self, z: Tensor) -> Tensor:
        """Return log q(z | c) for z (B, n, D), n of each context, (B, n)."""
        return torch.logsumexp(self.log_weights[:, None] + self.component_log_prob(z), dim=-1)

    def transform(self, noise: Tensor, components: Tensor) -> Tensor:
        """Map standard normal noise (B, n, D) to z of the given components (B, n), Eq. (14)."""
        rows = torch.arange(len(noise), device=noise.device)[:, None]
        if isinstance(self.coupling, SharedCoupling):
            coupling = self.coupling.chosen(rows, components)  # (B, n, N)
        else:
            coupling = self.coupling[rows, components]
        scaled = noise * torch.exp(-self.log_scale[rows, components])
        offsets: list[Tensor] = []
        for i in range(noise.shape[-1]):
            start = i * (i - 1) // 2
            value = scaled[..., i]
            if i:
                earlier = torch.stack(offsets, dim=-1)  # (B, n, i)
                value = value - (coupling[..., start : start + i] * earlier).sum(-1)
            offsets.append(value)
        return self.loc[rows, components] + torch.stack(offsets, dim=-1)

    def rows(self, rows: slice) -> Self:
        """Return the mixtures of some of the contexts."""
        return replace(self, **{name: getattr(self, name)[rows] for name in PARAMETERS})

    def detached(self) -> Self:
        """Return the same mixtures without their gradients."""
        return replace(self, **{name: getattr(self, name).detach() for name in PARAMETERS})

    def precision_factors(self) -> Tensor:
        """Return P as dense matrices, (B, K, D, D)."""
        num_dims = self.loc.shape[-1]
        rows, columns = torch.tril_indices(num_dims, num_dims, -1)
        unit = torch.eye(num_dims).to(self.loc).repeat(*self.loc.shape[:2], 1, 1)
        unit[..., rows, columns] = self.triangles()
        return self.log_scale.exp()[..., None] * unit

    def triangles(self) -> Tensor:
        """Return the coupling written out, (B, K, D (D - 1) / 2)."""
        coupling = self.coupling
        return coupling.triangles() if isinstance(coupling, SharedCoupling) else coupling

    def _difference(self, z: Tensor) -> Tensor:
        """Return how far z (B, n, D) is from every mean, (B, n, K, D)."""
        return z[:, :, None] - self.loc[:, None]

    def _coupled(self, difference: Tensor) -> Tensor:
        """Return the coupling of each component times differences (B, n, K, D)."""
        if isinstance(self.coupling, SharedCoupling):
            return self.coupling.times(difference)
        into, out_of = _triangle_maps(difference.shape[-1], difference)
        return ((difference @ into) * self.coupling[:, None]) @ out_of


def _triangle_maps(num_dims: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Constant 0/1 matrices: entry (i, j) of the triangle reads coordinate j and adds to i."""
    rows, columns = torch.tril_indices(num_dims, num_dims, -1)
    identity = torch.eye(num_dims).to(like)
    return identity[:, columns], identity[rows]
