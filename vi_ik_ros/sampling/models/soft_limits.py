# SPDX-License-Identifier: Apache-2.0
"""A smooth bijection between the real line and the inside of the joint limits."""

import torch
from torch import Tensor, nn


class SoftLimits(nn.Module):
    """Chart x in (lower, upper) <-> z in R that is the identity away from the limits.

    x(z) = z + w [softplus((lower - z) / w) - softplus((z - upper) / w)], coordinate by coordinate.
    A few widths w inside the limits x and z agree to many digits, so a mean or a covariance in z
    reads as joint angles; only the last widths before a limit are stretched.
    """

    lower: Tensor
    upper: Tensor
    width: Tensor

    def __init__(self, lower: Tensor, upper: Tensor, width: Tensor) -> None:
        """Keep the limits (D,) [rad or m] and the width (D,) over which the chart bends."""
        super().__init__()
        self.register_buffer("lower", lower)
        self.register_buffer("upper", upper)
        self.register_buffer("width", width)

    def to_limited(self, z: Tensor) -> Tensor:
        """Map z (..., D) to x (..., D) inside the limits."""
        zero = z.new_zeros(())
        # Not softplus, which torch cuts off at 20: the far tails are where the limits are.
        below = torch.logaddexp((self.lower - z) / self.width, zero)
        above = torch.logaddexp((z - self.upper) / self.width, zero)
        x = z + self.width * (below - above)
        return torch.maximum(torch.minimum(x, self.upper), self.lower)  # rounding alone leaves them

    def to_unlimited(self, x: Tensor) -> Tensor:
        """Map x (..., D) strictly inside the limits to z (..., D)."""
        below, above = self._gaps(x)
        return x + self.width * (_log1mexp(below) - _log1mexp(above))

    def log_derivative(self, x: Tensor) -> Tensor:
        """Return sum_i log dz_i/dx_i (...) at x (..., D): add it to log q(z) to get log q(x)."""
        below, above = self._gaps(x)
        return torch.log1p(1 / torch.expm1(below) + 1 / torch.expm1(above)).sum(-1)

    def _gaps(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Distances to both limits in widths, kept positive where rounding reached a limit."""
        smallest = torch.finfo(x.dtype).eps * 4
        below = ((x - self.lower) / self.width).clamp_min(smallest)
        above = ((self.upper - x) / self.width).clamp_min(smallest)
        return below, above


def _log1mexp(gap: Tensor) -> Tensor:
    """Return log(1 - exp(-gap)) for gap > 0."""
    return torch.log(-torch.expm1(-gap))
