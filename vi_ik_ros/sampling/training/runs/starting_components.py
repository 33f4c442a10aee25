# SPDX-License-Identifier: Apache-2.0
"""Components to start a fit from.

Where random configurations see the tempered target, they are shared out among the components.

In many dimensions no draw of the joint limits meets narrow objectives, however many there are. So
random configurations climb onto the target, each to another place, and become components that
follow the target's curvature there. Directions that the objectives leave free get a small part
of the joint limits: a fit widens them as far as the bends of the target allow.
"""

import math

import torch
from torch import Tensor

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.inference import alpha_divergence
from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents, cholesky
from vi_ik_ros.sampling.training.diagnosis.climb import climb, linearised

LEAST_EXPONENT = 0.01  # at which uniform draws have to see the target; below, components climb
NUM_PROPOSALS = 100_000  # uniform draws
NUM_PROBES = 1000  # uniform draws that tell whether it makes sense to draw so many
DOUBT = 10.0  # factor by which the exponent of the probes may be too low
CLIMBERS, FEWEST_CLIMBERS = 2, 32  # for each component; in all
STEPS = 20  # of a climb
STEEPEST = 1e8  # derivative of a deviation; beyond it a square is no number
FREE = 0.05  # of the joint limits, std along a direction that no objective holds


def spread_components(
    product: ProductOfExperts, num_components: int, generator: torch.Generator
) -> tuple[GaussianComponents, float]:
    """Return components, and the power of p~ to which they belong.

    Uniform draws of the joint limits spread components best, as long as they see a target that is
    not tempered too far; otherwise the components climb.

    Args:
        product: the target without context, in float64.
        num_components: K.
        generator: source of randomness.

    Raises:
        ObjectiveError: the product is zero wherever it was looked at.
    """
    with torch.no_grad():
        seen = product.log_density(_uniform(product, NUM_PROBES, generator))
    share = alpha_divergence.wanted_size(num_components, NUM_PROPOSALS) / NUM_PROPOSALS
    exponent = alpha_divergence.tempering_exponent(seen.nan_to_num(-math.inf), share * NUM_PROBES)
    if not seen.isfinite().any() or exponent * DOUBT < LEAST_EXPONENT:
        return starting_components(product, num_components, generator), 1.0
    state, exponent = alpha_divergence.init(
        product,
        product.chain.lower,
        product.chain.upper,
        family="gaussian",
        num_components=num_components,
        num_proposals=NUM_PROPOSALS,
        generator=generator,
    )
    if exponent >= LEAST_EXPONENT:
        return state.components, exponent
    return starting_components(product, num_components, generator), 1.0


def starting_components(
    product: ProductOfExperts, num_components: int, generator: torch.Generator
) -> GaussianComponents:
    """Climb from random configurations inside the joint limits.

    Args:
        product: the target without context, in float64.
        num_components: K.
        generator: source of randomness.

    Returns:
        Components of equal weights about the highest ends of the climbs.

    Raises:
        ObjectiveError: the product is zero at the ends of all climbs.
    """
    num_climbers = max(FEWEST_CLIMBERS, CLIMBERS * num_components)
    q = _uniform(product, num_climbers, generator)
    q = climb(product, product.experts, q, within_limits=True, steps=STEPS)
    with torch.no_grad():
        height = product.log_density(q)
    height = torch.where(torch.isfinite(height), height, -math.inf)
    best = height.argsort(descending=True, stable=True)[:num_components]
    if not torch.isfinite(height[best]).any():
        expected = "some mass inside the joint limits: do the objectives contradict each other?"
        raise ObjectiveError("objectives", "a product that is zero everywhere", expected)
    _, J = linearised(product, product.experts, q[best])
    J = J.clamp(-STEEPEST, STEEPEST)
    held = (FREE * (product.chain.upper - product.chain.lower)) ** -2
    values, vectors = torch.linalg.eigh(J.mT @ J + torch.diag(held))
    values = values.clamp_min(float(held.min()))  # beside steep directions it is rounded away
    scale_tril = cholesky((vectors / values[:, None]) @ vectors.mT)
    log_weights = torch.full_like(height[best], -math.log(num_components))
    return GaussianComponents(log_weights, q[best], scale_tril)


def _uniform(product: ProductOfExperts, count: int, generator: torch.Generator) -> Tensor:
    """Draw configurations (count, D) inside the joint limits."""
    lower, upper = product.chain.lower, product.chain.upper
    share = torch.rand(count, len(lower), generator=generator, dtype=lower.dtype)
    return lower + (upper - lower) * share
