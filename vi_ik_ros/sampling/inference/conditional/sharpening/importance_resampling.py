# SPDX-License-Identifier: Apache-2.0
"""Likelihood of importance-weighted draws: a conditional mixture learns from its best finds.

Resampling draws z_i of q with the probabilities w_i = p~ / q, normalised in each context, gives
rows of p where there are enough draws; their likelihood pulls mass to where q has too little, which
the reverse KL does not. Its mean over all resamplings is -sum_i w_i log q(z_i), which is what is
computed: it has the same gradient with less noise.
"""

import torch
from torch import Tensor

from vi_ik_ros.sampling.models.amortized.conditional_gaussians import ConditionalGaussians

LEAST_EFFECTIVE = 0.25  # of the draws of a context
LEAST_LOG_EXPONENT, HALVINGS = -16.0, 16  # of the search for an exponent
LOWEST = -1e6  # of a log ratio: an infinite one has no mean


def shares(log_ratio: Tensor, least_effective: float = LEAST_EFFECTIVE) -> Tensor:
    """Return the weights (B, n) of the draws of each context, w_i ~ (p~ / q)^b.

    The exponent b of a context is the largest one up to 1 that leaves an effective number of draws,
    1 / sum w^2, of at least a share of n; the number falls as b rises.

    Args:
        log_ratio: (B, n), log p~ - log q of the draws.
        least_effective: the share.
    """
    log_ratio = log_ratio.clamp_min(LOWEST).nan_to_num(nan=LOWEST)
    least = least_effective * log_ratio.shape[-1]

    def weights(log_exponent: Tensor) -> Tensor:
        return torch.softmax(log_exponent.exp() * log_ratio, dim=-1)

    def enough(log_exponent: Tensor) -> Tensor:
        return 1.0 / weights(log_exponent).square().sum(-1, keepdim=True) >= least

    high = torch.zeros_like(log_ratio[:, :1])
    low = torch.where(enough(high), high, LEAST_LOG_EXPONENT)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        fits = enough(middle)
        low, high = torch.where(fits, middle, low), torch.where(fits, high, middle)
    return weights(low)


def negative_log_likelihood(mixture: ConditionalGaussians, z: Tensor, log_ratio: Tensor) -> Tensor:
    """Return the mean over contexts of -sum_i w_i log q(z_i | c), a scalar; see `shares`.

    Args:
        mixture: q(z | c) of B contexts, with gradients.
        z: (B, n, D) draws of it.
        log_ratio: (B, n), log p~ - log q of the draws, in any chart.
    """
    weights = shares(log_ratio.detach())
    return -(weights * mixture.log_prob(z.detach())).sum(-1).mean()
