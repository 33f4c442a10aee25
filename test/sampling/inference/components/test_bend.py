# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from vi_ik_ros.sampling.inference.components.bend import fit_bends, moments_of, turned
from vi_ik_ros.sampling.inference.components.responsibilities import Responsibilities

N, D, J = 3000, 5, 2
STDS = torch.tensor([0.5, 0.7, 0.9]).double()
NOISE = 0.05


@pytest.fixture(scope="module")
def sheet():
    """Points of a curved sheet (N, D), its normals (1, J, D) and quadratics (J, d, d)."""
    g = torch.Generator().manual_seed(0)
    axes = torch.linalg.qr(torch.randn(D, D, generator=g).double()).Q
    u = torch.randn(N, D - J, generator=g).double() * STDS
    Q = 0.3 * torch.randn(J, D - J, D - J, generator=g).double()
    Q = Q + Q.mT
    v = NOISE * torch.randn(N, J, generator=g).double() + torch.einsum("na,jab,nb->nj", u, Q, u)
    return torch.cat([u, v], 1) @ axes, axes[None, D - J :], Q, axes[: D - J]


def moments(x):
    everyone = Responsibilities(torch.arange(len(x)), torch.ones(len(x)).double(), (0, len(x)))
    return moments_of(x, torch.full((len(x),), 2.0).double(), everyone, x.mean(0)[None])


def test_along_the_normals_the_quadratics_are_found(sheet):
    x, normals, Q, across = sheet
    bends = fit_bends(moments(x), normals)
    found = across @ bends.curvature[0] @ across.T
    torch.testing.assert_close(found, Q, atol=0.02, rtol=0)
    torch.testing.assert_close(bends.noise[0], NOISE**2 * torch.eye(J).double(), atol=3e-4, rtol=0)
    assert (bends.curvature @ normals.mT).abs().max() < 1e-12
    flat = across @ bends.covariance[0] @ across.T
    torch.testing.assert_close(flat.diagonal().sqrt(), STDS, atol=0.03, rtol=0)
    offset = bends.offset @ normals[0].T  # the points' mean is the component's
    assert offset.abs().max() < 0.05


def test_the_regression_is_that_of_least_squares(sheet):
    x, normals, _, _ = sheet
    direction = torch.linalg.qr((normals + 0.2).mT).Q.mT
    bends = fit_bends(moments(x), direction)
    basis = torch.linalg.qr(direction[0].T, mode="complete").Q[:, J:]
    centred = x - x.mean(0)
    u, v = centred @ basis, centred @ direction[0].T
    i, j = torch.triu_indices(D - J, D - J)
    features = torch.cat([torch.ones(N, 1).double(), u, u[:, i] * u[:, j]], 1)
    residual = v - features @ torch.linalg.lstsq(features, v).solution
    expected = torch.logdet(u.T @ u / N) + torch.logdet(residual.T @ residual / N)
    assert float(bends.log_volume[0]) == pytest.approx(float(expected), abs=1e-4)


def test_turning_finds_the_normals(sheet):
    x, normals, _, _ = sheet
    m = moments(x)
    g = torch.Generator().manual_seed(1)
    direction = torch.linalg.qr((normals + 0.1 * torch.randn(1, J, D, generator=g)).mT).Q.mT
    volumes = []
    for _ in range(5):
        bends = fit_bends(m, direction)
        volumes.append(float(bends.log_volume[0]))
        direction = turned(bends, m)
    best = float(fit_bends(m, normals).log_volume[0])
    assert volumes[0] > best + 0.5
    assert volumes[-1] <= best  # the points know their own normals better
    alignment = torch.linalg.svdvals(direction[0] @ normals[0].T)
    torch.testing.assert_close(alignment, torch.ones(J).double(), atol=1e-3, rtol=0)


def test_the_likelier_of_two_is_taken_component_by_component(sheet):
    x, normals, _, _ = sheet
    two = Responsibilities(torch.arange(N), torch.ones(N).double(), (0, N // 2, N))
    m = moments_of(x, torch.ones(N).double(), two, x.mean(0).expand(2, D))
    wrong = torch.eye(D).double()[:J]
    mixed = torch.stack([normals[0], wrong])
    bends = fit_bends(m, mixed).or_else(fit_bends(m, mixed.flip(0)))
    torch.testing.assert_close(bends.direction, normals.expand(2, J, D))


def test_a_component_of_few_points_or_none_has_finite_bends(sheet):
    x, normals, _, _ = sheet
    few = Responsibilities(torch.arange(3), torch.ones(3).double(), (0, 3, 3))
    m = moments_of(x, torch.ones(N).double(), few, x[:2])
    assert m.effective.tolist() == [3.0, 0.0]
    bends = fit_bends(m, normals.expand(2, J, D))
    again = fit_bends(m, turned(bends, m))
    assert all(torch.isfinite(value).all() for value in vars(again).values())
