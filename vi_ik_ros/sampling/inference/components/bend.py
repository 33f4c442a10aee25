# SPDX-License-Identifier: Apache-2.0
"""Fit the bends of components to weighted points: quadratic regression along directions.

All that a fit needs of the points are the moments of their monomials up to the second degree, so
the points are read once and any directions can be tried: a linear or quadratic function of x is a
row of coefficients, and the mean of a product of two functions is a form in the moments.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.components.gaussian_components import FLOOR, monomials
from vi_ik_ros.sampling.inference.components.responsibilities import Responsibilities

RIDGE = 1e-9  # relative; below it a combination of features is undetermined
FEWEST = 3.0  # effective points for each coefficient, below which a component stays straight
LARGEST_TURN, TURN_DAMPING = 0.3, 1e-3  # [rad] of one step; relative to its curvature


@dataclass(frozen=True)
class Moments:
    """Means of products of monomials 1, x_i, x_i x_j of points around a centre.

    Attributes:
        matrix: (K, F, F).
        effective: (K,), effective number of points.
    """

    matrix: Tensor
    effective: Tensor

    def between(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the means of products of functions (K, m, F) and (K, n, F), (K, m, n)."""
        return a @ self.matrix @ b.mT


@dataclass(frozen=True)
class Bends:
    """Bent Gaussians along given directions, the likeliest ones.

    Attributes:
        offset: (K, D), from the centre of the points to the mean.
        covariance: (K, D, D), of z.
        direction: (K, J, D).
        curvature: (K, J, D, D).
        log_volume: (K,) log determinant of the covariance: the smaller, the likelier.
        across: (K, D - J, D), principal axes across the directions, over their spread.
        spread: (K, D - J).
        noise: (K, J, J), covariance of what the bends leave along the directions.
        coefficients: (K, G, J) of the quadratics on the monomials of what is across.
    """

    offset: Tensor
    covariance: Tensor
    direction: Tensor
    curvature: Tensor
    log_volume: Tensor
    across: Tensor
    spread: Tensor
    noise: Tensor
    coefficients: Tensor

    def or_else(self, other: "Bends") -> "Bends":
        """Return for each component what is likelier."""
        worse = other.log_volume < self.log_volume

        def chosen(mine: Tensor, theirs: Tensor) -> Tensor:
            return torch.where(worse.view(-1, *[1] * (mine.ndim - 1)), theirs, mine)

        return Bends(
            *(chosen(a, b) for a, b in zip(vars(self).values(), vars(other).values(), strict=True))
        )


def moments_of(
    x: Tensor, weights: Tensor, responsibilities: Responsibilities, centers: Tensor
) -> Moments:
    """Return the moments of each component's points around its centre.

    Args:
        x: (N, D).
        weights: (N,), not negative.
        responsibilities: whose points they are.
        centers: (K, D).
    """
    matrices, effective = [], []
    for k, center in enumerate(centers):
        rows, shares = responsibilities.of(k)
        mine = weights[rows] * shares
        features = monomials(x[rows] - center)
        total = mine.sum().clamp_min(1e-300)  # nobody's component stays straight, see `effective`
        matrices.append(features.T @ (features * (mine / total)[:, None]))
        effective.append(total.square() / mine.square().sum().clamp_min(1e-300))
    return Moments(torch.stack(matrices), torch.stack(effective))


def fit_bends(moments: Moments, direction: Tensor) -> Bends:
    """Regress the coordinates along directions (K, J, D) on the quadratics of the others."""
    K, J, D = direction.shape
    basis = torch.linalg.qr(direction.mT, mode="complete").Q.mT[:, J:]
    variances, axes = torch.linalg.eigh(moments.between(_linear(basis), _linear(basis)))
    spread = variances.clamp_min(FLOOR).sqrt()
    across = axes.mT @ basis / spread[..., None]
    features, along = _monomials(across), _linear(direction)
    coefficients = _regressed(moments, features, along)  # (K, G, J)
    residual = along - coefficients.mT @ features
    noise = moments.between(residual, residual)
    noise = 0.5 * (noise + noise.mT) + FLOOR * torch.eye(J).to(noise)
    d = D - J
    slope, Q = coefficients[:, 1 : 1 + d], _quadratics(coefficients, d)
    local = torch.diag_embed(torch.cat([spread.square(), spread.new_zeros(K, J)], 1))
    local[:, :d, d:] = spread[..., None] * slope
    local[:, d:, :d] = local[:, :d, d:].mT
    local[:, d:, d:] = noise + slope.mT @ slope
    frame = torch.cat([across * spread[..., None], direction], 1)
    lift = coefficients[:, 0] + Q.diagonal(dim1=-2, dim2=-1).sum(-1)  # (K, J)
    return Bends(
        offset=(lift[:, None] @ direction)[:, 0],
        covariance=frame.mT @ local @ frame,
        direction=direction,
        curvature=across.mT[:, None] @ Q @ across[:, None],
        log_volume=2.0 * spread.log().sum(1) + torch.linalg.slogdet(noise).logabsdet,
        across=across,
        spread=spread,
        noise=noise,
        coefficients=coefficients,
    )


