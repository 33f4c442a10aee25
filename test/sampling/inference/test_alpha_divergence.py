# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch
from torch.distributions import MultivariateNormal

from vi_ik_ros.sampling.inference import alpha_divergence
from vi_ik_ros.sampling.inference.components.banana_components import BananaComponents
from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents

LOWER, UPPER = torch.full((2,), -4.0).double(), torch.full((2,), 4.0).double()


class Bent:
    """A standard banana in the plane: z1 ~ N(0, 1), x0 = 0.1 z0 + z1^2 / 2; its log Z is 0."""

    def log_density(self, q, context=None):
        u = (q[:, 0] - 0.5 * q[:, 1] ** 2) / 0.1
        return -0.5 * (u**2 + q[:, 1] ** 2) - math.log(2 * math.pi * 0.1)


class Two:
    """0.3 and 0.7 of two Gaussians far apart, with log Z = 2."""

    def log_density(self, q, context=None):
        first = MultivariateNormal(q.new_tensor([-2.0, 0.0]), 0.04 * _eye(q)).log_prob(q)
        second = MultivariateNormal(q.new_tensor([2.0, 1.0]), 0.09 * _eye(q)).log_prob(q)
        parts = [math.log(0.3) + first, math.log(0.7) + second]
        return 2.0 + torch.logaddexp(*parts)


def _eye(q):
    return torch.eye(2, dtype=q.dtype)


def fit(target, family, num_components, steps=60):
    generator = torch.Generator().manual_seed(0)
    state, exponent = alpha_divergence.init(
        target,
        LOWER,
        UPPER,
        family=family,
        num_components=num_components,
        num_proposals=20_000,
        generator=generator,
    )
    for k in range(steps):
        state, info = alpha_divergence.step(
            state,
            target,
            exponent=exponent ** max(0.0, 1 - k / 20),
            num_draws=400,
            capacity=4000,
            generator=generator,
        )
    return state.components, info


def test_the_elbo_of_a_fit_that_is_exact_is_log_z():
    _, info = fit(Two(), "gaussian", 2)
    assert info.elbo == pytest.approx(2.0, abs=0.02)


def test_a_mixture_in_the_family_is_found():
    components, info = fit(Two(), "gaussian", 2)
    order = components.loc[:, 0].argsort()
    weights = components.log_weights.exp()[order]
    torch.testing.assert_close(weights, torch.tensor([0.3, 0.7]).double(), atol=0.03, rtol=0)
    expected = torch.tensor([[-2.0, 0.0], [2.0, 1.0]]).double()
    torch.testing.assert_close(components.loc[order], expected, atol=0.03, rtol=0)
    stds = components.scale_tril.diagonal(dim1=1, dim2=2)[order]
    expected = torch.tensor([[0.2, 0.2], [0.3, 0.3]]).double()
    torch.testing.assert_close(stds, expected, atol=0.02, rtol=0)
    assert info.log_affinity == pytest.approx(1.0, abs=0.03)  # log BC + log Z / 2 with BC = 1


def test_one_banana_fits_what_one_gaussian_cannot():
    _, straight = fit(Bent(), "gaussian", 1)
    components, bent = fit(Bent(), "banana", 1)
    assert bent.log_affinity == pytest.approx(0.0, abs=0.02)  # BC = 1
    assert straight.log_affinity < -0.1
    torch.testing.assert_close(
        components.curvature[0, 0, 1, 1].abs(), torch.tensor(0.5).double(), atol=0.05, rtol=0
    )


def test_banana_density_belongs_to_its_draws():
    components, _ = fit(Bent(), "banana", 2, steps=30)
    noise = torch.randn(4000, 2, generator=torch.Generator().manual_seed(1)).double()
    x = components.sample(noise, torch.zeros(4000, dtype=torch.long))
    z = (components.scale_tril[0] @ noise[..., None])[..., 0]
    expected = MultivariateNormal(torch.zeros(2).double(), scale_tril=components.scale_tril[0])
    torch.testing.assert_close(components.log_prob(x)[:, 0], expected.log_prob(z))
    torch.testing.assert_close(x.mean(0), components.loc[0], atol=0.1, rtol=0)


def test_straight_bananas_are_gaussians():
    g = torch.Generator().manual_seed(2)
    scale = torch.eye(3).double() + 0.1 * torch.rand(4, 3, 3, generator=g).double().tril()
    log_weights = torch.full((4,), -math.log(4)).double()
    flat = GaussianComponents(log_weights, torch.rand(4, 3, generator=g).double(), scale)
    x = torch.randn(20, 3, generator=g).double()
    torch.testing.assert_close(BananaComponents.straight(flat).log_prob(x), flat.log_prob(x))


def test_the_same_seed_gives_the_same_components():
    (a, _), (b, _) = fit(Two(), "banana", 3, steps=5), fit(Two(), "banana", 3, steps=5)
    assert all((a.tensors()[name] == b.tensors()[name]).all() for name in a.tensors())


def test_a_point_outside_every_q_that_it_has_seen_changes_nothing():
    components, _ = fit(Bent(), "gaussian", 2, steps=5)
    far = alpha_divergence.Pool(
        x=torch.full((1, 2), 1e200, dtype=torch.float64),
        log_target=torch.zeros(1, dtype=torch.float64),
        log_seen=torch.full((1,), -torch.inf, dtype=torch.float64),
        num_seen=torch.ones(1, dtype=torch.float64),
    )
    moments = []
    for points in (slice(0, 1), slice(0, 0)):
        pool = alpha_divergence.Pool(*(value[points] for value in vars(far).values()))
        generator = torch.Generator().manual_seed(0)
        state, info = alpha_divergence.step(
            alpha_divergence.AlphaState(components, pool),
            Bent(),
            exponent=1.0,
            num_draws=400,
            capacity=1000,
            generator=generator,
        )
        moments.append(state.components)
        assert math.isfinite(info.log_affinity)
    torch.testing.assert_close(moments[0].loc, moments[1].loc)
    torch.testing.assert_close(moments[0].scale_tril, moments[1].scale_tril)
