# SPDX-License-Identifier: Apache-2.0
"""Forward KL: the likelihood of pairs of context and configuration."""

from torch import Tensor

from vi_ik_ros.sampling.models.amortized.conditional_gaussians import ConditionalGaussians


def negative_log_likelihood(mixture: ConditionalGaussians, z: Tensor) -> Tensor:
    """Return the mean of -log q(z | c), a scalar, over one z (B, D) of each context.

    Minimising it over pairs (x, c) of p(x, c) minimises E_c KL(p(. | c) || q(. | c)); the
    Jacobian between x and its chart z does not depend on the parameters and is left out.
    """
    return -mixture.log_prob(z[:, None]).mean()
