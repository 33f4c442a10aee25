# SPDX-License-Identifier: Apache-2.0
"""A normal density of the whole configuration, drawn from instead of weighted by."""

from collections.abc import Container
from dataclasses import dataclass

import torch
from torch import Tensor

from vi_ik_ros.sampling.experts.densities import Normal
from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.experts.transforms import Configuration

NUM_TRIED = 1_000  # draws that tell how many lie inside the limits
LEAST_INSIDE = 0.2  # of them; below, uniform draws serve as well


@dataclass(frozen=True)
class ConfigurationPrior:
    """A normal density of all joints, cut off at the limits.

    Attributes:
        name: of the expert.
        density: of x, its mean given.
        lower, upper: limits (D,) [rad or m].
    """

    name: str
    density: Normal
    lower: Tensor
    upper: Tensor

    def draw(self, num_rows: int, generator: torch.Generator) -> Tensor:
        """Return configurations (n, D) strictly inside the limits; those outside are redrawn."""
        x = self._try(num_rows, generator)
        outside = self._outside(x)
        while outside.any():
            x[outside] = self._try(int(outside.sum()), generator)
            outside = self._outside(x)
        return x

    def share_inside(self) -> float:
        """Return which share of draws lies inside the limits, about."""
        drawn = self._try(NUM_TRIED, torch.Generator().manual_seed(0))
        return 1.0 - float(self._outside(drawn).float().mean())

    def _try(self, num_rows: int, generator: torch.Generator) -> Tensor:
        shape = num_rows, len(self.lower)
        noise = torch.randn(shape, generator=generator, dtype=torch.float64).to(self.lower)
        assert self.density.mean is not None, "no context gives it"
        return self.density.mean + self.density.colour(noise)

    def _outside(self, x: Tensor) -> Tensor:
        return ((x <= self.lower) | (x >= self.upper)).any(-1)


def find_prior(
    product: ProductOfExperts, given: Container[str], lower: Tensor, upper: Tensor
) -> ConfigurationPrior | None:
    """Return the first expert that configurations can be drawn from; None if there is none.

    It must be of the first priority like all that weights pairs. A continuous joint has no limits
    that a normal density could be cut off at: its differences are wrapped.

    Args:
        product: the target.
        given: names of experts whose mean a context gives.
        lower: limits of x (D,) [rad or m].
        upper: the same.
    """
    for expert in product.experts:
        transform, density = expert.transform, expert.density
        whole = isinstance(transform, Configuration) and not any(transform.continuous)
        if expert.name in given or not whole or not isinstance(density, Normal):
            continue
        assert isinstance(transform, Configuration)
        if expert.priority or transform.columns != tuple(range(len(lower))):
            continue
        prior = ConfigurationPrior(expert.name, density, lower, upper)
        if prior.share_inside() >= LEAST_INSIDE:
            return prior
    return None
