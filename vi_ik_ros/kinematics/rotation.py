# SPDX-License-Identifier: Apache-2.0
"""Rotation vectors, matrices and quaternions (x y z w): batched, differentiable everywhere."""

import torch
from torch import Tensor

_SERIES_BELOW = 0.05  # squared angle; the six series terms below are exact to 1e-16 there


def skew(v: Tensor) -> Tensor:
    """Make the matrix (..., 3, 3) of the cross product v x (.)."""
    x, y, z = v.unbind(-1)
    zero = torch.zeros_like(x)
    return torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))


def exp_so3(r: Tensor) -> Tensor:
    """Turn rotation vectors (..., 3) [rad] into matrices (..., 3, 3)."""
    sinc, versine, _ = _coefficients(r)
    S = skew(r)
    return torch.eye(3, dtype=r.dtype, device=r.device) + sinc * S + versine * (S @ S)


def left_jacobian_so3(r: Tensor) -> Tensor:
    """Map the rate of a rotation vector to the angular velocity in outer axes, (..., 3, 3)."""
    _, versine, cubic = _coefficients(r)
    S = skew(r)
    return torch.eye(3, dtype=r.dtype, device=r.device) + versine * S + cubic * (S @ S)


def log_so3(R: Tensor) -> Tensor:
    """Turn matrices (..., 3, 3) into rotation vectors (..., 3) of length at most pi [rad].

    Both signs are right at half a turn; which one comes out is decided by rounding.
    """
    quaternion = quaternion_from_matrix(R)
    v, w = quaternion[..., :3], quaternion[..., 3:]
    square = v.square().sum(-1, keepdim=True)
    small = square < 1e-4  # there w is near 1 and v / w is small
    length = torch.where(small, torch.ones_like(square), square).sqrt()
    direct = 2.0 * torch.atan2(length, w) / length
    w = torch.where(small, w, torch.ones_like(w))
    t = torch.where(small, square, torch.zeros_like(square)) / w.square()
    series = 2.0 * (1.0 - t * (1 / 3 - t * (1 / 5 - t * (1 / 7 - t / 9)))) / w
    return v * torch.where(small, series, direct)


def matrix_from_quaternion(quaternion: Tensor) -> Tensor:
    """Turn quaternions (..., 4) x y z w, not zero, of any length, into matrices (..., 3, 3)."""
    unit = quaternion / quaternion.norm(dim=-1, keepdim=True)
    S = skew(unit[..., :3])
    w = unit[..., 3, None, None]
    return torch.eye(3, dtype=unit.dtype, device=unit.device) + 2.0 * (w * S + S @ S)


def quaternion_from_matrix(R: Tensor) -> Tensor:
    """Turn matrices (..., 3, 3) into unit quaternions (..., 4) x y z w with w >= 0."""
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = (row.unbind(-1) for row in R.unbind(-2))
    # row i is 4 q_i q: every row is right, the one with the largest q_i is far from zero
    rows = [
        [1 + xx - yy - zz, xy + yx, xz + zx, zy - yz],
        [xy + yx, 1 - xx + yy - zz, yz + zy, xz - zx],
        [xz + zx, yz + zy, 1 - xx - yy + zz, yx - xy],
        [zy - yz, xz - zx, yx - xy, 1 + xx + yy + zz],
    ]
    outer = torch.stack([torch.stack(row, -1) for row in rows], -2)  # (..., 4, 4)
    best = outer.diagonal(dim1=-2, dim2=-1).argmax(-1)
    row = outer.gather(-2, best[..., None, None].expand(*best.shape, 1, 4)).squeeze(-2)
    row = torch.where(row[..., 3:] < 0, -row, row)
    return row / row.norm(dim=-1, keepdim=True)


def _coefficients(r: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Compute sin(a)/a, (1 - cos(a))/a^2 and (a - sin(a))/a^3 of a = |r|, each (..., 1, 1)."""
    square = r.square().sum(-1)[..., None, None]
    small = square < _SERIES_BELOW
    safe = torch.where(small, torch.ones_like(square), square)
    near = torch.where(small, square, torch.zeros_like(square))  # a far one overflows its powers
    angle = safe.sqrt()
    sinc = torch.where(small, _series(near, 1), angle.sin() / angle)
    half = (0.5 * angle).sin()
    versine = torch.where(small, _series(near, 2), 2.0 * half.square() / safe)
    cubic = torch.where(small, _series(near, 3), (angle - angle.sin()) / (safe * angle))
    return sinc, versine, cubic


def _series(square: Tensor, order: int) -> Tensor:
    """Sum (-square)^k / (2 k + order)! for k = 0 .. 5."""
    total = torch.ones_like(square)
    for k in range(5, 0, -1):
        total = 1.0 - total * square / ((2 * k + order) * (2 * k + order - 1))
    return total / (1.0, 1.0, 2.0, 6.0)[order]
