# SPDX-License-Identifier: Apache-2.0
"""A normal density on the residual of a value to its mean."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import torch
from torch import Tensor

from vi_ik_ros.sampling.experts.densities.density import Density
from vi_ik_ros.sampling.experts.fields import LARGEST, Fields
from vi_ik_ros.sampling.experts.transforms.transform import Transform

_LEAST_SPREAD = 1e-10  # variance of the narrowest direction where all variances are 1


@dataclass(frozen=True)
class Normal(Density):
    """exp(-|L^-1 residual|^2 / 2), which is 1 at the mean.

    Attributes:
        mean: a value of the transform, one for all rows or one for each (B, ...); None until a
            context gives it.
        scale: (r,) standard deviations, or (r, r) lower Cholesky factor L of the covariance, in
            the units of the residual.
        difference: residual (B, r) of values to the mean, usually `Transform.difference`.
    """

    conditionable: ClassVar[tuple[str, ...]] = ("mean",)

    mean: Tensor | None
    scale: Tensor
    difference: Callable[[Tensor, Tensor], Tensor] = torch.sub

    def log_density(self, value: Tensor) -> Tensor:
        """Return -|L^-1 residual|^2 / 2, (B,)."""
        return -0.5 * self.deviations(value).square().sum(dim=-1)

    def deviations(self, value: Tensor) -> Tensor:
        """Return L^-1 residual, (B, r), in standard deviations."""
        assert self.mean is not None, "a product fills every open mean"
        return self.whiten(self.difference(value, self.mean))

    def whiten(self, residual: Tensor) -> Tensor:
        """Return L^-1 residual, (B, r)."""
        if self.scale.ndim == 1:
            return residual / self.scale
        columns = residual.unsqueeze(-1)
        return torch.linalg.solve_triangular(self.scale, columns, upper=False).squeeze(-1)

    def colour(self, noise: Tensor) -> Tensor:
        """Return L noise, (B, r): the residual of a draw when the noise is standard normal."""
        return noise * self.scale if self.scale.ndim == 1 else noise @ self.scale.mT

    @property
    def log_normalizer(self) -> Tensor:
        """Log of the integral of the density over flat residuals."""
        diagonal = self.scale if self.scale.ndim == 1 else self.scale.diagonal()
        return diagonal.log().sum() + 0.5 * len(diagonal) * math.log(2.0 * math.pi)

    @classmethod
    def from_fields(cls, fields: Fields, transform: Transform) -> Self:
        """Read `mean` and one of `std` and `covariance`.

        `std` is one number for all residual entries, a list of them, or a mapping by the parts
        of the transform ({position: [m], orientation: [rad]} for a pose).
        """
        fields.allow("type", "mean", "std", "covariance")
        if "covariance" in fields.values and "std" in fields.values:
            fields.fail("covariance", "one of std and covariance, not both")
        read = _covariance_factor if "covariance" in fields.values else _standard_deviations
        mean = transform.read_reference(fields, "mean")
        return cls(mean, read(fields, transform), transform.difference)


def _standard_deviations(fields: Fields, transform: Transform) -> Tensor:
    """Read `std` to (r,)."""
    if not isinstance(fields.values.get("std"), Mapping):
        return torch.tensor(fields.positive("std", transform.residual_size), dtype=torch.float64)
    if not transform.parts:
        fields.fail("std", f"a positive number or a list of {transform.residual_size}")
    named = fields.child("std")
    named.allow(*transform.parts)
    std = torch.zeros(transform.residual_size, dtype=torch.float64)
    for name, columns in transform.parts.items():
        size = columns.stop - columns.start
        std[columns] = torch.tensor(named.positive(name, size), dtype=torch.float64)
    return std


def _covariance_factor(fields: Fields, transform: Transform) -> Tensor:
    """Read `covariance` to its Cholesky factor (r, r)."""
    size = transform.residual_size
    expected = f"a symmetric positive definite {size} x {size} matrix, row by row"
    matrix = torch.tensor(fields.matrix("covariance", size, expected), dtype=torch.float64)
    if not torch.allclose(matrix, matrix.mT, rtol=1e-9, atol=0.0):
        fields.fail("covariance", expected)
    variances = matrix.diagonal()
    if not bool(((variances >= LARGEST**-2) & (variances <= LARGEST**4)).all()):
        sizes = f"{LARGEST**-2:g} to {LARGEST**4:g}"
        fields.fail("covariance", f"{expected}, with variances from {sizes} on its diagonal")
    correlation = matrix / torch.outer(variances.sqrt(), variances.sqrt())
    if not float(torch.linalg.eigvalsh(correlation)[0]) >= _LEAST_SPREAD:
        advice = "this one is singular, raise its diagonal or lower its correlations"
        fields.fail("covariance", f"{expected}; {advice}")
    return torch.linalg.cholesky(matrix)
