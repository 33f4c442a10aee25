# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from vi_ik_ros.sampling.models.soft_limits import SoftLimits

LOWER, UPPER = torch.tensor([-1.0, 0.5]).double(), torch.tensor([2.0, 0.9]).double()


@pytest.fixture
def limits() -> SoftLimits:
    return SoftLimits(LOWER, UPPER, torch.tensor([0.1, 0.05]).double())


def test_chart_inverts(limits):
    x = LOWER + (UPPER - LOWER) * torch.linspace(1e-6, 1 - 1e-6, 101).double()[:, None]
    torch.testing.assert_close(limits.to_limited(limits.to_unlimited(x)), x, rtol=0, atol=1e-12)


def test_chart_never_leaves_the_limits(limits):
    z = torch.linspace(-50, 50, 1001).double()[:, None].expand(-1, 2)
    x = limits.to_limited(z)
    assert ((x >= LOWER) & (x <= UPPER)).all()


def test_chart_is_the_identity_in_the_middle(limits):
    z = torch.tensor([[0.5, 0.7]]).double()
    assert (limits.to_limited(z) - z)[0, 0].abs() < 1e-6


def test_log_derivative_is_that_of_autograd(limits):
    x = LOWER + (UPPER - LOWER) * torch.rand(20, 2, generator=torch.Generator().manual_seed(0))
    x = x.double().requires_grad_()
    (slope,) = torch.autograd.grad(limits.to_unlimited(x).sum(), x)
    torch.testing.assert_close(limits.log_derivative(x), slope.log().sum(-1))


def test_numpy_and_torch_give_the_same(limits):
    rows = SoftLimits(LOWER.numpy(), UPPER.numpy(), limits.width.numpy())
    z = torch.linspace(-4, 4, 41).double()[:, None].expand(-1, 2)
    x = limits.to_limited(z)
    np.testing.assert_allclose(rows.to_limited(z.numpy()), x, atol=1e-15)
    np.testing.assert_allclose(rows.to_unlimited(x.numpy()), limits.to_unlimited(x), atol=1e-12)
    np.testing.assert_allclose(rows.log_derivative(x.numpy()), limits.log_derivative(x), atol=1e-12)


def test_slopes_of_a_very_wide_joint_are_finite_in_single_precision():
    wide = SoftLimits(torch.tensor([-6.3]), torch.tensor([6.3]), torch.tensor([0.1]))
    z = torch.linspace(-12, 12, 101)[:, None].requires_grad_()
    wide.log_derivative(wide.to_limited(z)).sum().backward()
    assert torch.isfinite(z.grad).all()
