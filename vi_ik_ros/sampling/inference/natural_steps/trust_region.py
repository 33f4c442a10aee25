# SPDX-License-Identifier: Apache-2.0
"""Natural-gradient updates of Gaussians and of weights, as far as a bound on the KL allows."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.components.gaussian_components import FLOOR, GaussianComponents

HALVINGS = 40  # of an interval of log eta, which is then known to 1e-10
LARGEST_LOG_ETA = 60.0
HUGE = 1e20  # a gradient in standard deviations; beyond it the bound would allow no step anyway
LEAST_LOG_WEIGHT = -69.0  # 1e-30


@dataclass(frozen=True)
class ComponentUpdate:
    """What became of the components.

    Attributes:
        components: the new ones; their weights are the old.
        kl: (K,) KL(new || old); 0 where a component kept its parameters.
        eta: (K,) inverse step length, at least 1.
        moved: (K,) bool; a component whose update was not finite has kept its parameters.
    """

    components: GaussianComponents
    kl: Tensor
    eta: Tensor
    moved: Tensor


def update_components(
    components: GaussianComponents, gradient: Tensor, curvature: Tensor, bounds: Tensor
) -> ComponentUpdate:
    """Take the longest step eta >= 1 of each component that keeps KL(new || old) in its bound.

    With precision A, A' = A + G / eta and A' mu' = A mu + (G mu + g) / eta, where g = E[grad r]
    and G = -E[hess r]. In coordinates in which A is the identity and G diagonal the
    KL of any eta is a sum over D entries, so that all K searches together cost next to nothing.

    Args:
        components: K of them.
        gradient: L^T g, (K, D).
        curvature: L^T G L, (K, D, D), symmetric.
        bounds: (K,), of the KL.
    """
    finite = (gradient.abs() < HUGE).all(1) & (curvature.abs() < HUGE).flatten(1).all(1)
    gradient = torch.where(finite[:, None], gradient, 0.0)
    curvature = torch.where(finite[:, None, None], curvature, 0.0)
    values, vectors = torch.linalg.eigh(curvature)
    along = (vectors.mT @ gradient[..., None])[..., 0]  # (K, D)
    eta = _longest_steps(values, along, bounds)
    shrink = 1.0 / (1.0 + values / eta[:, None])
    shift = (vectors @ (along / (eta[:, None] + values))[..., None])[..., 0]
    covariance = (vectors * shrink[:, None]) @ vectors.mT
    root, failed = torch.linalg.cholesky_ex(covariance)
    loc = components.loc + (components.scale_tril @ shift[..., None])[..., 0]
    scale_tril = components.scale_tril @ root
    moved = finite & (failed == 0) & _usable(loc, scale_tril)
    kl = torch.where(moved, _kl(values, along, eta), 0.0)
    kept = replace(
        components,
        loc=torch.where(moved[:, None], loc, components.loc),
        scale_tril=torch.where(moved[:, None, None], scale_tril, components.scale_tril),
    )
    return ComponentUpdate(kept, kl, eta, moved)


def update_weights(log_weights: Tensor, rewards: Tensor, bound: float) -> Tensor:
    """Return log pi' ~ log pi + R / (1 + eta), the least eta >= 0 with KL(pi' || pi) <= bound.

    Args:
        log_weights: (K,), normalised.
        rewards: R_k = E_k[log p~ - log q]; one that is not finite counts as the lowest.
        bound: of the KL.
    """
    finite = torch.isfinite(rewards)
    if not finite.any():
        return log_weights
    known = rewards[finite]
    rewards = torch.where(finite, rewards, known.min() - 1e3) - known.max()

    def moved(log_eta: Tensor) -> Tensor:
        lifted = torch.log_softmax(log_weights + rewards * torch.exp(-log_eta), 0)
        return torch.log_softmax(lifted.clamp_min(LEAST_LOG_WEIGHT), 0)

    def kl(log_eta: Tensor) -> Tensor:
        new = moved(log_eta)
        return (new.exp() * (new - log_weights)).sum()

    low = torch.zeros((), dtype=log_weights.dtype)  # of log(1 + eta)
    high = torch.full_like(low, LARGEST_LOG_ETA)
    if kl(low) <= bound:
        return moved(low)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if kl(middle) <= bound else (middle, high)
    return moved(high)


def _longest_steps(values: Tensor, along: Tensor, bounds: Tensor) -> Tensor:
    """Return the least eta >= 1 (K,) whose step stays in its bound: the KL falls with eta."""
    # Below -min(values) the new precision would not be positive definite.
    least = (-values[:, 0]).clamp_min(1.0 / (1.0 + 1e-9)) * (1.0 + 1e-9)
    low, high = least.log(), torch.full_like(least, LARGEST_LOG_ETA)
    high = torch.where(_kl(values, along, least) <= bounds, low, high)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        fits = _kl(values, along, middle.exp()) <= bounds
        low, high = torch.where(fits, low, middle), torch.where(fits, middle, high)
    return high.exp().clamp_min(1.0)


def _kl(values: Tensor, along: Tensor, eta: Tensor) -> Tensor:
    """Return KL(new || old) (K,) of steps eta (K,), infinite where it is not defined."""
    ratio = values / eta[:, None]
    kl = torch.log1p(ratio) - ratio / (1.0 + ratio) + (along / (eta[:, None] + values)).square()
    return torch.nan_to_num(0.5 * kl.sum(1), nan=torch.inf)


def _usable(loc: Tensor, scale_tril: Tensor) -> Tensor:
    """Tell which components (K,) are finite and not narrower than a component may be."""
    diagonal = scale_tril.diagonal(dim1=-2, dim2=-1)
    wide = (diagonal.square() >= FLOOR).all(1)
    return wide & torch.isfinite(loc).all(1) & torch.isfinite(scale_tril).flatten(1).all(1)
