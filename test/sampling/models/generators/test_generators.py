# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest
import torch

from vi_ik_ros.exceptions import InvalidInput, ModelRefused
from vi_ik_ros.sampling.models.conditional_vae import ConditionalVae
from vi_ik_ros.sampling.models.generators.autoencoder import Autoencoder
from vi_ik_ros.sampling.models.generators.coupling_network import CouplingNetwork
from vi_ik_ros.sampling.models.generators.evaluation import CouplingEvaluation
from vi_ik_ros.sampling.models.generators.options import CouplingOptions, DecoderOptions
from vi_ik_ros.sampling.models.invertible_network import InvertibleNetwork

LOWER, UPPER = np.array([-1.0, 0.2]), np.array([2.0, 1.5])
CONTEXTS = np.array([[0.3, -0.2, 0.5], [0.1, 0.4, 0.2]])
COMMON = {
    "entries": (("position", 3),),
    "lower": tuple(LOWER),
    "upper": tuple(UPPER),
    "loc": (0.4, 0.9),
    "scale": (0.5, 0.3),
    "feature_loc": (0.1, 0.0, 0.2, 0.8),
    "feature_scale": (0.5, 0.4, 0.3, 0.2),
    "width": 16,
}


def rngs(n: int) -> list[np.random.Generator]:
    return [np.random.default_rng([7, i]) for i in range(n)]


def stirred(network: torch.nn.Module) -> torch.nn.Module:
    """Give every trained number a size that matters."""
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if parameter.requires_grad:
                gain = 0.3 if "bias" in name else 1.0 / parameter.shape[-1] ** 0.5
                parameter.copy_(gain * torch.randn(parameter.shape))
    return network


def coupling(**options) -> CouplingNetwork:
    torch.manual_seed(3)
    sizes = COMMON | {"num_couplings": 4, "clamp": 1.0, "latent_size": 2} | options
    return stirred(CouplingNetwork(CouplingOptions(**sizes)))


@pytest.fixture
def flow() -> InvertibleNetwork:
    network = coupling()
    return InvertibleNetwork(network.options, network.tensors())


@pytest.fixture
def vae() -> ConditionalVae:
    torch.manual_seed(3)
    network = stirred(Autoencoder(DecoderOptions(**COMMON)))
    return ConditionalVae(network.options, network.tensors())


def source() -> InvertibleNetwork:
    network = coupling(loss="source", latent_size=1)
    return InvertibleNetwork(network.options, network.tensors())


@pytest.mark.parametrize("size", [1, 2, 5])
def test_there_and_back_is_the_identity(size):
    bounds = {name: (value,) * size for name, value in (("lower", -1.0), ("upper", 1.0))}
    network = coupling(**bounds, loc=(0.0,) * size, scale=(1.0,) * size, latent_size=size)
    evaluation = CouplingEvaluation(network.options, network.tensors())
    u, conditions = (
        np.random.default_rng(0).standard_normal((20, size)),
        np.array([0.3, -1.0, 2.0, 0.1]),
    )
    there, log_det = evaluation.forward(u, conditions)
    back, same = evaluation.inverse(there, conditions)
    np.testing.assert_allclose(back, u, atol=1e-10)
    np.testing.assert_allclose(log_det, same, atol=1e-10)
    assert np.abs(there - u).max() > 0.1 and np.abs(log_det).max() > 0.01


def test_numpy_equals_torch(vae):
    network = coupling()
    evaluation = CouplingEvaluation(network.options, network.tensors())
    u, features = torch.randn(9, 2), torch.tensor([0.4, -0.5, 1.0, 0.3])
    there, log_det = network(u, features.expand(9, 4))
    found = evaluation.forward(u.double().numpy(), features.double().numpy())
    np.testing.assert_allclose(found[0], there.detach(), atol=2e-5)
    np.testing.assert_allclose(found[1], log_det.detach(), atol=2e-5)
    back = network.inverse(there, features.expand(9, 4))
    np.testing.assert_allclose(back.detach(), u, atol=2e-5)


def test_the_decoder_in_numpy_equals_torch(vae):
    torch.manual_seed(3)
    network = stirred(Autoencoder(DecoderOptions(**COMMON)))
    features = network.standard.features(torch.from_numpy(CONTEXTS[:1]))
    noise = np.random.default_rng([7, 0]).standard_normal((30, 1))
    u = network.decode(torch.from_numpy(noise).float(), features.expand(30, 4))
    drawn = torch.from_numpy(vae.sample(CONTEXTS[:1], 30, rngs(1)).q[0]).float()
    np.testing.assert_allclose(network.standard.rows(drawn), u.detach(), atol=1e-3)


def test_log_determinant_is_that_of_the_jacobian():
    network = coupling()
    u, features = torch.randn(1, 2), torch.tensor([[0.4, -0.5, 1.0, 0.3]])
    J = torch.autograd.functional.jacobian(lambda row: network(row, features)[0][0], u)[:, 0]
    _, log_det = network(u, features)
    found = float(torch.linalg.slogdet(J)[1])
    assert found == pytest.approx(float(log_det.detach()), abs=1e-5)


