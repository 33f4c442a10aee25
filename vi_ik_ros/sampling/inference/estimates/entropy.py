# SPDX-License-Identifier: Apache-2.0
"""How widely a mixture spreads."""

import math

import numpy as np

from vi_ik_ros.sampling.inference.estimates.importance_weights import Estimate, mean
from vi_ik_ros.sampling.models.component_mixture import ComponentMixture


def entropy(mixture: ComponentMixture, num_samples: int, rng: np.random.Generator) -> Estimate:
    """Return the mean of -log q under q, in nat, of the whole mixture, joint limits or not.

    Exact for one component, of any family: a bend of unit Jacobian keeps a normal's entropy.

    Args:
        mixture: q.
        num_samples: draws of it, 2 or more.
        rng: source of randomness.
    """
    if mixture.num_components == 1:
        log_scale = np.log(np.diagonal(mixture.scale_tril[0])).sum()
        constant = 0.5 * mixture.num_dims * (1.0 + math.log(2.0 * math.pi))
        return Estimate(float(log_scale) + constant)
    x, _ = mixture.draw(num_samples, rng)
    return mean(-mixture.log_prob(x[None], np.empty((1, 0)))[0])
