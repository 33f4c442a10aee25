# SPDX-License-Identifier: Apache-2.0
from dataclasses import fields

import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from vi_ik_ros.sampling.inference.conditional.sharpening.trust_region import project
from vi_ik_ros.sampling.models.amortized.conditional_gaussians import ConditionalGaussians

B, K, D = 5, 4, 3


def mixtures(seed: int, spread: float = 1.0) -> ConditionalGaussians:
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return spread * torch.randn(*shape, generator=generator, dtype=torch.float64)

    log_weights = torch.log_softmax(normal(B, K), -1)
    return ConditionalGaussians(log_weights, normal(B, K, D), normal(B, K, D), normal(B, K, 3))


def near(mixture: ConditionalGaussians, distance: float) -> ConditionalGaussians:
    change = mixtures(9, distance)
    names = [field.name for field in fields(mixture)]
    return type(mixture)(*(getattr(mixture, n) + getattr(change, n) for n in names))


def covariance(mixture: ConditionalGaussians) -> torch.Tensor:
    factors = mixture.precision_factors()
    return torch.linalg.inv(factors.mT @ factors)


def kl_parts(new: ConditionalGaussians, old: ConditionalGaussians) -> list[torch.Tensor]:
    """Of the mean alone and of the covariance alone, (B, K) each."""
    reference = MultivariateNormal(old.loc, covariance(old))
    moved, shaped = (new.loc, covariance(old)), (old.loc, covariance(new))
    return [kl_divergence(MultivariateNormal(*part), reference) for part in (moved, shaped)]


@pytest.mark.parametrize("distance", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("eps", [1e-3, 0.05, 1.0])
def test_both_parts_of_the_kl_are_bounded(eps, distance):
    old = mixtures(0)
    new = near(old, distance)
    bounds = eps * torch.tensor([1.0, 0.5, 0.1, 0.9], dtype=torch.float64)
    found = project(new, old, bounds)
    for part in kl_parts(found.mixture, old):
        assert (part <= bounds * (1 + 1e-6) + 1e-9).all()
    mean, _ = kl_parts(found.mixture, old)
    far = kl_parts(new, old)[0] > bounds
    torch.testing.assert_close(mean[far], bounds.expand(B, K)[far])  # on the border, no nearer
    assert found.outside.any() and (found.excess[found.outside] > 0).all()


def test_only_the_worst_shrinking_reaches_the_bound_of_the_covariance():
    old, eps = mixtures(0), 0.5
    wider = type(old)(old.log_weights, old.loc, old.log_scale.clone(), old.coupling)
    wider.log_scale[..., 0] -= 5.0  # one direction, far more widely spread
    found = project(wider, old, torch.full((K,), eps, dtype=torch.float64))
    _, shape = kl_parts(found.mixture, old)
    assert (shape > 0.5 * eps).all() and (shape <= eps).all()


def test_nothing_changes_inside_the_region():
    old = mixtures(0)
    new = near(old, 1e-3)
    found = project(new, old, torch.full((K,), 0.5, dtype=torch.float64))
    for field in fields(new):
        assert (getattr(found.mixture, field.name) == getattr(new, field.name)).all()
    assert not found.outside.any() and (found.excess == 0).all()


@pytest.mark.parametrize("distance", [0.0, 1e-3, 1.0, 30.0])
def test_gradients_are_finite_and_right(distance):
    old = mixtures(0)
    bounds = torch.full((K,), 0.05, dtype=torch.float64)
    inputs = [getattr(near(old, distance), f.name).requires_grad_() for f in fields(old)]

    def projected(*parts: torch.Tensor) -> tuple[torch.Tensor, ...]:
        found = project(ConditionalGaussians(*parts), old, bounds)
        return tuple(getattr(found.mixture, f.name) for f in fields(old)) + (found.excess,)

    total = sum((row * row).sum() for row in projected(*inputs))
    gradients = torch.autograd.grad(total, inputs)
    assert all(gradient.isfinite().all() for gradient in gradients)
    if distance == 1.0:
        assert torch.autograd.gradcheck(lambda *parts: projected(*parts)[1:4], inputs)


def test_what_it_costs_to_be_outside_leads_back():
    old = mixtures(0)
    start = near(old, 1.0)
    inputs = [getattr(start, f.name).clone().requires_grad_() for f in fields(old)]
    bounds, excess = torch.full((K,), 0.1, dtype=torch.float64), []
    optimizer = torch.optim.Adam(inputs, 0.02)
    for _ in range(400):
        found = project(ConditionalGaussians(*inputs), old, bounds)
        excess.append(float(found.excess.detach().sum()))
        optimizer.zero_grad()
        found.excess.sum().backward()
        optimizer.step()
    assert excess[-1] < 1e-3 * excess[0]


def test_a_mean_that_was_wrapped_has_not_moved():
    old = mixtures(0)
    loc = old.loc.clone()
    loc[..., 1] += 2 * torch.pi
    new = type(old)(old.log_weights, loc, old.log_scale, old.coupling)
    bounds = torch.full((K,), 1e-3, dtype=torch.float64)
    assert project(new, old, bounds).outside.all()
    found = project(new, old, bounds, slice(1, 2))
    assert not found.outside.any() and (found.mixture.loc == loc).all()
