# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch

from vi_ik_ros.sampling.inference.conditional import amortized, elbo
from vi_ik_ros.sampling.models.amortized.context_features import AxisSymmetry
from vi_ik_ros.sampling.models.amortized.network import AmortizedNetwork
from vi_ik_ros.sampling.models.amortized.options import AmortizedOptions


class ShiftedNormal:
    """p~(x | c) = exp(-|x - c|^2 / (2 * 0.2^2)) on x in R^2, whose log Z is known."""

    log_normalizer = math.log(2 * math.pi * 0.2**2)

    def log_density(self, q, context=None):
        return -0.5 * ((q - context) / 0.2).square().sum(-1)


def make_network(seed: int = 0) -> AmortizedNetwork:
    torch.manual_seed(seed)
    options = AmortizedOptions(
        (("vector", 2),), (-2.0, -2.0), (2.0, 2.0), AxisSymmetry(), 1.0, 3, 32, 1, 4
    )
    return AmortizedNetwork(options)


def draw_pairs(generator: torch.Generator, n: int = 256) -> tuple[torch.Tensor, torch.Tensor]:
    contexts = torch.rand(n, 2, generator=generator) - 0.5
    return contexts, contexts + 0.2 * torch.randn(n, 2, generator=generator)


def fit(steps: int, elbo_weight: float, **told: float) -> tuple[AmortizedNetwork, float]:
    network, generator = make_network(), torch.Generator().manual_seed(1)
    state = amortized.init(network)
    update = amortized.Update(learning_rate=5e-3, elbo_weight=elbo_weight, **told)
    for _ in range(steps):
        state, info = amortized.step(
            state,
            draw_pairs(generator),
            target=ShiftedNormal(),
            update=update,
            generator=generator,
        )
    return network, info.negative_log_likelihood


def mean_reward(network: AmortizedNetwork) -> float:
    generator = torch.Generator().manual_seed(5)
    contexts, _ = draw_pairs(generator, 500)
    with torch.no_grad():
        draws = elbo.draw(
            network(contexts),
            network.limits,
            ShiftedNormal(),
            contexts,
            num_samples=16,
            generator=generator,
        )
    return float(draws.reward.mean())


@pytest.mark.parametrize("elbo_weight", [0.0, 1.0])
def test_fitting_approaches_the_known_normalizer_from_below(elbo_weight):
    before = mean_reward(make_network())
    network, _ = fit(120, elbo_weight)
    after = mean_reward(network)
    assert before < after <= ShiftedNormal.log_normalizer + 0.02
    assert after > ShiftedNormal.log_normalizer - 0.4


def test_path_gradient_is_the_gradient_of_the_elbo():
    """With one component the surrogate's gradient of loc is d/dloc of -E[log p~]."""
    network, generator = make_network(), torch.Generator().manual_seed(2)
    contexts = torch.zeros(1, 2)
    with torch.no_grad():
        one = network(contexts)
        one = type(one)(
            torch.zeros(1, 1), one.loc[:, :1] * 0 + 0.3, one.log_scale[:, :1], one.coupling[:, :1]
        )
    one.loc.requires_grad_()
    draws = elbo.draw(
        one,
        network.limits,
        ShiftedNormal(),
        contexts,
        num_samples=4000,
        generator=generator,
    )
    elbo.surrogate(one, draws).backward()
    expected = 0.3 / 0.2**2  # the chart is the identity this far from the limits
    torch.testing.assert_close(one.loc.grad, torch.full((1, 1, 2), expected), rtol=0.1, atol=0.0)


def test_the_surrogate_has_the_gradient_of_the_bound_that_decouples_components():
    """Draw by draw, with responsibilities frozen at the present mixture."""
    network, generator = make_network().double(), torch.Generator().manual_seed(3)
    contexts = torch.rand(6, 2, generator=generator, dtype=torch.float64) - 0.5
    mixture = network(contexts)
    draws = elbo.draw(
        mixture,
        network.limits,
        ShiftedNormal(),
        contexts,
        num_samples=4,
        generator=generator,
    )
    frozen, owner = mixture.detached(), draws.components[..., None]
    log_component = frozen.component_log_prob(draws.z).gather(-1, owner)[..., 0]
    log_share = frozen.log_weights.gather(1, draws.components) - frozen.log_prob(draws.z)
    log_responsibility = log_share + log_component
    derivative = network.limits.log_derivative(network.limits.to_limited(draws.z))
    decoupled = draws.log_target + log_responsibility - (log_component + derivative)
    parameters = (mixture.loc, mixture.log_scale, mixture.coupling)
    ours = torch.autograd.grad(draws.reward.sum(), parameters, retain_graph=True)
    theirs = torch.autograd.grad(decoupled.sum(), parameters)
    for one, other in zip(ours, theirs, strict=True):
        assert one.abs().sum() > 0
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize(
    "told", [{"trust_region": 0.1}, {"sir_weight": 0.3}, {"trust_region": 0.5, "sir_weight": 1.0}]
)
def test_every_form_of_sharpening_approaches_the_normalizer(told):
    before = mean_reward(make_network())
    network, _ = fit(120, 1.0, **told)
    after = mean_reward(network)
    assert before < after <= ShiftedNormal.log_normalizer + 0.02
    assert after > ShiftedNormal.log_normalizer - 0.4


def make_draws(depths: list[float]) -> elbo.ElboDraws:
    log_target = -torch.tensor([depths], requires_grad=True)
    shape = 1, len(depths)
    return elbo.ElboDraws(torch.zeros(*shape, 2), torch.zeros(shape), log_target, torch.ones(shape))


def test_a_widened_target_has_the_mean_depth_that_was_asked_for():
    draws = make_draws([10.0, 90.0, 500.0])
    widened = draws.widened(1.5)  # of each of two dimensions
    assert float(-widened.log_target.detach().mean()) == pytest.approx(3.0)
    (slope,) = torch.autograd.grad(widened.log_target.sum(), draws.log_target)
    assert slope.unique().numel() == 1  # of the temperature there is no gradient
    torch.testing.assert_close(widened.log_model, draws.log_model)


def test_a_target_that_draws_already_reach_is_not_narrowed():
    draws = make_draws([0.5, 1.0])
    torch.testing.assert_close(draws.widened(1.5).log_target, draws.log_target)


def test_a_wider_target_leaves_more_variety():
    (wide, _), (narrow, _) = fit(60, 10.0, widening=0.4), fit(60, 10.0, widening=10.0)
    contexts = torch.zeros(1, 2)
    with torch.no_grad():
        wide_scale, narrow_scale = (n(contexts).log_scale.mean() for n in (wide, narrow))
    assert wide_scale < narrow_scale  # of precision factors
