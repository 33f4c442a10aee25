# SPDX-License-Identifier: Apache-2.0
import pytest
import torch
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

from vi_ik_ros.sampling.models.amortized.conditional_gaussians import ConditionalGaussians


@pytest.fixture
def mixture() -> ConditionalGaussians:
    g = torch.Generator().manual_seed(3)
    draw = lambda *shape: torch.randn(*shape, generator=g, dtype=torch.float64)  # noqa: E731
    weights = torch.log_softmax(draw(4, 5), -1)
    return ConditionalGaussians(weights, draw(4, 5, 3), draw(4, 5, 3), draw(4, 5, 3))


def reference(mixture: ConditionalGaussians) -> MixtureSameFamily:
    P = mixture.precision_factors()
    components = MultivariateNormal(mixture.loc, precision_matrix=P.mT @ P)
    return MixtureSameFamily(Categorical(logits=mixture.log_weights), components)


def test_log_prob_is_that_of_torch_distributions(mixture):
    z = torch.randn(4, 7, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    expected = reference(mixture).log_prob(z.transpose(0, 1)).T
    torch.testing.assert_close(mixture.log_prob(z), expected)


def test_transform_inverts_the_precision_factor(mixture):
    noise = torch.randn(4, 6, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    components = torch.arange(24).view(4, 6) % 5
    z = mixture.transform(noise, components)
    rows = torch.arange(4)[:, None]
    P, loc = mixture.precision_factors()[rows, components], mixture.loc[rows, components]
    torch.testing.assert_close((P @ (z - loc)[..., None])[..., 0], noise)


def test_detached_carries_no_gradient(mixture):
    mixture.loc.requires_grad_()
    assert mixture.loc.requires_grad and not mixture.detached().loc.requires_grad
