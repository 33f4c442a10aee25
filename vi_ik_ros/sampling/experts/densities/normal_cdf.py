# SPDX-License-Identifier: Apache-2.0
"""A smooth inequality: the normal distribution function of the distance to a bound, Eq. (32)."""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import torch
from torch import Tensor

from vi_ik_ros.sampling.experts.densities.density import ROOTABLE, Density
from vi_ik_ros.sampling.experts.densities.half_planes import Rows, read_directions, read_polygon
from vi_ik_ros.sampling.experts.fields import LARGEST, Fields, is_list, is_number
from vi_ik_ros.sampling.experts.transforms.transform import Transform

JOINT_LIMITS = "joint_limits"
_FAR_INSIDE = 40.0  # standard deviations; log Phi is 0 from there, and inf has no gradient


def log_normal_cdf(z: Tensor) -> Tensor:
    """Return log Phi(z), with a slope that stays right far outside.

    torch.special.log_ndtr has the same value, but the slope that autograd gives it cancels: in
    float32 it is wrong from z = -1000 and 0 from -1e6, just where it has to pull hardest.
    """
    outside, inside = z.clamp(max=0.0), z.clamp(0.0, _FAR_INSIDE)
    tail = (0.5 * torch.special.erfcx(-outside * math.sqrt(0.5))).log() - 0.5 * outside.square()
    body = torch.log1p(-0.5 * torch.special.erfc(inside * math.sqrt(0.5)))
    return torch.where(z < 0.0, tail, body)


@dataclass(frozen=True)
class NormalCdf(Density):
    """sum_j log Phi((s_j - lower_j) / std_j) + log Phi((upper_j - s_j) / std_j).

    The bounded scalars s are the entries of the value, or w_j^T v with directions w_j.

    Attributes:
        lower, upper: (h,) bounds; infinite where there is none.
        std: (h,) softness of the bounds, in the same unit.
        directions: (h, r) one w_j a row; None to bound the entries themselves (h = r).
    """

    is_equality: ClassVar[bool] = False

    lower: Tensor
    upper: Tensor
    std: Tensor
    directions: Tensor | None = None

    def log_density(self, value: Tensor) -> Tensor:
        """Return the sum over both bounds of every scalar, (B,), for values (B, r)."""
        return self._terms(value).sum(dim=-1)

    def deviations(self, value: Tensor) -> Tensor:
        """Return how far outside every scalar is, (B, h), about in standard deviations."""
        below, above = self._terms(value).chunk(2, dim=-1)
        return (ROOTABLE - 2.0 * (below + above)).sqrt()

    def _terms(self, value: Tensor) -> Tensor:
        """Return log Phi of all lower, then of all upper bounds, (B, 2 h)."""
        scalars = value if self.directions is None else value @ self.directions.mT  # (B, h)
        inside = torch.cat([scalars - self.lower, self.upper - scalars], dim=-1)  # (B, 2 h)
        return log_normal_cdf(inside / torch.cat([self.std, self.std]))

    def selected(self, columns: tuple[int, ...]) -> Self:
        """Return the density of some entries of the value only; needs `directions` None."""
        rows = list(columns)
        bounds = {name: getattr(self, name)[rows] for name in ("lower", "upper", "std")}
        return replace(self, **bounds)

    @classmethod
    def from_fields(cls, fields: Fields, transform: Transform) -> Self:
        """Read `lower`, `upper` (at least one) and `std`, or `polygon` and `std`.

        A bound is a number for all scalars, a list with `null` where there is none, or the word
        `joint_limits`. With `directions`, a list of vectors w, the scalars are w^T v.
        """
        fields.allow("type", "lower", "upper", "std", "directions", "polygon")
        if not transform.is_vector:
            expected = "a density for matrices: normal; normal_cdf compares vectors with bounds"
            fields.fail("type", expected)
        directions: Rows = ()
        if "polygon" in fields.values:
            directions, upper = _read_sides(fields, transform)
            lower = (-math.inf,) * len(upper)
        else:
            if "directions" in fields.values:
                directions = read_directions(fields, transform.size)
            lower, upper = _read_bounds(fields, transform, len(directions))
        std = fields.positive("std", len(upper))
        bounds = (torch.tensor(row, dtype=torch.float64) for row in (lower, upper, std))
        density = cls(*bounds)
        if not directions:
            return density
        return replace(density, directions=torch.tensor(directions, dtype=torch.float64))


def _read_sides(fields: Fields, transform: Transform) -> tuple[Rows, tuple[float, ...]]:
    """Read the sides of `polygon`, which excludes other bounds."""
    for key in ("directions", "lower", "upper"):
        if key in fields.values:
            fields.fail(key, "a polygon or other bounds, not both")
    if transform.size != 2:
        fields.fail(
            "polygon", f"a transform of 2 entries, such as axes: [x, y], not {transform.size}"
        )
    return read_polygon(fields)


def _read_bounds(
    fields: Fields, transform: Transform, num_directions: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Read `lower` and `upper`, at least one of them."""
    if "lower" not in fields.values and "upper" not in fields.values:
        fields.fail("lower", "a bound in lower, in upper, or in both")
    size = num_directions or transform.size
    limits = None if num_directions else transform.limits
    lower, upper = (_bound(fields, key, size, limits) for key in ("lower", "upper"))
    if not all(low < high for low, high in zip(lower, upper, strict=True)):
        fields.fail("upper", f"a bound above lower, {list(lower)}")
    return lower, upper


def _bound(
    fields: Fields,
    key: str,
    size: int,
    limits: tuple[tuple[float, ...], tuple[float, ...]] | None,
) -> tuple[float, ...]:
    """Read a bound (size,); an entry without one is infinite."""
    side = 0 if key == "lower" else 1
    value, none = fields.values.get(key), (-math.inf, math.inf)[side]
    if value == JOINT_LIMITS and limits is not None:
        return limits[side]
    entries = value if is_list(value) else (value,) * size
    bounds = [none if entry is None else entry for entry in entries]
    if len(bounds) != size or not all(entry == none or is_number(entry) for entry in bounds):
        word = "" if limits is None else f", or {JOINT_LIMITS}"
        fields.fail(key, f"a number or a list of {size} (null where there is no bound){word}")
    sign = (1.0, -1.0)[side]
    if any(is_number(entry) and sign * entry > LARGEST**2 for entry in bounds):
        most = f"{sign * LARGEST**2:g}"
        fields.fail(key, f"a bound that leaves something, no {key} one beyond {most}")
    return tuple(entry if is_number(entry) else none for entry in bounds)