def turned(bends: Bends, moments: Moments) -> Tensor:
    """Return directions (K, J, D) after a Gauss-Newton step of the log volume in their angles.

    With an angle from direction j towards axis b, v_j gains u_b and u_b loses v_j, so residual i
    gains (i == j) u_b + v_j df_i/du_b, apart from what the regression follows.
    """
    across, along = bends.across * bends.spread[..., None], bends.direction
    K, d, D = across.shape
    J = along.shape[1]
    features = _monomials(bends.across)
    residual = _linear(along) - bends.coefficients.mT @ features  # (K, J, F)
    slope, Q = bends.coefficients[:, 1 : 1 + d], _quadratics(bends.coefficients, d)
    inclined = 2.0 * torch.einsum("kibc,kcjf->kijbf", Q, _products(bends.across, along))
    inclined = inclined + torch.einsum("kbi,kjf->kijbf", slope, _linear(along))
    inclined = inclined / bends.spread[:, None, None, :, None]
    own = torch.eye(J).to(along)[:, :, None, None]  # (i, j, 1, 1)
    turning = (inclined + own * _linear(across)[:, None, None]).flatten(1, 3)  # (K, J J d, F)
    turning = turning - _regressed(moments, features, turning).mT @ features
    weight = torch.linalg.inv(bends.noise)  # (K, J, J)
    curvature = moments.between(turning, turning).view(K, J, J * d, J, J * d)
    curvature = torch.einsum("kij,kipjq->kpq", weight, curvature)
    damping = TURN_DAMPING * curvature.diagonal(dim1=-2, dim2=-1).mean(-1) + FLOOR
    curvature = curvature + damping[:, None, None] * torch.eye(J * d).to(curvature)
    slopes = moments.between(turning, residual).view(K, J, J * d, J)
    slopes = torch.einsum("kij,kipj->kp", weight, slopes)
    leaning = moments.between(_linear(along), _linear(bends.across)) / bends.spread[:, None]
    angles = -torch.linalg.solve(curvature, slopes - leaning.flatten(1))
    angles = angles.view(K, J, d).clamp(-LARGEST_TURN, LARGEST_TURN)
    Q_, R = torch.linalg.qr((along + angles @ across).mT)
    return (Q_ * R.diagonal(dim1=-2, dim2=-1).sign()[:, None]).mT


def _regressed(moments: Moments, features: Tensor, values: Tensor) -> Tensor:
    """Return the coefficients (K, G, m) of values (K, m, F) on features (K, G, F)."""
    eigenvalues, vectors = torch.linalg.eigh(moments.between(features, features))
    # Few points leave directions undetermined; there the coefficients are small.
    floor = RIDGE * eigenvalues[:, -1:].clamp_min(FLOOR)
    inverse = vectors / eigenvalues.maximum(floor)[:, None] @ vectors.mT
    return inverse @ moments.between(features, values)


def _linear(rows: Tensor) -> Tensor:
    """Return the functions rows . x, (K, m, F), of rows (K, m, D)."""
    K, m, D = rows.shape
    size = 1 + D + D * (D + 1) // 2
    return torch.cat([rows.new_zeros(K, m, 1), rows, rows.new_zeros(K, m, size - 1 - D)], -1)


def _products(a: Tensor, b: Tensor) -> Tensor:
    """Return the functions (a_i . x) (b_j . x), (K, m, n, F), of rows (K, m, D) and (K, n, D)."""
    D = a.shape[-1]
    rows, columns = torch.triu_indices(D, D)
    outer = a[:, :, None, :, None] * b[:, None, :, None]
    outer = outer + outer.mT
    quadratic = outer[..., rows, columns] * (1.0 - 0.5 * (rows == columns).to(a))
    return torch.cat([quadratic.new_zeros(*quadratic.shape[:-1], 1 + D), quadratic], -1)


def _monomials(rows: Tensor) -> Tensor:
    """Return the functions 1, u_i, u_i u_j of u = rows x, (K, G, F), of rows (K, m, D)."""
    i, j = torch.triu_indices(rows.shape[1], rows.shape[1])
    linear = _linear(rows)
    one = torch.zeros_like(linear[:, :1])
    one[..., 0] = 1.0
    return torch.cat([one, linear, _products(rows, rows)[:, i, j]], 1)


def _quadratics(coefficients: Tensor, num_across: int) -> Tensor:
    """Return the symmetric matrices (K, J, d, d) in coefficients (K, G, J)."""
    rows, columns = torch.triu_indices(num_across, num_across)
    K, _, J = coefficients.shape
    Q = coefficients.new_zeros(K, J, num_across, num_across)
    Q[..., rows, columns] = coefficients[:, 1 + num_across :].mT
    return 0.5 * (Q + Q.mT)
