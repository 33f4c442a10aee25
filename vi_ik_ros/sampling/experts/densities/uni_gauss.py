# SPDX-License-Identifier: Apache-2.0
"""An objective that may be given up: a normal density mixed with a uniform one, Eq. (33)."""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import torch
from torch import Tensor

from vi_ik_ros.sampling.experts.densities.density import Density
from vi_ik_ros.sampling.experts.densities.normal import Normal
from vi_ik_ros.sampling.experts.fields import LARGEST, Fields
from vi_ik_ros.sampling.experts.transforms.transform import Transform


@dataclass(frozen=True)
class UniGauss(Density):
    """pi N(v) + (1 - pi) / c, where N is normalised and c is the volume of the task space.

    Far from the mean the sum is flat and tells no way back. With `width`, a second normal with
    `width` times the spread takes the place of the uniform density; `annealed` widens it
    until it is as low as the uniform density, and then returns to Eq. (33).

    Attributes:
        normal: N, before it is normalised.
        probability: pi, that the objective is pursued.
        volume: c, in the product of the units of the residual's entries.
        width: spread of the twin in multiples of the normal's; None for the uniform density.
        pursued: keep the term of the normal only, or of the other only; None for their sum.
    """

    conditionable: ClassVar[tuple[str, ...]] = Normal.conditionable

    normal: Normal
    probability: float
    volume: float
    width: float | None = None
    pursued: bool | None = None

    @property
    def mean(self) -> Tensor | None:
        """Mean of the normal density; None until a context gives it."""
        return self.normal.mean

    @property
    def peak(self) -> float:
        """The log density at the mean."""
        return float(self._mixed(torch.zeros_like(self.normal.log_normalizer)))

    def log_density(self, value: Tensor) -> Tensor:
        """Return log(pi N(v) + (1 - pi) / c), (B,), of values (B, ...)."""
        return self._mixed(self.normal.log_density(value))

    def _mixed(self, exponent: Tensor) -> Tensor:
        """Mix both densities, given the log of the normal density over that at its mean."""
        kept = math.log(self.probability) + exponent - self.normal.log_normalizer
        dropped = torch.full_like(exponent, math.log1p(-self.probability) - math.log(self.volume))
        if self.width is not None:
            log_height = self._log_twin_height(self.width) + math.log1p(-self.probability)
            dropped = exponent / self.width**2 + log_height
        if self.pursued is not None:
            return kept if self.pursued else dropped
        return torch.logaddexp(kept, dropped)

    def conditioned(self, field: str, reference: Tensor) -> Self:
        """Return the density with the mean of its normal filled."""
        return replace(self, normal=self.normal.conditioned(field, reference))

    def annealed(self, progress: float) -> Self:
        """Return the density at a stage of a fit.

        Args:
            progress: 0 for the twin as it was read, 1 for Eq. (33); between them the logarithm of
                the twin's width grows evenly, up to where its peak is 1 / c.
        """
        if self.width is None or progress <= 0.0:
            return self
        if progress >= 1.0:
            return replace(self, width=None)
        widest = _widest(self.normal, self.volume)
        return replace(self, width=self.width ** (1.0 - progress) * widest**progress)

    def _log_twin_height(self, width: float) -> Tensor:
        """Log of the twin's density at the mean."""
        return -self.normal.log_normalizer - len(self.normal.scale) * math.log(width)

    @classmethod
    def from_fields(cls, fields: Fields, transform: Transform) -> Self:
        """Read the fields of a normal density, `probability`, `volume` and `width` (optional)."""
        own = ("probability", "volume", "width")
        fields.allow("type", "mean", "std", "covariance", *own)
        rest = {key: value for key, value in fields.values.items() if key not in own}
        normal = Normal.from_fields(Fields(rest, fields.path), transform)
        (probability,) = fields.positive("probability", 1, any_size=True)
        if probability >= 1.0:
            fields.fail("probability", "a number between 0 and 1, the chance to be pursued")
        (volume,) = fields.positive("volume", 1, any_size=True)
        widest = _widest(normal, volume)
        if widest <= 1.0:
            least = float(normal.log_normalizer.exp())
            fields.fail("volume", f"more than {least:.3g}, what the normal density itself covers")
        width = None
        if "width" in fields.values:
            (width,) = fields.positive("width", 1, any_size=True)
        if width is not None and not 1.0 < width <= widest:
            expected = f"a number above 1, at most {widest:.3g} (then as low as 1 / volume)"
            fields.fail("width", expected)
        return cls(normal, probability, volume, width)


def _widest(normal: Normal, volume: float) -> float:
    """Return the width at which the twin's peak is 1 / volume, LARGEST at most."""
    log_ratio = math.log(volume) - float(normal.log_normalizer)
    return math.exp(min(log_ratio / len(normal.scale), math.log(LARGEST)))
