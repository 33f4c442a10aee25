# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch

from vi_ik_ros.sampling.inference import boosting
from vi_ik_ros.sampling.inference.boosting import BoostingSettings, BoostingState
from vi_ik_ros.sampling.inference.component_elbo import ElboSettings
from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.inference.estimates.elbo_estimate import antithetic_noise, elbo_gain

LOWER, UPPER = torch.full((2,), -4.0).double(), torch.full((2,), 4.0).double()
SETTINGS = BoostingSettings(
    fit=ElboSettings(60, 8, (0.1, 0.01), weights_frozen=1.0),
    refit=ElboSettings(30, 8, (0.02, 0.002), tempered=0.0, weights_frozen=0.0),
    num_samples=400,
    least_gain=0.01,
    num_proposals=2000,
)
AXIS = torch.linspace(-5.0, 5.0, 201).double()
GRID = torch.cartesian_prod(AXIS, AXIS)


class Three:
    """0.5, 0.3 and 0.2 of three Gaussians far apart, with log Z = 1."""

    weights = torch.tensor([0.5, 0.3, 0.2]).double()
    loc = torch.tensor([[-2.0, 0.0], [2.0, 1.5], [1.0, -2.5]]).double()

    def log_density(self, q, context=None):
        squared = (q[:, None] - self.loc).square().sum(2) / 0.3**2
        parts = self.weights.log() - 0.5 * squared - math.log(2 * math.pi * 0.3**2)
        return 1.0 + torch.logsumexp(parts, 1)


class Moon:
    """A standard banana in the plane: z1 ~ N(0, 1), x0 = 0.2 z0 + z1^2 / 2; its log Z is 0."""

    def log_density(self, q, context=None):
        u = (q[:, 0] - 0.5 * q[:, 1] ** 2) / 0.2
        return -0.5 * (u**2 + q[:, 1] ** 2) - math.log(2 * math.pi * 0.2)


def start(target, family="gaussian", seed=0):
    generator = torch.Generator().manual_seed(seed)
    state = boosting.init(
        target, LOWER, UPPER, family=family, settings=SETTINGS, generator=generator
    )
    return state, generator


def grid_elbo(components, target):
    log_model = torch.logsumexp(components.log_weights + components.log_prob(GRID), 1)
    reward = target.log_density(GRID) - log_model
    return float((log_model.exp() * reward).sum() * (AXIS[1] - AXIS[0]) ** 2)


def test_three_modes_get_three_components_and_the_elbo_never_falls():
    state, generator = start(Three())
    elbos, ended = [grid_elbo(state.components, Three())], False
    while not ended:
        state, info = boosting.step(state, Three(), settings=SETTINGS, generator=generator)
        elbos.append(grid_elbo(state.components, Three()))
        ended = info.ended
        assert state.step < 15
    assert all(b >= a - 1e-9 for a, b in zip(elbos, elbos[1:], strict=False))
    assert 3 <= len(state.components.loc) <= 4
    assert elbos[-1] == pytest.approx(1.0, abs=0.03)  # log Z
    owners = torch.cdist(state.components.loc, Three.loc).argmin(1)
    found = torch.zeros(3).double().index_add(0, owners, state.components.log_weights.exp())
    torch.testing.assert_close(found, Three.weights, atol=0.03, rtol=0)


def test_bananas_grow_too_and_one_bends_more_than_gaussians_can():
    (straight, _), (bent, generator) = start(Moon()), start(Moon(), "banana")
    before = grid_elbo(bent.components, Moon())
    assert before > grid_elbo(straight.components, Moon()) + 0.1
    bent, info = boosting.step(bent, Moon(), settings=SETTINGS, generator=generator)
    assert grid_elbo(bent.components, Moon()) >= before
    assert info.elbo.value <= 3 * info.elbo.stderr


def test_the_estimated_gain_is_that_on_a_grid():
    loc, L = Three.loc, 0.35 * torch.eye(2).double()
    old = GaussianComponents(torch.zeros(1).double(), loc[:1], L[None])
    new = GaussianComponents(Three.weights.log(), loc, L.expand(3, 2, 2))
    noise = antithetic_noise(3, 4000, loc, torch.Generator().manual_seed(0))
    gain = elbo_gain(old, new, Three(), noise)
    expected = grid_elbo(new, Three()) - grid_elbo(old, Three())
    assert gain.value == pytest.approx(expected, abs=4 * gain.stderr)
    assert 0 < gain.stderr < 0.02


def test_what_does_not_pay_is_not_kept():
    perfect = GaussianComponents(
        Three.weights.log(), Three.loc, 0.3 * torch.eye(2).double().expand(3, 2, 2)
    )
    state, generator = BoostingState(perfect, LOWER, UPPER), torch.Generator().manual_seed(1)
    new, info = boosting.step(state, Three(), settings=SETTINGS, generator=generator)
    assert not info.grown and new.components is perfect and new.failures == 1
    assert info.elbo.value == pytest.approx(1.0, abs=1e-6)


def test_the_same_seed_gives_the_same_mixture_even_from_a_checkpoint():
    (a, first), (b, second) = start(Three()), start(Three())
    b = BoostingState.from_tensors(b.tensors())
    a, _ = boosting.step(a, Three(), settings=SETTINGS, generator=first)
    b, _ = boosting.step(b, Three(), settings=SETTINGS, generator=second)
    assert all(torch.equal(a.tensors()[name], b.tensors()[name]) for name in a.tensors())
