# SPDX-License-Identifier: Apache-2.0
"""A model at another temperature is a density of its own: the one that its draws are from."""

import numpy as np
import pytest
import torch

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.models.banana_mixture import BananaMixture
from vi_ik_ros.sampling.models.conditional_vae import ConditionalVae
from vi_ik_ros.sampling.models.em_mixture import EmMixture
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture
from vi_ik_ros.sampling.models.generators.autoencoder import Autoencoder
from vi_ik_ros.sampling.models.generators.coupling_network import CouplingNetwork
from vi_ik_ros.sampling.models.generators.options import CouplingOptions, DecoderOptions
from vi_ik_ros.sampling.models.invertible_network import InvertibleNetwork
from vi_ik_ros.sampling.models.kd_tree import KdTree, KdTreeOptions
from vi_ik_ros.sampling.models.linear_experts.joint_options import JointOptions
from vi_ik_ros.sampling.models.linear_experts.options import ExpertsOptions
from vi_ik_ros.sampling.models.mixture_of_experts import MixtureOfExperts

LOWER, UPPER = (-8.0, -8.0), (8.0, 8.0)
LIMITS = {"lower": LOWER, "upper": UPPER}
CONTEXT = np.array([[0.4]])
NETWORK = {"entries": (("vector", 1),), "loc": (0.0, 0.3), "scale": (0.5, 0.7), "width": 8}
NETWORK |= {"feature_loc": (0.0, 0.0), "feature_scale": (1.0, 1.0), "latent_size": 2, **LIMITS}


def gaussian() -> GaussianMixture:
    scale = np.array([[[0.4, 0.0], [0.2, 0.3]], [[0.5, 0.0], [-0.1, 0.2]]])
    return GaussianMixture(np.log([0.3, 0.7]), np.array([[1.0, 0.0], [-1.0, 0.5]]), scale, **LIMITS)


def banana() -> BananaMixture:
    straight = gaussian()
    direction = np.tile([[[1.0, 0.0]]], (2, 1, 1))
    curvature = np.tile([[[[0.0, 0.0], [0.0, 0.8]]]], (2, 1, 1, 1))
    parts = (straight.log_weights, straight.loc, straight.scale_tril, direction, curvature)
    return BananaMixture(*parts, **LIMITS)


def experts(family: type[MixtureOfExperts], options: ExpertsOptions) -> MixtureOfExperts:
    rng = np.random.default_rng(2)
    shapes = options.tensor_shapes().items()
    tensors = {name: (0.5 * rng.standard_normal(s)).astype(np.float32) for name, s in shapes}
    tensors["log_scale"] += 0.7
    tensors |= {"feature_lower": np.full(1, -9.0), "feature_upper": np.full(1, 9.0)}
    return family(options, tensors)


def moe() -> MixtureOfExperts:
    return experts(MixtureOfExperts, ExpertsOptions((("vector", 1),), LOWER, UPPER, 1.0, 3))


def em(periodic: tuple[int, ...] = ()) -> MixtureOfExperts:
    turn = {"lower": (-np.pi,) * 2, "upper": (np.pi,) * 2} if periodic else LIMITS
    return experts(EmMixture, JointOptions((("vector", 1),), **turn, periodic=periodic))


def stirred(network: torch.nn.Module) -> torch.nn.Module:
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.requires_grad:
                parameter.copy_(0.3 * torch.randn(parameter.shape))
    return network


def inn(loss: str = "likelihood") -> InvertibleNetwork:
    torch.manual_seed(1)
    network = stirred(CouplingNetwork(CouplingOptions(**NETWORK, num_couplings=2, loss=loss)))
    return InvertibleNetwork(network.options, network.tensors())


def cvae() -> ConditionalVae:
    torch.manual_seed(1)
    network = stirred(Autoencoder(DecoderOptions(**NETWORK)))
    return ConditionalVae(network.options, network.tensors())


WITH_DENSITY = {
    "gaussian": gaussian,
    "banana": banana,
    "moe": moe,
    "em": em,
    "em, angles": lambda: em((0, 1)),
    "inn": inn,
}
OTHERS = {"inn by the source's losses": lambda: inn("source"), "cvae": cvae}


@pytest.fixture(params=[*WITH_DENSITY, "amortized"])
def model(request, make_model):
    if request.param == "amortized":
        return make_model((-20.0, -20.0), (20.0, 20.0), (("vector", 1),))
    return WITH_DENSITY[request.param]()


def draws_of(model, count: int = 4000):
    rngs = [np.random.default_rng(3)]
    return model.sample(CONTEXT[:, : model.context_size], count, rngs)


@pytest.mark.parametrize("temperature", [0.4, 1.7])
def test_the_density_is_that_of_the_draws(model, temperature):
    wide = model.at_temperature(temperature)
    drawn, context = draws_of(wide), CONTEXT[:, : model.context_size]
    np.testing.assert_allclose(wide.log_prob(drawn.q, context), drawn.log_prob, atol=1e-6)
    ends = drawn.q[0].min(0) - 1.0, drawn.q[0].max(0) + 1.0
    axes = [np.linspace(a, b, 301) for a, b in zip(*ends, strict=True)]
    if getattr(model, "_periodic", ()):
        axes = [np.linspace(-np.pi, np.pi, 300, endpoint=False)] * 2
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(1, -1, 2)
    mass = np.exp(wide.log_prob(grid, context)[0]) * np.prod([a[1] - a[0] for a in axes])
    assert mass.sum() == pytest.approx(1.0, abs=0.02)
    for feature in (np.sin, np.cos):
        expected = mass @ feature(grid[0]) / mass.sum()
        np.testing.assert_allclose(feature(drawn.q[0]).mean(0), expected, atol=0.05)


@pytest.mark.parametrize("name", [*WITH_DENSITY, *OTHERS])
def test_draws_spread_more_at_a_higher_temperature(name):
    model = (WITH_DENSITY | OTHERS)[name]()
    cold, one, hot = (draws_of(model.at_temperature(t)).q[0, :, 0].std() for t in (0.05, 1.0, 1.3))
    assert cold < one < hot


def test_temperatures_multiply_and_one_is_the_model_itself(model):
    assert model.at_temperature(1.0) is model
    twice = model.at_temperature(0.5).at_temperature(0.5)
    once = model.at_temperature(0.25)
    np.testing.assert_allclose(draws_of(twice, 20).q, draws_of(once, 20).q, rtol=1e-9)
    np.testing.assert_allclose(draws_of(twice, 20).log_prob, draws_of(once, 20).log_prob, rtol=1e-9)


def test_a_family_without_anything_random_refuses():
    options = KdTreeOptions((("vector", 1),), LOWER, UPPER, 3)
    model = KdTree(options, {"q": np.zeros((3, 2)), "contexts": np.zeros((3, 1))})
    assert model.at_temperature(1.0) is model
    with pytest.raises(InvalidInput, match=r"temperature: got 0.5, expected 1 .*kd_tree"):
        model.at_temperature(0.5)
