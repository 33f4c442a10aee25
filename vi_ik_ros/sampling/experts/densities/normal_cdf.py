# SPDX-License-Identifier: Apache-2.0
"""A smooth inequality: the normal distribution function of the distance to a bound, Eq. (32)."""

import math
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from vi_ik_ros.sampling.experts.densities.density import Density
from vi_ik_ros.sampling.experts.fields import Fields, is_list, is_number
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
    """sum_j log Phi((v_j - lower_j) / std_j) + log Phi((upper_j - v_j) / std_j).

    Attributes:
        lower, upper: (r,) bounds; infinite where there is none.
        std: (r,) softness of the bounds, in the same unit.
    """

    lower: Tensor
    upper: Tensor
    std: Tensor

    def log_density(self, value: Tensor) -> Tensor:
        """Return the sum over both bounds of every entry, (B,), for values (B, r)."""
        inside = torch.cat([value - self.lower, self.upper - value], dim=-1)  # (B, 2 r)
        distance = inside / torch.cat([self.std, self.std])
        return log_normal_cdf(distance).sum(dim=-1)

    @classmethod
    def from_fields(cls, fields: Fields, transform: Transform) -> Self:
        """Read `lower`, `upper` (at least one) and `std`.

        A bound is a number for all entries, a list with `null` where there is none, or the word
        `joint_limits`.
        """
        fields.allow("type", "lower", "upper", "std")
        if not transform.is_vector:
            expected = "a density for matrices: normal; normal_cdf compares vectors with bounds"
            fields.fail("type", expected)
        if "lower" not in fields.values and "upper" not in fields.values:
            fields.fail("lower", "a bound in lower, in upper, or in both")
        lower, upper = (_bound(fields, key, transform) for key in ("lower", "upper"))
        if not all(low < high for low, high in zip(lower, upper, strict=True)):
            fields.fail("upper", f"a bound above lower, {list(lower)}")
        std = fields.positive("std", transform.size)
        return cls(*(torch.tensor(row, dtype=torch.float64) for row in (lower, upper, std)))


def _bound(fields: Fields, key: str, transform: Transform) -> tuple[float, ...]:
    """Read a bound (r,); an entry without one is infinite."""
    side = 0 if key == "lower" else 1
    value, size, none = fields.values.get(key), transform.size, (-math.inf, math.inf)[side]
    if value == JOINT_LIMITS and transform.limits is not None:
        return transform.limits[side]
    entries = value if is_list(value) else (value,) * size
    bounds = [none if entry is None else entry for entry in entries]
    if len(bounds) != size or not all(entry == none or is_number(entry) for entry in bounds):
        word = "" if transform.limits is None else f", or {JOINT_LIMITS}"
        fields.fail(key, f"a number or a list of {size} (null where there is no bound){word}")
    return tuple(entry if is_number(entry) else none for entry in bounds)
