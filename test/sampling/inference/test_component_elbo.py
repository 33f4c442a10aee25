# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
import torch

from vi_ik_ros.sampling.inference import component_elbo
from vi_ik_ros.sampling.inference.component_elbo import ElboSettings, ElboState
from vi_ik_ros.sampling.inference.components.banana_components import BananaComponents
from vi_ik_ros.sampling.inference.components.component_parameters import (
    to_components,
    to_parameters,
)
from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.inference.estimates.elbo_estimate import antithetic_noise, estimate_elbo

SETTINGS = ElboSettings(num_steps=150, num_samples=16, learning_rate=(0.05, 0.001), tempered=0.2)


class Bent:
    """A standard banana in the plane: z1 ~ N(0, 1), x0 = 0.1 z0 + z1^2 / 2; its log Z is 0."""

    def log_density(self, q, context=None):
        u = (q[:, 0] - 0.5 * q[:, 1] ** 2) / 0.1
        return -0.5 * (u**2 + q[:, 1] ** 2) - math.log(2 * math.pi * 0.1)


class Normal:
    """e^2 times N(x; (1, -1), [[0.5, 0.3], [0.3, 0.4]])."""

    loc = torch.tensor([1.0, -1.0]).double()
    covariance = torch.tensor([[0.5, 0.3], [0.3, 0.4]]).double()

    def log_density(self, q, context=None):
        normal = torch.distributions.MultivariateNormal(self.loc, self.covariance)
        return 2.0 + normal.log_prob(q)


class Levels:
    """Priority 0 wants x0 = 1; priority 1 wants x = (5, 2) and moves only x1."""

    bound = False

    def log_density(self, q, context=None, *, priorities=None):
        first, second = -0.5 * (q[:, 0] - 1.0) ** 2 / 0.04, self._second(q)
        return first if priorities == {0} else first + second

    def filtered_log_density(self, q, context=None):
        across = torch.stack([q[:, 0].detach(), q[:, 1]], 1)
        return self.log_density(q, priorities={0}) + self._second(across)

    def _second(self, q):
        return -0.5 * ((q - q.new_tensor([5.0, 2.0])) ** 2).sum(1) / 0.04


class Broken(Normal):
    """Not a number left of x0 = 0."""

    def log_density(self, q, context=None):
        return super().log_density(q) + torch.where(q[:, 0] < 0, torch.nan, 0.0)


def components(num_components=2, family="gaussian"):
    generator = torch.Generator().manual_seed(3)
    loc = torch.randn(num_components, 2, generator=generator).double()
    scale = torch.tensor([[0.8, 0.0], [0.3, 0.6]]).double().expand(num_components, 2, 2)
    log_weights = torch.log_softmax(torch.arange(num_components).double(), 0)
    flat = GaussianComponents(log_weights, loc, scale)
    if family == "gaussian":
        return flat
    bent = BananaComponents.straight(flat)
    parameters = to_parameters(bent)
    for name in ("direction", "bend"):
        noise = torch.randn(parameters[name].shape, generator=generator).double()
        parameters[name] = parameters[name] + 0.4 * noise
    return to_components(parameters)


def fit(target, start, settings=SETTINGS, seed=0):
    state, generator = component_elbo.init(start), torch.Generator().manual_seed(seed)
    for _ in range(settings.num_steps):
        state, info = component_elbo.step(state, target, settings=settings, generator=generator)
    return state, info


def grid_elbo(parameters, target):
    axis = torch.linspace(-7.0, 7.0, 141).double()
    x = torch.cartesian_prod(axis, axis)
    q = to_components(parameters)
    log_model = torch.logsumexp(q.log_weights + q.log_prob(x), 1)
    reward = target.log_density(x) - log_model
    return float((log_model.exp() * reward).sum() * (axis[1] - axis[0]) ** 2)


@pytest.mark.parametrize("family", ["gaussian", "banana"])
def test_the_gradient_is_that_of_the_elbo_on_a_grid(family):
    target, parameters = Normal(), to_parameters(components(family=family))
    generator = torch.Generator().manual_seed(0)
    noise = antithetic_noise(2, 20_000, parameters["loc"], generator)
    found = component_elbo.elbo_gradient(parameters, target, noise).gradients
    for name, value in parameters.items():
        expected = torch.zeros_like(value)
        for i in np.ndindex(value.shape):
            ends = []
            for change in (1e-4, -1e-4):
                moved = value.clone()
                moved[i] += change
                ends.append(grid_elbo(parameters | {name: moved}, target))
            expected[i] = (ends[0] - ends[1]) / 2e-4
        torch.testing.assert_close(found[name], expected, atol=0.03, rtol=0.03)


