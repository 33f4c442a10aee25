# SPDX-License-Identifier: Apache-2.0
"""Expected gradient and Hessian of r = log p~ - log q under each component, from gradients alone.

Stein's identity E[hess r] = E[A (x - loc) grad r^T], A the precision, holds under a Gaussian. What
is averaged here is not that product itself: its noise is as large as the curvature
even where r is a plain quadratic. The slope of a weighted linear regression of grad r on x has the
same limit, and is exact for quadratics as soon as there are more points than dimensions. With few
points it is shrunk towards the plain product.

For a Renyi divergence of order a < 1, every grad r counts (p~ / q)^(1 - a).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.inference.natural_steps.quadratic_forms import QuadraticForms
from vi_ik_ros.sampling.inference.natural_steps.sample_pool import SamplePool
from vi_ik_ros.sampling.inference.natural_steps.weight_table import WeightTable

LOST = 1e-9  # share of a component in points where p~ is not finite, from which on it stays


@dataclass(frozen=True)
class SteinEstimate:
    """What an update needs to know of every component.

    Attributes:
        gradient: (K, D), L^T E[grad r].
        curvature: (K, D, D), -L^T E[hess r] L; NaN where p~ was not finite.
        reward: (K,), E[r]; below order 1, log E[(p~ / q)^(1 - order)] / (1 - order).
        mean_reward: (K,), E[r].
        effective_sizes: (K,), number of draws that the weighted points are worth.
    """

    gradient: Tensor
    curvature: Tensor
    reward: Tensor
    mean_reward: Tensor
    effective_sizes: Tensor


@dataclass(frozen=True)
class _Points:
    """Points x (N, D) with grad r (N, D) and r (N,)."""

    x: Tensor
    slope: Tensor
    reward: Tensor


def stein_estimate(
    pool: SamplePool,
    components: GaussianComponents,
    log_own: Tensor,
    *,
    exponent: float,
    order: float,
    shrinkage: float,
) -> SteinEstimate:
    """Estimate from the points of a pool.

    Args:
        pool: the components themselves are among its sources.
        components: K of them.
        log_own: their log densities (N, K) at the points.
        exponent: power of p~ in r.
        order: of the Renyi divergence.
        shrinkage: of the regression, as a number of points for each dimension.
    """
    points = _points(pool, components, log_own, exponent)
    log_weights = log_own - pool.log_proposal[:, None]
    table = WeightTable.of((log_weights - log_weights.logsumexp(0)).exp())
    parts = [
        _estimate(points, components, table, k, order, shrinkage)
        for k in table.groups(4 * pool.x.shape[1])
    ]
    gradient, curvature, reward, mean_reward = map(torch.cat, zip(*parts, strict=True))
    sizes = 1.0 / table.weights.square().sum(1)
    return SteinEstimate(gradient, curvature, reward, mean_reward, sizes)


def _points(
    pool: SamplePool, components: GaussianComponents, log_own: Tensor, exponent: float
) -> _Points:
    """Return r and its gradient at all points."""
    log_joint = log_own + components.log_weights
    log_model = torch.logsumexp(log_joint, 1)
    shares = WeightTable.of((log_joint - log_model[:, None]).exp())
    forms = QuadraticForms.of(components, components.loc.mean(0))
    slope = exponent * pool.gradient
    for k in shares.groups(3 * slope.shape[1]):
        rows = shares.rows[k]
        pull = forms.selected(k).slope(pool.x[rows]) * shares.weights[k][..., None]
        slope.index_add_(0, rows.flatten(), pull.flatten(0, 1), alpha=-1.0)
    return _Points(pool.x, slope, exponent * pool.log_target - log_model)


def _estimate(
    points: _Points,
    components: GaussianComponents,
    table: WeightTable,
    k: slice,
    order: float,
    shrinkage: float,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return gradient, curvature, reward and mean reward of some components."""
    L, loc = components.scale_tril[k], components.loc[k]
    rows, weights = table.rows[k], table.weights[k]  # (k, S)
    reward, slope = points.reward[rows], points.slope[rows]
    finite = torch.isfinite(reward) & torch.isfinite(slope).all(2)
    lost = torch.where(finite, 0.0, weights).sum(1) > LOST
    reward = torch.where(finite, reward, 0.0)
    tilt, total_reward = _tilt(reward, weights, order)
    slope = tilt * (torch.where(finite[..., None], slope, 0.0) @ L)  # (k, S, D)
    z = torch.linalg.solve_triangular(L, (points.x[rows] - loc[:, None]).mT, upper=False).mT
    mean = (weights[:, None] @ z)[:, 0]
    gradient = (weights[:, None] @ slope)[:, 0]
    weighted = weights[..., None] * (z - mean[:, None])
    share = (shrinkage * z.shape[2] * weights.square().sum(1)).clamp_max(1.0)[:, None, None]
    identity = torch.eye(z.shape[2], dtype=z.dtype, device=z.device)
    spread = (1.0 - share) * (weighted.mT @ z) + share * identity
    regression, _ = torch.linalg.solve_ex(spread, weighted.mT @ slope)
    curvature = -0.5 * (regression + regression.mT)
    gradient = gradient + (curvature @ mean[..., None])[..., 0]
    curvature = torch.where(lost[:, None, None], torch.nan, curvature)
    mean_reward = torch.where(lost, -torch.inf, (weights * reward).sum(1))
    return gradient, curvature, torch.where(lost, -torch.inf, total_reward), mean_reward


def _tilt(reward: Tensor, weights: Tensor, order: float) -> tuple[Tensor, Tensor]:
    """Return (p~ / q)^(1 - order), (k, S, 1), with weighted mean 1, and the reward (k,)."""
    if order == 1.0:
        return torch.ones_like(reward)[..., None], (weights * reward).sum(1)
    known = torch.where(weights > 0, reward, -torch.inf)
    highest = known.max(1).values
    tilt = ((1.0 - order) * (known - highest[:, None])).exp()
    mean = (weights * tilt).sum(1)
    return (tilt / mean[:, None])[..., None], highest + mean.log() / (1.0 - order)