def cells(model: InvertibleNetwork, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Middles (1, n^2, 2) and areas (n^2,) of cells that are fine where the chart is steep."""
    limits = model._limits
    z = np.linspace(0, 1, 2 * n + 1)[:, None]
    x = limits.to_limited(limits.lower - 2.7 + (limits.upper - limits.lower + 5.4) * z)
    middles, widths = x[1::2], np.diff(x[::2], axis=0)
    grid = np.stack(np.meshgrid(*middles.T, indexing="ij"), -1)
    return grid.reshape(1, -1, 2), (widths[:, :1] * widths[:, 1]).ravel()


def test_density_integrates_to_one_and_is_that_of_the_draws(flow):
    grid, areas = cells(flow, 300)
    mass = np.exp(flow.log_prob(np.repeat(grid, 2, 0), CONTEXTS)) * areas
    np.testing.assert_allclose(mass.sum(1), 1.0, atol=5e-3)
    samples = flow.sample(CONTEXTS, 20_000, rngs(2))
    assert (samples.q >= LOWER).all() and (samples.q <= UPPER).all()
    edges = [np.linspace(lo, hi, 5) for lo, hi in zip(LOWER, UPPER, strict=True)]
    for q, weights in zip(samples.q, mass, strict=True):
        expected = np.histogram2d(*grid[0].T, bins=edges, weights=weights)[0]
        np.testing.assert_allclose(
            np.histogram2d(*q.T, bins=edges)[0] / len(q), expected, atol=0.02
        )
    few = samples.q[:, :50]
    np.testing.assert_allclose(samples.log_prob[:, :50], flow.log_prob(few, CONTEXTS), atol=1e-9)


def test_log_prob_is_minus_infinity_outside_the_limits(flow):
    outside = np.array([[[2.1, 0.5]], [[0.0, 0.1]]])
    assert np.isneginf(flow.log_prob(outside, CONTEXTS)).all()


def test_draws_far_beyond_the_limits_are_drawn_again():
    wild = coupling(scale=(1.5, 0.8))
    with torch.no_grad():
        for layers in wild.coupling:
            layers[-1].weight.mul_(2.0)
    model = InvertibleNetwork(wild.options, wild.tensors())
    samples = model.sample(CONTEXTS, 3000, rngs(2))
    assert 0 < samples.redrawn < 3000
    assert (samples.q > LOWER).all() and (samples.q < UPPER).all()
    # Noise is nowhere near 12 std: what is evaluated is what was drawn.
    limits, options = model._limits, wild.options
    for q, context in zip(samples.q, CONTEXTS, strict=True):
        u = (limits.to_unlimited(q) - np.array(options.loc)) / np.array(options.scale)
        noise, _ = model._network.forward(u, model._row(context))
        assert np.abs(noise).max() < 6.0


@pytest.mark.parametrize("kind", ["vae", "source"])
def test_a_model_without_a_density_says_so(kind, vae):
    model = vae if kind == "vae" else source()
    samples = model.sample(CONTEXTS, 40, rngs(2))
    assert np.isnan(samples.log_prob).all() and not model.has_log_prob
    assert (samples.q >= LOWER).all() and (samples.q <= UPPER).all()
    with pytest.raises(ModelRefused, match=f"log_prob: got family {model.family}"):
        model.log_prob(samples.q, CONTEXTS)


@pytest.mark.parametrize("kind", ["flow", "vae"])
def test_a_batch_equals_single_calls(kind, request):
    model = request.getfixturevalue(kind)
    together = model.sample(CONTEXTS, 30, rngs(2))
    for i in range(2):
        alone = model.sample(CONTEXTS[i : i + 1], 30, rngs(2)[i : i + 1])
        np.testing.assert_array_equal(together.q[i], alone.q[0])
    assert not np.array_equal(together.q[0], together.q[1])


@pytest.mark.parametrize("kind", ["flow", "vae"])
def test_options_and_tensors_give_the_model_back(kind, request):
    model = request.getfixturevalue(kind)
    options = json.loads(json.dumps(model.options()))
    again = type(model).from_tensors(options, model.tensors())
    np.testing.assert_array_equal(
        again.sample(CONTEXTS, 10, rngs(2)).q, model.sample(CONTEXTS, 10, rngs(2)).q
    )


@pytest.mark.parametrize("change", ["missing", "shape"])
def test_wrong_tensors_are_refused_by_name(flow, change):
    tensors, name = flow.tensors(), "coupling.2.0.bias"
    removed = tensors.pop(name)
    if change == "shape":
        tensors[name] = removed[:-1]
    with pytest.raises(InvalidInput, match=f"tensor {name}: got .* expected shape"):
        InvertibleNetwork.from_tensors(flow.options(), tensors)


@pytest.mark.parametrize("change", [{"layers": 3}, {"loss": "guess"}])
def test_foreign_options_are_refused(flow, change):
    with pytest.raises(InvalidInput, match="options: .*num_couplings|loss: got guess"):
        InvertibleNetwork.from_tensors(flow.options() | change, flow.tensors())