def test_a_gaussian_is_recovered_and_the_bound_is_tight():
    state, info = fit(Normal(), components(1))
    found = state.components
    covariance = found.scale_tril @ found.scale_tril.mT
    torch.testing.assert_close(found.loc[0], Normal.loc, atol=0.01, rtol=0)
    torch.testing.assert_close(covariance[0], Normal.covariance, atol=0.02, rtol=0)
    assert info.elbo == pytest.approx(2.0, abs=0.01)


def test_the_elbo_stays_below_the_normaliser():
    state, _ = fit(Bent(), components(3), ElboSettings(num_steps=150, num_samples=8))
    estimate = estimate_elbo(state.components, Bent(), 4000, torch.Generator().manual_seed(1))
    assert -2.0 < estimate.value < 0.0 and 0.0 < estimate.stderr < 0.1
    assert estimate.value == pytest.approx(
        grid_elbo(state.parameters, Bent()), abs=4 * estimate.stderr + 1e-3
    )


def test_a_banana_fits_what_a_gaussian_cannot():
    start = components(1)
    (_, flat), (state, bent) = (fit(Bent(), c) for c in (start, BananaComponents.straight(start)))
    assert flat.elbo < -0.7 and bent.elbo > -0.15
    assert float(state.components.curvature.norm()) == pytest.approx(0.5, abs=0.1)


def test_bends_are_valid_whatever_the_parameters():
    found = components(3, "banana")
    a, C = found.direction, found.curvature
    torch.testing.assert_close(a.norm(dim=-1), torch.ones(a.shape[:-1]).double())
    torch.testing.assert_close(C, C.mT)
    assert (C @ a[..., None]).abs().max() < 1e-12 < C.abs().max()
    again = to_components(to_parameters(found))
    torch.testing.assert_close(again.curvature, C)
    torch.testing.assert_close(again.scale_tril, found.scale_tril)


def test_weights_wait_and_then_follow_the_mass():
    near = GaussianComponents(
        torch.tensor([0.5, 0.5]).double().log(),
        torch.tensor([[1.0, -1.0], [4.0, 4.0]]).double(),
        torch.eye(2).double().expand(2, 2, 2) * 0.3,
    )
    settings = ElboSettings(num_steps=60, learning_rate=(0.05, 0.05))
    state, generator = component_elbo.init(near), torch.Generator().manual_seed(0)
    for i in range(60):
        state, _ = component_elbo.step(state, Normal(), settings=settings, generator=generator)
        if i == 29:
            torch.testing.assert_close(state.components.log_weights, near.log_weights)
    assert state.components.log_weights[0] > state.components.log_weights[1] + 1.0


def test_components_follow_the_filtered_gradient_and_values_the_first_level():
    state, info = fit(Levels(), components(1), SETTINGS)
    found = state.components
    torch.testing.assert_close(found.loc[0], torch.tensor([1.0, 2.0]).double(), atol=0.05, rtol=0)
    entropy = math.log(2 * math.pi * math.e) + float(found.scale_tril[0].diagonal().log().sum())
    assert info.elbo == pytest.approx(entropy - 0.5, abs=0.5)  # E[log p~] of level 0 is -1/2


def test_what_is_not_a_number_moves_nothing():
    start = GaussianComponents(
        torch.tensor([0.5, 0.5]).double().log(),
        torch.tensor([[1.5, -1.0], [-2.0, 0.0]]).double(),
        torch.eye(2).double().expand(2, 2, 2) * 0.1,
    )
    state, info = fit(Broken(), start, ElboSettings(num_steps=20))
    assert info.num_kept == 1
    assert all(torch.isfinite(t).all() for t in state.tensors().values())
    torch.testing.assert_close(state.components.loc[1], start.loc[1])
    assert (state.components.loc[0] - start.loc[0]).abs().max() > 0.01


def test_only_the_chosen_components_move():
    state, generator = component_elbo.init(components(3)), torch.Generator().manual_seed(0)
    moving = torch.tensor([1])
    for _ in range(3):
        new, info = component_elbo.step(
            state, Normal(), settings=SETTINGS, generator=generator, moving=moving
        )
        for name in state.parameters:
            changed = (new.parameters[name] != state.parameters[name]).view(3, -1).any(1).tolist()
            assert changed == [False, name != "logits", False]
        state = new
    assert info.rewards.shape == (1,)


def test_the_same_seed_gives_the_same_fit_even_from_a_checkpoint():
    settings, start = ElboSettings(num_steps=12), components(2, "banana")
    whole, _ = fit(Bent(), start, settings)
    state, generator = component_elbo.init(start), torch.Generator().manual_seed(0)
    for i in range(12):
        if i == 7:
            state = ElboState.from_tensors(state.tensors())
        state, _ = component_elbo.step(state, Bent(), settings=settings, generator=generator)
    assert all(torch.equal(a, whole.tensors()[name]) for name, a in state.tensors().items())
