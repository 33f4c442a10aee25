# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from vi_ik_ros.sampling.inference.conditional.sharpening import importance_resampling
from vi_ik_ros.sampling.models.amortized.conditional_gaussians import ConditionalGaussians


def test_weights_of_enough_effective_draws_are_the_importance_weights():
    log_ratio = torch.randn(6, 50, generator=torch.Generator().manual_seed(0)) * 0.5
    weights = importance_resampling.shares(log_ratio)
    torch.testing.assert_close(weights, torch.softmax(log_ratio, -1))


@pytest.mark.parametrize("scale", [3.0, 100.0, 1e5])
def test_poor_weights_are_tempered_no_more_than_needed(scale):
    log_ratio = scale * torch.randn(40, 16, generator=torch.Generator().manual_seed(0))
    effective = 1 / importance_resampling.shares(log_ratio, 0.25).square().sum(-1)
    assert (effective >= 4 * 0.99).all()
    poor = 1 / torch.softmax(log_ratio, -1).square().sum(-1) < 4
    assert poor.any() and (effective[poor] < 5).all()


def test_draws_without_density_count_least():
    log_ratio = torch.tensor([[0.0, 0.0, 0.0, -torch.inf], [torch.nan, 1.0, 1.0, 1.0]])
    weights = importance_resampling.shares(log_ratio)
    expected = torch.tensor([[1 / 3, 1 / 3, 1 / 3, 0.0], [0.0, 1 / 3, 1 / 3, 1 / 3]])
    torch.testing.assert_close(weights, expected)
    alike = importance_resampling.shares(torch.full((1, 4), -torch.inf))
    torch.testing.assert_close(alike, torch.full((1, 4), 0.25))


def test_its_gradient_is_that_of_the_forward_kl():
    """Draws of N(0, 1) under a target N(0.5, 0.9^2)."""
    generator, count = torch.Generator().manual_seed(0), 40_000
    loc, log_scale = torch.zeros(1, 1, 1, requires_grad=True), torch.zeros(1, 1, 1)
    model = ConditionalGaussians(torch.zeros(1, 1), loc, log_scale, torch.zeros(1, 1, 0))
    z = torch.randn(1, count, 1, generator=generator)
    log_ratio = (-0.5 * ((z - 0.5) / 0.9).square() + 0.5 * z.square())[..., 0]
    importance_resampling.negative_log_likelihood(model, z, log_ratio).backward()
    assert float(loc.grad) == pytest.approx(-0.5, abs=0.03)  # loc - E_p[z]
