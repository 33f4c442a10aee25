# SPDX-License-Identifier: Apache-2.0
"""The nearest components within an information-geometric distance of old ones, in closed form.

Relative to an old component with precision factor P_o, a new one has the offset P_o (mu - mu_o)
and the factor A = P P_o^-1, which are 0 and I if nothing has changed. With them

    KL(new || old) = 1/2 |P_o (mu - mu_o)|^2 + 1/2 (|A^-1|_F^2 - D + 2 log|A|),

and both parts are bounded by interpolation towards the old component, as the differentiable trust
region layers of Otto et al. (2021) do. With the singular values s_i of A the second part is a sum
of (1 / s_i^2 - 1 + 2 log s_i) / 2, and sum (s_i - 1)^2 <= |A - I|_F^2; so it is at most eps where
|A - I|_F <= sqrt(eps) / (1 + sqrt(eps)).
"""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from vi_ik_ros.sampling.models.amortized.conditional_gaussians import ConditionalGaussians

TINY = 1e-20  # under a square root, whose slope at 0 is infinite


@dataclass(frozen=True)
class Projection:
    """Components that are not too far from old ones.

    Attributes:
        mixture: the projected mixtures, with the weights of the new ones.
        excess: (B, K), squared distance of each new component from its projection, in standard
            deviations and relative factors of the old one; its gradient leads back.
        outside: (B, K) bool, components that had left their region.
    """

    mixture: ConditionalGaussians
    excess: Tensor
    outside: Tensor


def project(
    new: ConditionalGaussians,
    old: ConditionalGaussians,
    bounds: Tensor,
    turned: slice = slice(0, 0),
) -> Projection:
    """Project every component into the region about its old self.

    The mean becomes (mu + w mu_o) / (1 + w) with 1 + w = sqrt(m / eps), m its part of the KL, and
    the factor of the precision likewise. Inside the region nothing changes, not a bit.

    Args:
        new: mixtures of B contexts, with gradients.
        old: those of the same contexts, before.
        bounds: (K,) eps, of each of the two parts of the KL.
        turned: coordinates that are angles, in which components may have changed the turn.
    """
    old = old.detached()
    factors, old_factors = new.precision_factors(), old.precision_factors()  # (B, K, D, D)
    offset = new.loc - old.loc
    offset = _without_turns(offset, turned)
    relative = (old_factors @ offset[..., None])[..., 0]
    identity = torch.eye(offset.shape[-1]).to(offset).expand_as(factors)
    inverse = torch.linalg.solve_triangular(old_factors, identity, upper=False)
    change = (factors - old_factors) @ inverse  # A - I
    root = bounds.sqrt()
    kept, moved = _share(relative, math.sqrt(2.0) * root)
    kept_factor, reshaped = _share(change.flatten(2), root / (1.0 + root))
    loc = new.loc - (1.0 - kept)[..., None] * offset
    between = old_factors + kept_factor[..., None, None] * (factors - old_factors)
    log_scale, coupling = _entries(between)
    mixture = replace(
        new,
        loc=torch.where(moved[..., None], loc, new.loc),
        log_scale=torch.where(reshaped[..., None], log_scale, new.log_scale),
        coupling=torch.where(reshaped[..., None], coupling, new.triangles()),
    )
    excess = (relative * (1.0 - kept.detach())[..., None]).square().sum(-1)
    excess = excess + (change * (1.0 - kept_factor.detach())[..., None, None]).square().sum(
        (-2, -1)
    )
    return Projection(mixture, excess, moved | reshaped)


def _share(row: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
    """Return which share (B, K) of vectors (B, K, n) keeps their length, and which are longer.

    Args:
        row: the vectors.
        length: (K,) allowed.
    """
    norm = row.square().sum(-1).clamp_min(TINY).sqrt()
    outside = norm > length
    return torch.where(outside, length / norm, 1.0), outside


def _without_turns(offset: Tensor, turned: slice) -> Tensor:
    """Take whole turns out of differences of angles."""
    turns = torch.zeros_like(offset)
    turns[..., turned] = torch.round(offset.detach()[..., turned] / (2.0 * math.pi))
    return offset - 2.0 * math.pi * turns


def _entries(factors: Tensor) -> tuple[Tensor, Tensor]:
    """Return log scale and coupling of precision factors (B, K, D, D)."""
    num_dims = factors.shape[-1]
    diagonal = factors.diagonal(dim1=-2, dim2=-1)
    rows, columns = torch.tril_indices(num_dims, num_dims, -1)
    return diagonal.log(), (factors / diagonal[..., None])[..., rows, columns]
