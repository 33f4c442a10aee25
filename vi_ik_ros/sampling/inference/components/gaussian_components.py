# SPDX-License-Identifier: Apache-2.0
"""K Gaussians with weights, as an inference algorithm moves them."""

import math
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.components.responsibilities import Responsibilities, Whitened

FLOOR = 1e-10  # [rad^2 or m^2], smallest variance that a component may take
LEAST_WEIGHT = 1e-12  # of a component that no point belongs to


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
        return self._log_constant - 0.5 * quadratic(monomials(x), self._precision, self.loc)

    def sample(self, noise: Tensor, components: Tensor) -> Tensor:
        """Map standard normal noise (N, D) to draws (N, D) of components (N,)."""
        scaled = (self.scale_tril[components] @ noise[..., None])[..., 0]
        return self.loc[components] + scaled

    def maximise(
        self,
        x: Tensor,
        weights: Tensor,
        responsibilities: Responsibilities,
        *,
        turning: bool = False,
    ) -> Self:
        """Return the components that make sum_nk w_n r_nk log(pi_k N_k(x_n)) largest.

        A component without points keeps its place and shape.

        Args:
            x: (N, D).
            weights: w (N,), not negative, their sum positive.
            responsibilities: r.
            turning: whether directions of bends may turn; there are none here.
        """
        totals, locs, covariances = [], [], []
        scale_tril = self.scale_tril.clone()
        for k in range(len(self.loc)):
            rows, shares = responsibilities.of(k)
            mine = weights[rows] * shares
            total = mine.sum()
            totals.append(total)
            if total > 0:
                loc, covariance = moments(x[rows], mine / total)
            else:
                loc, covariance = self.loc[k], scale_tril[k] @ scale_tril[k].T
            locs.append(loc)
            covariances.append(covariance)
        total = torch.stack(totals)
        log_weights = (total / total.sum()).clamp_min(LEAST_WEIGHT).log()
        return replace(
            self,
            log_weights=torch.log_softmax(log_weights, 0),
            loc=torch.stack(locs),
            scale_tril=cholesky(torch.stack(covariances)),
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

    def whitened(self) -> Whitened:
        """Return the maps to a standard normal."""
        K, D = self.loc.shape
        W = torch.linalg.solve_triangular(
            self.scale_tril, torch.eye(D).to(self.loc).expand(K, -1, -1), upper=False
        )
        none = self.loc.new_zeros
        shift = (W @ self.loc[..., None])[..., 0]
        bends, mean_bends, unbend = none(K, 0, D, D), none(K, 0), none(K, 0, 0)
        return Whitened(W, shift, self._log_constant, bends, mean_bends, unbend)

    def tensors(self) -> dict[str, Tensor]:
        """Return the stored form."""
        names = ("log_weights", "loc", "scale_tril")
        return {name: getattr(self, name) for name in names}

    @property
    def _precision(self) -> Tensor:
        """Return (L L^T)^-1, (K, D, D)."""
        return torch.cholesky_inverse(self.scale_tril)

    @property
    def _log_constant(self) -> Tensor:
        """Return the log density at the mean, (K,)."""
        log_det = self.scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        return -log_det - 0.5 * self.loc.shape[1] * math.log(2 * math.pi)


def monomials(x: Tensor) -> Tensor:
    """Return 1, x_i and x_i x_j with i <= j of rows x (N, D), side by side."""
    rows, columns = torch.triu_indices(x.shape[1], x.shape[1])
    y = x.T.contiguous()  # whole coordinates are gathered faster than parts of rows
    return torch.cat([torch.ones_like(y[:1]), y, y[rows] * y[columns]]).T


def quadratic(monomials: Tensor, matrices: Tensor, loc: Tensor) -> Tensor:
    """Return (x - loc_k)^T M_k (x - loc_k) for all rows and components, (N, K).

    As one matrix product; variances above `FLOOR` leave the sum four digits after the point.

    Args:
        monomials: of x.
        matrices: M (K, D, D), symmetric.
        loc: (K, D).
    """
    rows, columns = torch.triu_indices(loc.shape[1], loc.shape[1])
    twice = 2.0 - (rows == columns).to(loc)
    slope = (matrices @ loc[..., None])[..., 0]  # (K, D)
    constant = (slope * loc).sum(1, keepdim=True)
    coefficients = torch.cat([constant, -2.0 * slope, twice * matrices[:, rows, columns]], 1)
    return monomials @ coefficients.T


def moments(x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean (D,) and covariance (D, D) of rows x (n, D) under weights (n,) of sum 1."""
    loc = weights @ x
    centred = x - loc
    return loc, centred.T @ (weights[:, None] * centred)


def cholesky(covariance: Tensor) -> Tensor:
    """Return Cholesky factors (K, D, D) of symmetric matrices, their variances kept above FLOOR."""
    values, vectors = torch.linalg.eigh(0.5 * (covariance + covariance.mT))
    # Weighted moments of few points may be singular, or negative by rounding.
    floor = FLOOR + 1e-6 * values[:, -1:].clamp_min(0.0)
    root = vectors * values.maximum(floor).sqrt()[:, None]
    upper = torch.linalg.qr(root.mT).R
    return (upper * upper.diagonal(dim1=-2, dim2=-1).sign()[..., None]).mT
