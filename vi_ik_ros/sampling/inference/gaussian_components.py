# SPDX-License-Identifier: Apache-2.0
"""K Gaussians with weights, as an inference algorithm moves them."""

import math
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

FLOOR = 1e-10  # [rad^2 or m^2], smallest variance that a component may take


@dataclass(frozen=True)
class GaussianComponents:
    """pi_k and N(x; loc_k, L_k L_k^T), full covariances.

    Attributes:
        log_weights: (K,), normalised.
        loc: (K, D).
        scale_tril: (K, D, D), L_k.
    """

    log_weights: Tensor
    loc: Tensor
    scale_tril: Tensor

    def log_prob(self, x: Tensor) -> Tensor:
        """Return log N_k(x) of rows x (N, D) under every component, (N, K)."""
        return self._log_normal(x, None)

    def sample(self, noise: Tensor, components: Tensor) -> Tensor:
        """Map standard normal noise (N, D) to draws (N, D) of components (N,)."""
        scaled = (self.scale_tril[components] @ noise[..., None])[..., 0]
        return self.loc[components] + scaled

    def maximise(self, x: Tensor, weights: Tensor) -> Self:
        """Return the components that make sum_nk weights_nk log(pi_k N_k(x_n)) largest.

        Args:
            x: (N, D).
            weights: (N, K), not negative; every column has a positive sum.
        """
        total = weights.sum(0)  # (K,)
        loc = weights.T @ x / total[:, None]
        second = (weights.T @ outer(x)).view(-1, x.shape[1], x.shape[1]) / total[:, None, None]
        covariance = second - loc[..., None] * loc[:, None]
        scale_tril = cholesky(covariance)
        return replace(
            self, log_weights=torch.log(total / total.sum()), loc=loc, scale_tril=scale_tril
        )

    def moved(self, components: Tensor, x: Tensor) -> Self:
        """Put some components (m,) to the places x (m, D), shaped like the likeliest one there."""
        log_weights, loc = self.log_weights.clone(), self.loc.clone()
        owners = (self.log_weights + self.log_prob(x)).argmax(1)
        log_weights[components] = self.log_weights[owners] - math.log(2)
        log_weights[owners] -= math.log(2)
        loc[components] = x
        scale_tril = self.scale_tril.clone()
        scale_tril[components] = 0.5 * self.scale_tril[owners]
        log_weights = torch.log_softmax(log_weights, 0)
        return replace(self, log_weights=log_weights, loc=loc, scale_tril=scale_tril)

    def tensors(self) -> dict[str, Tensor]:
        """Return the stored form."""
        names = ("log_weights", "loc", "scale_tril")
        return {name: getattr(self, name) for name in names}

    def _log_normal(self, x: Tensor, unbend: tuple[Tensor, Tensor] | None) -> Tensor:
        """Return log N(x - s a; loc, L L^T), (N, K), for x (N, D).

        Args:
            x: rows.
            unbend: s (N, K) and a (K, D), the shift of each row and its direction; None: no shift.
        """
        num_components, num_dims = self.loc.shape
        identity = torch.eye(num_dims, dtype=x.dtype).expand_as(self.scale_tril)
        P = torch.linalg.solve_triangular(self.scale_tril, identity, upper=False)
        stacked = P.permute(2, 1, 0).reshape(num_dims, -1)  # coordinate by coordinate, all k
        u = x @ stacked - (P @ self.loc[..., None])[..., 0].T.reshape(-1)
        u = u.view(-1, num_dims, num_components)
        if unbend is not None:
            s, a = unbend
            u = u - (P @ a[..., None])[..., 0].T * s[:, None]
        log_det = -self.scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        return log_det - 0.5 * u.square().sum(1) - 0.5 * num_dims * math.log(2 * math.pi)


def outer(x: Tensor) -> Tensor:
    """Return the products x_i x_j of rows x (N, D), (N, D D)."""
    return (x[:, :, None] * x[:, None]).flatten(1)


def cholesky(covariance: Tensor) -> Tensor:
    """Return Cholesky factors (K, D, D) of symmetric matrices, their variances kept above FLOOR."""
    values, vectors = torch.linalg.eigh(0.5 * (covariance + covariance.mT))
    # Weighted moments of few points may be singular, or negative by rounding.
    floor = FLOOR + 1e-6 * values[:, -1:].clamp_min(0.0)
    root = vectors * values.maximum(floor).sqrt()[:, None]
    upper = torch.linalg.qr(root.mT).R
    return (upper * upper.diagonal(dim1=-2, dim2=-1).sign()[..., None]).mT
