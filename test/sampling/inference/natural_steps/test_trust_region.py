# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from vi_ik_ros.sampling.inference.components.gaussian_components import FLOOR, GaussianComponents
from vi_ik_ros.sampling.inference.natural_steps.trust_region import (
    update_components,
    update_weights,
)


def some_components(num_components, num_dims, seed=0):
    generator = torch.Generator().manual_seed(seed)
    A = torch.randn(num_components, num_dims, num_dims, generator=generator).double()
    covariance = A @ A.mT + 0.1 * torch.eye(num_dims)
    loc = torch.randn(num_components, num_dims, generator=generator).double()
    log_weights = torch.log_softmax(torch.randn(num_components, generator=generator).double(), 0)
    return GaussianComponents(log_weights, loc, torch.linalg.cholesky(covariance))


def whitened(components, g, G):
    L = components.scale_tril
    return (L.mT @ g[..., None])[..., 0], L.mT @ G @ L


def precision(components):
    return torch.linalg.inv(components.scale_tril @ components.scale_tril.mT)


def random_update(components, seed=1):
    generator = torch.Generator().manual_seed(seed)
    num_components, num_dims = components.loc.shape
    g = torch.randn(num_components, num_dims, generator=generator).double()
    G = torch.randn(num_components, num_dims, num_dims, generator=generator).double()
    return g, 0.5 * (G + G.mT)


def test_updates_follow_the_natural_gradient_within_their_bounds():
    old = some_components(6, 4)
    g, G = random_update(old)
    bounds = torch.tensor([1e-3, 1e-2, 0.1, 0.3, 1.0, 5.0]).double()
    update = update_components(old, *whitened(old, g, G), bounds)
    assert update.moved.all()
    expected = precision(old) + G / update.eta[:, None, None]
    new = update.components
    torch.testing.assert_close(precision(new), expected, rtol=1e-8, atol=1e-8)
    shift = torch.linalg.solve(expected, g) / update.eta[:, None]
    torch.testing.assert_close(new.loc, old.loc + shift, rtol=1e-8, atol=1e-10)
    distributions = (MultivariateNormal(c.loc, scale_tril=c.scale_tril) for c in (new, old))
    kl = kl_divergence(*distributions)
    torch.testing.assert_close(kl, update.kl, rtol=1e-7, atol=1e-10)
    assert (kl <= bounds * (1 + 1e-6)).all()
    # The longest such step: all but those that may take the whole one use their bound up.
    partial = update.eta > 1.0 + 1e-6
    assert partial.sum() >= 4
    torch.testing.assert_close(kl[partial], bounds[partial], rtol=1e-5, atol=0.0)
    assert torch.equal(new.scale_tril, new.scale_tril.tril())


def test_a_step_that_fits_is_taken_whole():
    old = some_components(2, 3)
    target = precision(old) * 1.2
    g = torch.zeros(2, 3).double()
    update = update_components(old, *whitened(old, g, target - precision(old)), torch.ones(2))
    torch.testing.assert_close(precision(update.components), target, rtol=1e-8, atol=1e-8)
    torch.testing.assert_close(update.eta, torch.ones(2).double())


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e200])
def test_a_component_without_a_usable_update_keeps_its_parameters(value):
    old = some_components(3, 3)
    gradient, curvature = whitened(old, *random_update(old))
    gradient[0, 1], curvature[1, 2, 0], curvature[1, 0, 2] = value, value, value
    update = update_components(old, gradient, curvature, torch.full((3,), 0.1).double())
    assert update.moved.tolist() == [False, False, True]
    assert torch.equal(update.components.loc[:2], old.loc[:2])
    assert torch.equal(update.components.scale_tril[:2], old.scale_tril[:2])
    assert not torch.equal(update.components.loc[2], old.loc[2])
    assert torch.equal(update.kl[:2], torch.zeros(2).double())


def test_components_never_get_narrower_than_the_floor():
    narrow = GaussianComponents(
        torch.zeros(1).double(),
        torch.zeros(1, 2).double(),
        math.sqrt(2 * FLOOR) * torch.eye(2)[None].double(),
    )
    gradient, curvature = torch.zeros(1, 2).double(), 50.0 * torch.eye(2)[None].double()
    update = update_components(narrow, gradient, curvature, torch.full((1,), 10.0).double())
    assert not update.moved.any()


def test_weights_follow_rewards_within_their_bound():
    log_weights = torch.tensor([0.2, 0.3, 0.5]).double().log()
    rewards = torch.tensor([3.0, 0.0, -1.0]).double()
    free = update_weights(log_weights, rewards, math.inf)
    torch.testing.assert_close(free, torch.log_softmax(log_weights + rewards, 0))
    bound = update_weights(log_weights, rewards, 0.01)
    kl = (bound.exp() * (bound - log_weights)).sum()
    assert float(kl) == pytest.approx(0.01, rel=1e-5)
    ratio = bound - log_weights  # a part of the rewards, up to a constant
    part = (ratio[0] - ratio[1]) / 3.0
    assert 0.0 < part < 1.0
    assert float((ratio[1] - ratio[2]) / part) == pytest.approx(1.0, rel=1e-6)


def test_one_weight_stays_one():
    assert float(update_weights(torch.zeros(1).double(), torch.tensor([7.0]).double(), 0.1)) == 0.0


def test_weights_survive_rewards_that_are_not_finite():
    log_weights = torch.tensor([0.2, 0.3, 0.5]).double().log()
    broken = torch.tensor([-math.inf, 1.0, math.nan]).double()
    new = update_weights(log_weights, broken, 100.0)
    assert torch.isfinite(new).all() and float(new.exp()[1]) == pytest.approx(1.0, abs=1e-6)
    nothing = torch.full((3,), -math.inf).double()
    assert torch.equal(update_weights(log_weights, nothing, 0.1), log_weights)
