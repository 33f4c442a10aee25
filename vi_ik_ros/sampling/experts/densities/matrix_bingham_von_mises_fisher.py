# SPDX-License-Identifier: Apache-2.0
"""A density on rotation matrices with a linear and a quadratic term, Eq. (31)."""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from vi_ik_ros.sampling.experts.densities.density import Density
from vi_ik_ros.sampling.experts.fields import LARGEST, Fields
from vi_ik_ros.sampling.experts.transforms.transform import Transform

_SHAPE = "a 3 x 3 matrix, row by row"
_SYMMETRIC = "a symmetric 3 x 3 matrix, row by row"


@dataclass(frozen=True)
class MatrixBinghamVonMisesFisher(Density):
    """exp tr(C^T X + B X^T A X) of a rotation matrix X, unnormalised.

    With columns stacked, v = vec(X), it is exp(c^T v + v^T (B kron A) v). C = k R alone is a peak
    of concentration k about the rotation R, of std sqrt(1 / (2 k)) [rad] about every axis when k
    is large. A and B leave chosen axes of the frame free in chosen directions: a large entry of A
    and B at (z, z) favours the frame's z axis along the root's z axis, either way up.

    Attributes:
        A: (3, 3) symmetric, acts on the axes of the root frame.
        B: (3, 3) symmetric, acts on the axes of the frame.
        C: (3, 3).
    """

    A: Tensor
    B: Tensor
    C: Tensor

    def log_density(self, value: Tensor) -> Tensor:
        """Return tr(C^T X + B X^T A X), (B,), of rotation matrices (B, 3, 3)."""
        gain = self.C + self.A @ value @ self.B  # tr(B X^T A X) is the sum of (A X B) * X
        return (gain * value).sum(dim=(-2, -1))

    @property
    def peak(self) -> float:
        """Sum of the peaks of both terms, which need not be at one rotation."""
        linear = torch.linalg.svdvals(self.C)
        linear[-1] *= torch.linalg.det(self.C).sign()  # a reflection is no rotation
        quadratic = torch.linalg.eigvalsh(self.A) * torch.linalg.eigvalsh(self.B)
        return float(linear.sum() + quadratic.sum())

    @classmethod
    def from_fields(cls, fields: Fields, transform: Transform) -> Self:
        """Read `C`, or both `A` and `B`, or all three."""
        fields.allow("type", "A", "B", "C")
        if transform.kind != "orientation":
            fields.fail("type", "a density for this transform; this one needs type: orientation")
        quadratic = "A" in fields.values or "B" in fields.values
        if not quadratic and "C" not in fields.values:
            fields.fail("C", f"{_SHAPE}, or A and B")
        A, B, C = (torch.zeros(3, 3, dtype=torch.float64) for _ in range(3))
        if quadratic:
            A, B = (_symmetric(fields, key) for key in ("A", "B"))
        if "C" in fields.values:
            C = _matrix(fields, "C", _SHAPE)
        return cls(A, B, C)


def _matrix(fields: Fields, key: str, expected: str) -> Tensor:
    """Read a matrix (3, 3)."""
    rows = fields.matrix(key, 3, expected)
    if not all(abs(entry) <= LARGEST for row in rows for entry in row):
        fields.fail(key, f"{expected}, of entries up to {LARGEST:g}")
    return torch.tensor(rows, dtype=torch.float64)


def _symmetric(fields: Fields, key: str) -> Tensor:
    """Read a symmetric matrix (3, 3)."""
    matrix = _matrix(fields, key, _SYMMETRIC)
    if not torch.allclose(matrix, matrix.mT, rtol=1e-9, atol=0.0):
        fields.fail(key, _SYMMETRIC)
    return matrix
