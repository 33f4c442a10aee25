# SPDX-License-Identifier: Apache-2.0
import math
from dataclasses import replace

import pytest
import torch
from torch.distributions import MultivariateNormal

from vi_ik_ros.sampling.inference import natural_gradient
from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.inference.natural_gradient import (
    NaturalGradientSettings,
    NaturalGradientState,
)

torch.set_num_threads(1)


class Mixture:
    """A mixture of Gaussians times exp(offset), so that log Z = offset."""

    def __init__(self, weights, means, covariances, offset=0.0):
        self.weights, self.means = torch.tensor(weights).double(), torch.tensor(means).double()
        self.covariances = torch.tensor(covariances).double()
        self.offset = offset

    def log_density(self, q, context=None):
        normal = MultivariateNormal(self.means, self.covariances)
        return self.offset + torch.logsumexp(self.weights.log() + normal.log_prob(q[:, None]), 1)


class Bent:
    """A standard banana in the plane; its log Z is 0."""

    def log_density(self, q, context=None):
        u = (q[:, 0] - 0.5 * q[:, 1] ** 2) / 0.3
        return -0.5 * (u**2 + q[:, 1] ** 2) - math.log(2 * math.pi * 0.3)


THREE = Mixture(
    [0.2, 0.3, 0.5],
    [[-3.0, 0.0], [3.0, 0.0], [0.0, 4.0]],
    [[[0.3, 0.1], [0.1, 0.2]], [[0.2, 0.0], [0.0, 0.9]], [[0.5, -0.3], [-0.3, 0.4]]],
    offset=2.0,
)


def components(loc, scale=1.0):
    loc = torch.tensor(loc).double()
    num_components, num_dims = loc.shape
    log_weights = torch.full((num_components,), -math.log(num_components)).double()
    eye = scale * torch.eye(num_dims).double()
    return GaussianComponents(log_weights, loc, eye.repeat(num_components, 1, 1))


def fit(target, start, steps, *, seed=0, **options):
    generator = torch.Generator().manual_seed(seed)
    state, infos = natural_gradient.init(start), []
    settings = NaturalGradientSettings(**options)
    for _ in range(steps):
        state, info = natural_gradient.step(state, target, settings=settings, generator=generator)
        infos.append(info)
    return state, infos


def covariances(found):
    return found.scale_tril @ found.scale_tril.mT


@pytest.mark.parametrize("order", [1.0, 0.5])
def test_one_component_becomes_a_gaussian_target(order):
    A = torch.randn(5, 5, generator=torch.Generator().manual_seed(3)).double()
    covariance = A @ A.T + 0.1 * torch.eye(5)
    mean = torch.arange(5.0).double()
    target = Mixture([1.0], [mean.tolist()], [covariance.tolist()], offset=1.5)
    state, infos = fit(target, components([[0.0] * 5]), 40, order=order)
    # The regression is exact here, so that only the last steps' lengths are left.
    torch.testing.assert_close(state.components.loc[0], mean, atol=2e-3, rtol=0.0)
    torch.testing.assert_close(covariances(state.components)[0], covariance, atol=0.02, rtol=0.0)
    assert infos[-1].elbo == pytest.approx(1.5, abs=1e-3)
    assert infos[0].elbo < -10.0


def test_three_gaussians_are_found_with_their_weights():
    start = components([[-2.0, 1.0], [2.0, 1.0], [0.0, 2.0]])
    state, infos = fit(THREE, start, 80)
    found = state.components
    torch.testing.assert_close(found.loc, THREE.means, atol=0.05, rtol=0.0)
    torch.testing.assert_close(covariances(found), THREE.covariances, atol=0.06, rtol=0.0)
    torch.testing.assert_close(found.log_weights.exp(), THREE.weights, atol=0.02, rtol=0.0)
    assert infos[-1].elbo == pytest.approx(2.0, abs=0.01)


def test_elbo_rises_to_log_z_and_not_above():
    state, infos = fit(Bent(), components([[0.0, -1.0], [0.0, 1.0]], 0.3), 60, num_samples=400)
    elbos = torch.tensor([info.elbo for info in infos])
    assert elbos[-10:].mean() > elbos[:10].mean() + 0.2
    assert -0.2 < elbos[-10:].mean() < 0.01


def test_a_smaller_order_covers_more():
    start = components([[0.0, 0.0]], 0.3)
    reverse, _ = fit(Bent(), start, 60, num_samples=400)
    half, _ = fit(Bent(), start, 60, num_samples=400, order=0.5)
    volumes = [state.components.scale_tril[0].diagonal().log().sum() for state in (reverse, half)]
    assert volumes[1] > volumes[0] + 0.3


def test_every_update_keeps_its_bound():
    settings = {"bounds": (1e-3, 0.05), "num_samples": 30}
    start = components([[-2.0, 1.0], [2.0, 1.0], [0.0, 2.0]], 0.2)
    state = natural_gradient.init(start, bound=0.05)
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        before = state.components
        state, info = natural_gradient.step(
            state, THREE, settings=NaturalGradientSettings(**settings), generator=generator
        )
        after = state.components
        new, old = (MultivariateNormal(c.loc, scale_tril=c.scale_tril) for c in (after, before))
        kl = torch.distributions.kl_divergence(new, old)
        assert (kl <= 0.05 * (1 + 1e-6)).all()
        torch.testing.assert_close(info.kl, kl, atol=1e-8, rtol=1e-6)
        assert (info.eta >= 1.0).all()


