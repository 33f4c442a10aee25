# SPDX-License-Identifier: Apache-2.0
"""Where the raw outputs of a network become precision factors that are well conditioned.

A precision factor is P = diag(exp(log_scale)) (I + coupling). With log_scale in `LOG_SCALE_RANGE`
and rows of the coupling no longer than rho, `condition_bound` bounds the condition number of the
covariance (P^T P)^-1, whatever the context. The bounds are reached smoothly: their slope is one
where networks live and nowhere zero, so that no output is ever stuck at a bound. The arrays may be
torch's (training) or numpy's (serving).
"""

import math
from typing import TypeVar

import numpy as np

Array = TypeVar("Array")  # np.ndarray or torch.Tensor, all of one call alike

CLAMP, SMOOTH = "clamp", "smooth"  # hard bounds of the log scale alone, or all of this file
PROJECTIONS = (CLAMP, SMOOTH)
LOG_SCALE_RANGE = (-2.0, 6.5)  # conditional stds between 7.4 rad and 0.0015 rad
LARGEST_ROW = 16.0  # rho, of a coupling that is an output of the network
# Of one that is made of shared bases: rho = LARGEST_ROW + LARGEST_MIXING * LARGEST_BASIS_ROW.
LARGEST_MIXING, LARGEST_BASIS_ROW = 4.0, 4.0


def project_log_scale(log_scale: Array, projection: str) -> Array:
    """Return log scales (..., D) inside `LOG_SCALE_RANGE`."""
    lower, upper = LOG_SCALE_RANGE
    if projection == CLAMP:
        return log_scale.clip(lower, upper)  # type: ignore[attr-defined]
    middle, half = 0.5 * (lower + upper), 0.5 * (upper - lower)
    offset = (log_scale - middle) / half  # type: ignore[operator]
    return middle + half * offset * _shrinkage(offset * offset)  # type: ignore[return-value]


def project_coupling(coupling: Array, projection: str) -> Array:
    """Return couplings (..., D (D - 1) / 2) whose rows are no longer than `LARGEST_ROW`."""
    if projection == CLAMP:
        return coupling
    return _bounded_rows(coupling, LARGEST_ROW)


def project_bases(bases: Array, projection: str) -> Array:
    """Return shared triangles (R, D (D - 1) / 2), all R together bounded row by row."""
    if projection == CLAMP:
        return bases
    squares = (bases * bases).sum(0)  # type: ignore[operator]
    return bases * _row_shrinkage(squares, LARGEST_BASIS_ROW)


def project_mixing(mixing: Array, projection: str) -> Array:
    """Return weights of the bases (..., R) with a norm of at most `LARGEST_MIXING`."""
    if projection == CLAMP:
        return mixing
    square = (mixing * mixing).sum(-1)[..., None]  # type: ignore[operator]
    return mixing * _shrinkage(square / LARGEST_MIXING**2)


def condition_bound(num_dims: int, *, shared: bool) -> float:
    """Return what the condition number of no projected covariance exceeds.

    For any D x D matrix A, cond(A) < 2 / |det A| (|A|_F / sqrt(D))^D (Guggenheimer, Edelman and
    Johnson 1995). Here det(I + coupling) = 1 and |I + coupling|_F^2 <= D (1 + rho^2); the scales
    add their ratio, and a covariance is the inverse square of its factor. It is a guarantee for
    the worst case, far above what is met.

    Args:
        num_dims: D.
        shared: whether the coupling is made of shared bases.
    """
    lower, upper = LOG_SCALE_RANGE
    rho = LARGEST_ROW + LARGEST_MIXING * LARGEST_BASIS_ROW * shared
    log_factor = math.log(2.0) + 0.5 * num_dims * math.log1p(rho * rho) + upper - lower
    return math.exp(2.0 * log_factor)


def _bounded_rows(coupling: Array, largest: float) -> Array:
    return coupling * _row_shrinkage(coupling * coupling, largest)  # type: ignore[operator]


def _row_shrinkage(squares: Array, largest: float) -> Array:
    """Return for each entry of triangles (..., N) the factor that bounds its row's norm."""
    num_dims = (1 + math.isqrt(1 + 8 * squares.shape[-1])) // 2  # type: ignore[attr-defined]
    rows = np.tril_indices(num_dims, -1)[0]
    norms = squares @ _row_sums(num_dims, squares)  # type: ignore[operator]  # (..., D)
    return _shrinkage(norms / largest**2)[..., rows]


def _row_sums(num_dims: int, like: Array) -> Array:
    """Return the 0/1 matrix (D (D - 1) / 2, D) that adds the entries of each row."""
    ones = np.eye(num_dims)[np.tril_indices(num_dims, -1)[0]]
    if isinstance(like, np.ndarray):
        return ones  # type: ignore[return-value]
    return like.new_tensor(ones)  # type: ignore[attr-defined]


def _shrinkage(square: Array) -> Array:
    """Return s with s r <= 1 for r^2 = square: r (1 + r^4)^(-1/4) is r up to about one half."""
    # Two square roots, which both libraries have a fast path for, unlike the power -1/4.
    return 1.0 / ((1.0 + square * square) ** 0.5) ** 0.5  # type: ignore[operator]
