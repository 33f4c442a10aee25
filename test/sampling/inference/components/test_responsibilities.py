# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from vi_ik_ros.sampling.inference.components.banana_components import BananaComponents
from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.inference.components.responsibilities import NEGLIGIBLE, expectation


def gaussians(K, D, generator):
    def randn(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    A = 0.4 * randn(K, D, D)
    scale = torch.linalg.cholesky(A @ A.mT + 0.05 * torch.eye(D, dtype=torch.float64))
    return GaussianComponents(torch.log_softmax(randn(K), 0), randn(K, D), scale)


def bananas(K, D, J, generator):
    flat = gaussians(K, D, generator)
    noise = torch.randn(K, J + D, D, D, generator=generator, dtype=torch.float64)
    direction = torch.linalg.qr(noise[:, J]).Q[:, :J]
    across = (torch.eye(D, dtype=torch.float64) - direction.mT @ direction)[:, None]
    curvature = across @ (noise[:, :J] + noise[:, :J].mT) @ across
    return BananaComponents(**flat.tensors(), direction=direction, curvature=curvature)


@pytest.mark.parametrize(("K", "D", "J"), [(3, 2, 0), (3, 2, 1), (9, 4, 1), (9, 5, 3), (4, 5, 4)])
def test_the_compiled_loop_agrees_with_the_density(K, D, J):
    g = torch.Generator().manual_seed(D)
    components = bananas(K, D, J, g) if J else gaussians(K, D, g)
    x = 2 * torch.randn(300, D, generator=g, dtype=torch.float64)
    log_joint = components.log_weights + components.log_prob(x)
    log_model, responsibilities = expectation(components, x)
    torch.testing.assert_close(log_model, torch.logsumexp(log_joint, 1))
    expected = torch.softmax(log_joint, 1)
    found = torch.zeros_like(expected)
    for k in range(K):
        rows, shares = responsibilities.of(k)
        found[rows, k] = shares
    torch.testing.assert_close(found, expected.where(expected > NEGLIGIBLE, 0.0))
    assert len(responsibilities.rows) == int((expected > NEGLIGIBLE).sum())


def test_rows_beyond_one_table_keep_their_numbers(monkeypatch):
    components = gaussians(3, 2, torch.Generator().manual_seed(0))
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    whole = expectation(components, x)
    monkeypatch.setattr("vi_ik_ros.sampling.inference.components.responsibilities.TABLE", 21)
    pieces = expectation(components, x)
    assert (whole[0] == pieces[0]).all()
    assert whole[1].bounds == pieces[1].bounds
    assert (whole[1].rows == pieces[1].rows).all()
    assert (whole[1].shares == pieces[1].shares).all()


@pytest.mark.parametrize("away", [1e6, 1e12, 1e100])  # in steps of floats wider than a share
def test_a_row_far_from_all_components_has_a_density_and_an_owner(away):
    components = gaussians(3, 2, torch.Generator().manual_seed(0))
    x = torch.full((1, 2), away, dtype=torch.float64)
    log_model, responsibilities = expectation(components, x)
    assert torch.isfinite(log_model).all()
    assert responsibilities.shares.sum() == pytest.approx(1.0)


def test_a_row_whose_square_is_no_number_has_neither():
    components = gaussians(3, 2, torch.Generator().manual_seed(0))
    x = torch.full((1, 2), 1e200, dtype=torch.float64)
    log_model, responsibilities = expectation(components, x)
    assert log_model.item() == -torch.inf and len(responsibilities.rows) == 0
