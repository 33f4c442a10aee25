# SPDX-License-Identifier: Apache-2.0
"""Estimates of the ELBO of a mixture, stratified by component, and of how two mixtures compare."""

import math

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.inference.estimates.importance_weights import Estimate
from vi_ik_ros.sampling.inference.target import Target, first_level


def estimate_elbo(
    components: GaussianComponents, target: Target, num_samples: int, generator: torch.Generator
) -> Estimate:
    """Estimate E_q[log p~ - log q].

    Args:
        components: q.
        target: p~; with priorities, its first level.
        num_samples: draws of each component, an even number.
        generator: source of randomness.
    """
    noise = antithetic_noise(len(components.loc), num_samples, components.loc, generator)
    return _total(_shares(components, target, noise.view(len(components.loc), num_samples, -1)))


def elbo_gain(
    old: GaussianComponents, new: GaussianComponents, target: Target, noise: Tensor
) -> Estimate:
    """Estimate by how much the ELBO of a mixture is above that of another, on common noise.

    Args:
        old: a mixture.
        new: another one.
        target: p~; with priorities, its first level.
        noise: (K S, D) standard normal in antithetic pairs, see `antithetic_noise`; K is the
            larger one of the numbers of components.
    """
    count = max(len(old.loc), len(new.loc))
    noise = noise.view(count, -1, noise.shape[1])
    shares = [_shares(mixture, target, noise[: len(mixture.loc)]) for mixture in (old, new)]
    empty = [share.new_zeros(count - len(share), share.shape[1]) for share in shares]
    before, after = (torch.cat(pair) for pair in zip(shares, empty, strict=True))
    return _total(after - before)


def _shares(components: GaussianComponents, target: Target, noise: Tensor) -> Tensor:
    """Return pi_k (log p~ - log q) of the draws of each component, (K, S), of noise (K, S, D)."""
    owners = torch.arange(len(noise)).repeat_interleave(noise.shape[1])
    with torch.no_grad():
        x = components.sample(noise.flatten(0, 1), owners)
        log_model = torch.logsumexp(components.log_weights + components.log_prob(x), 1)
        reward = (first_level(target, x) - log_model).view(noise.shape[:2])
    weights = components.log_weights.exp()[:, None]
    return torch.where(weights > 0, weights * reward, 0.0)


def antithetic_noise(
    num_components: int, num_samples: int, like: Tensor, generator: torch.Generator
) -> Tensor:
    """Return noise (M S, D), component after component: half of it, then its negative."""
    shape = (num_components, num_samples // 2, like.shape[1])
    half = torch.randn(shape, generator=generator, dtype=like.dtype)
    return torch.cat([half, -half], 1).flatten(0, 1)


def _total(shares: Tensor) -> Estimate:
    """Return the sum over components of means (K, S), and its error."""
    pairs = shares.view(len(shares), 2, -1).mean(1)  # The halves of a pair depend on each other.
    variance = (pairs.var(1) / pairs.shape[1]).sum()
    return Estimate(float(pairs.mean(1).sum()), math.sqrt(float(variance)))