def test_draws_are_used_again():
    start = components(THREE.means.tolist(), 0.5)
    _, alone = fit(THREE, start, 30, generations=1)
    _, reused = fit(THREE, start, 30, generations=3)
    assert alone[-1].num_draws == 300
    assert reused[-1].num_draws < 150
    assert (reused[-1].effective_sizes > 90).all()
    assert reused[-1].elbo == pytest.approx(2.0, abs=0.02)


def test_the_same_seed_gives_the_same_fit():
    one, two, other = (fit(Bent(), components([[0.0, 0.0]]), 5, seed=s)[0] for s in (1, 1, 2))
    assert torch.equal(one.components.loc, two.components.loc)
    assert not torch.equal(one.components.loc, other.components.loc)


def test_a_stored_state_goes_on_bit_by_bit():
    generator = torch.Generator().manual_seed(0)
    state = natural_gradient.init(components([[-2.0, 1.0], [2.0, 1.0]]))
    settings = NaturalGradientSettings(num_samples=20, generations=3)
    for _ in range(4):
        state, _ = natural_gradient.step(state, THREE, settings=settings, generator=generator)
    kept, kept_generator = state.tensors(), generator.get_state()
    first, _ = natural_gradient.step(state, THREE, settings=settings, generator=generator)
    again = NaturalGradientState.from_tensors(kept)
    generator.set_state(kept_generator)
    second, _ = natural_gradient.step(again, THREE, settings=settings, generator=generator)
    assert first.tensors().keys() == second.tensors().keys()
    for name, value in first.tensors().items():
        assert torch.equal(value, second.tensors()[name]), name
    assert all(isinstance(value, torch.Tensor) for value in kept.values())


class Broken(Mixture):
    """Not finite where x < -1, in one of several ways."""

    def __init__(self, value):
        super().__init__([1.0], [[3.0, 0.0]], [[[1.0, 0.0], [0.0, 1.0]]])
        self.value = value

    def log_density(self, q, context=None):
        x = q[:, 0] if math.isfinite(self.value) else q[:, 0].detach()
        return torch.where(q[:, 0] < -1.0, x * self.value, super().log_density(q))


@pytest.mark.parametrize("value", [math.inf, math.nan, 1e300])
def test_components_on_broken_ground_stay_and_the_others_go_on(value):
    start = components([[-5.0, 0.0], [4.0, 1.0]], 0.5)
    state, infos = fit(Broken(value), start, 40)
    found = state.components
    assert torch.equal(found.loc[0], start.loc[0])
    assert torch.equal(found.scale_tril[0], start.scale_tril[0])
    assert infos[0].num_kept == 1
    torch.testing.assert_close(found.loc[1], torch.tensor([3.0, 0.0]).double(), atol=0.02, rtol=0)
    for tensor in found.tensors().values():
        assert torch.isfinite(tensor).all()
    assert found.log_weights.exp()[1] > 0.99


def test_nothing_moves_where_nothing_is_finite():
    start = components([[-5.0, 0.0], [-6.0, 1.0]], 0.1)
    state, infos = fit(Broken(math.nan), start, 5)
    for name, tensor in state.components.tensors().items():
        assert torch.equal(tensor, start.tensors()[name])
    assert infos[-1].num_kept == 2 and infos[-1].elbo == -math.inf


class Priorities:
    """x = 1 first, y = 2 then; the filtered gradient of the second has its own sign."""

    bound = False

    def log_density(self, q, context=None, *, priorities=None):
        first, second = -0.5 * (q[:, 0] - 1) ** 2, -0.5 * (q[:, 1] - 2) ** 2
        return first if priorities == {0} else first + second

    def filtered_log_density(self, q, context=None):
        return self.log_density(q)


def test_components_follow_the_filtered_gradient_and_figures_the_first_level():
    state, infos = fit(Priorities(), components([[0.0, 0.0]]), 40)
    torch.testing.assert_close(
        state.components.loc[0], torch.tensor([1.0, 2.0]).double(), atol=0.01, rtol=0.0
    )
    # log p~ of the first level alone has the mean -1/2; the entropy is that of the plane.
    assert infos[-1].elbo == pytest.approx(-0.5 + 1.0 + math.log(2 * math.pi), abs=0.15)


def test_weights_stay_on_request_and_a_tempered_target_is_wider():
    start = components(THREE.means.tolist())
    state, generator = natural_gradient.init(start), torch.Generator().manual_seed(0)
    settings = NaturalGradientSettings()
    for _ in range(40):
        state, _ = natural_gradient.step(
            state, THREE, settings=settings, generator=generator, exponent=0.5, weights_move=False
        )
    assert torch.equal(state.components.log_weights, start.log_weights)
    torch.testing.assert_close(
        covariances(state.components), 2 * THREE.covariances, atol=0.2, rtol=0.1
    )


def test_a_state_without_draws_starts_anew():
    state, _ = fit(THREE, components(THREE.means.tolist()), 3)
    forgotten = state.forgotten()
    assert len(forgotten.pool.x) == 0 and len(state.pool.x) > 0
    assert replace(forgotten, pool=state.pool) == state
    _, info = natural_gradient.step(
        forgotten,
        THREE,
        settings=NaturalGradientSettings(),
        generator=torch.Generator().manual_seed(0),
    )
    assert info.num_draws == 300
