# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
import torch

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.kinematics.rotation import exp_so3, matrix_from_quaternion
from vi_ik_ros.sampling.experts.densities import MatrixBinghamVonMisesFisher
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.transforms import Orientation, PoseMatrix

UP = [[0, 0, 0], [0, 0, 0], [0, 0, 1]]
ORIENTATION = Orientation("tip")


def read(**fields):
    return MatrixBinghamVonMisesFisher.from_fields(Fields(fields), ORIENTATION)


def rotations(num, seed=0):
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randn(num, 4, generator=generator, dtype=torch.float64)
    return matrix_from_quaternion(rows)


def symmetric(seed):
    matrix = np.random.default_rng(seed).normal(size=(3, 3))
    return (matrix + matrix.T).tolist()


def test_it_is_the_trace_and_the_quadratic_form_in_stacked_columns():
    A, B = np.array(symmetric(0)), np.array(symmetric(1))
    C = np.random.default_rng(2).normal(size=(3, 3))
    X = rotations(20)
    value = read(A=A.tolist(), B=B.tolist(), C=C.tolist()).log_density(X).numpy()
    for row, x in zip(value, X.numpy(), strict=True):
        v, c = x.flatten(order="F"), C.flatten(order="F")
        assert row == pytest.approx(np.trace(C.T @ x + B @ x.T @ A @ x))
        assert row == pytest.approx(c @ v + v @ np.kron(B, A) @ v)


def test_a_linear_term_peaks_at_its_rotation_with_the_stated_spread():
    mode, concentration = rotations(1)[0], 5000.0
    density = read(C=(concentration * mode).tolist())
    assert (density.log_density(mode) > density.log_density(rotations(100, seed=1))).all()
    turn = exp_so3(torch.tensor([0.0, 0.01, 0.0], dtype=torch.float64))
    drop = density.log_density(mode @ turn) - density.log_density(mode)
    assert drop.item() == pytest.approx(-0.5 * 0.01**2 * 2 * concentration, rel=1e-4)


def test_a_quadratic_term_takes_an_axis_either_way_up_and_leaves_the_spin_free():
    density = read(A=UP, B=[[0, 0, 0], [0, 0, 0], [0, 0, 50]])
    half_turn, spin = (
        exp_so3(torch.tensor(row, dtype=torch.float64)) for row in ([math.pi, 0, 0], [0, 0, 0.7])
    )
    upright = torch.eye(3, dtype=torch.float64)
    heights = density.log_density(torch.stack([upright, half_turn, spin, half_turn @ spin]))
    assert torch.allclose(heights, torch.full((4,), 50.0).double())
    tilted = exp_so3(torch.tensor([0.3, 0.0, 0.0], dtype=torch.float64))
    assert density.log_density(tilted) < 46.0


@pytest.mark.parametrize(
    ("fields", "field", "expected"),
    [
        ({}, "C", "or A and B"),
        ({"A": UP}, "B", "symmetric 3 x 3"),
        ({"B": UP}, "A", "symmetric 3 x 3"),
        ({"A": UP, "B": [[0, 1, 0], [0, 0, 0], [0, 0, 0]]}, "B", "symmetric"),
        ({"C": [[1, 2], [3, 4]]}, "C", "3 x 3"),
        ({"C": [[1, 2, math.nan], [0, 0, 0], [0, 0, 0]]}, "C", "3 x 3"),
    ],
)
def test_wrong_matrices_are_refused(fields, field, expected):
    with pytest.raises(ObjectiveError) as caught:
        read(**fields)
    assert caught.value.field == field
    assert expected in caught.value.expected


def test_only_orientations_are_judged():
    with pytest.raises(ObjectiveError, match="type: orientation"):
        MatrixBinghamVonMisesFisher.from_fields(Fields({"C": UP}), PoseMatrix("tip"))
