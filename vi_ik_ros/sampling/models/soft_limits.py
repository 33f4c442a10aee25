# SPDX-License-Identifier: Apache-2.0
"""A smooth bijection between the real line and the inside of the joint limits."""

import importlib
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Generic, TypeVar

import numpy as np

Array = TypeVar("Array")  # np.ndarray or torch.Tensor, all of one call alike


@dataclass(frozen=True)
class SoftLimits(Generic[Array]):
    """Chart x in (lower, upper) <-> z in R that is the identity away from the limits.

    x(z) = z + w [softplus((lower - z) / w) - softplus((z - upper) / w)], coordinate by coordinate.
    A few widths w inside the limits x and z agree to many digits, so a mean or a covariance in z
    reads as joint angles; only the last widths before a limit are stretched. The arrays may be
    numpy's (serving) or torch's (training): the functions used here are called alike in both.

    Attributes:
        lower: (D,) lower limits [rad or m].
        upper: (D,) upper limits.
        width: (D,) w [rad or m].
    """

    lower: Array
    upper: Array
    width: Array

    def to_limited(self, z: Array) -> Array:
        """Map z (..., D) to x (..., D) inside the limits."""
        xp, lower, upper, width = self._parts
        zero = xp.zeros_like(z)
        # Not a library's softplus, which may be cut off: the far tails are where the limits are.
        below = xp.logaddexp((lower - z) / width, zero)
        above = xp.logaddexp((z - upper) / width, zero)
        x = z + width * (below - above)
        return xp.maximum(xp.minimum(x, upper), lower)  # rounding alone leaves them

    def to_unlimited(self, x: Array) -> Array:
        """Map x (..., D) strictly inside the limits to z (..., D)."""
        xp, _, _, width = self._parts
        below, above = self._gaps(x)
        return x + width * (xp.log(-xp.expm1(-below)) - xp.log(-xp.expm1(-above)))

    def log_derivative(self, x: Array) -> Array:
        """Return sum_i log dz_i/dx_i (...) at x (..., D): add it to log q(z) to get log q(x)."""
        xp = self._parts[0]
        below, above = self._gaps(x)
        # 1 / expm1(gap), without the overflow of a joint that is hundreds of widths wide.
        near_lower = xp.exp(-below) / -xp.expm1(-below)
        near_upper = xp.exp(-above) / -xp.expm1(-above)
        return xp.log1p(near_lower + near_upper).sum(-1)

    def _gaps(self, x: Array) -> tuple:
        """Distances to both limits in widths, kept positive where rounding reached a limit."""
        xp, lower, upper, width = self._parts
        smallest = 4 * xp.finfo(x.dtype).eps  # type: ignore[attr-defined]
        below = xp.clip((x - lower) / width, smallest, None)
        above = xp.clip((upper - x) / width, smallest, None)
        return below, above

    @cached_property
    def _parts(self) -> tuple:
        """The library of the arrays, and the arrays."""
        is_numpy = isinstance(self.lower, np.ndarray)
        library: ModuleType = np if is_numpy else importlib.import_module("torch")
        return library, self.lower, self.upper, self.width
