# SPDX-License-Identifier: Apache-2.0
"""Options of an amortized mixture: shared couplings, heads of components, smooth bounds."""

import itertools

import numpy as np
import pytest
import torch

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.models.amortized.conditional_gaussians import ConditionalGaussians
from vi_ik_ros.sampling.models.amortized.context_features import AxisSymmetry
from vi_ik_ros.sampling.models.amortized.layers.projection import (
    LARGEST_BASIS_ROW,
    LARGEST_MIXING,
    LARGEST_ROW,
    LOG_SCALE_RANGE,
    SMOOTH,
    condition_bound,
    project_coupling,
    project_log_scale,
)
from vi_ik_ros.sampling.models.amortized.network import AmortizedNetwork
from vi_ik_ros.sampling.models.amortized.options import AmortizedOptions
from vi_ik_ros.sampling.models.amortized_mixture import AmortizedMixture

LOWER, UPPER = (-1.0, 0.2, -2.0, -0.5), (2.0, 1.5, 2.0, 3.0)
SIZES = {"num_components": 5, "width": 24, "num_blocks": 2, "num_waves": 6}
VARIANTS = [
    dict(zip(("num_bases", "head_width", "projection"), values, strict=True))
    for values in itertools.product((0, 3), (0, 7), ("clamp", SMOOTH))
]


def make_network(noise: float = 0.2, **variant) -> AmortizedNetwork:
    torch.manual_seed(3)
    options = AmortizedOptions((("vector", 3),), LOWER, UPPER, AxisSymmetry(), **SIZES, **variant)
    network = AmortizedNetwork(options)
    with torch.no_grad():
        for weights in network.parameters():
            weights.copy_((weights + noise * torch.randn_like(weights)).half())
    return network


def contexts(n: int = 10) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, 3))


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_numpy_serves_what_torch_trains(variant):
    network, c = make_network(**variant), contexts()
    model = AmortizedMixture.from_tensors(
        AmortizedMixture(network.options, network.tensors()).options(), network.tensors()
    )
    x = np.random.default_rng(1).uniform(LOWER, UPPER, (10, 3, 4))
    with torch.no_grad():
        rows = torch.tensor(x, dtype=torch.float32)
        expected = network(torch.tensor(c)).log_prob(network.limits.to_unlimited(rows))
        expected = expected + network.limits.log_derivative(rows)
    np.testing.assert_allclose(model.log_prob(x, c), expected.numpy(), rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("variant", [v for v in VARIANTS if v["num_bases"]], ids=str)
def test_shared_couplings_are_those_written_out(variant):
    lazy = make_network(**variant)(torch.tensor(contexts()))
    dense = ConditionalGaussians(lazy.log_weights, lazy.loc, lazy.log_scale, lazy.triangles())
    generator = torch.Generator().manual_seed(0)
    z, noise = torch.randn(2, 10, 6, 4, generator=generator)
    components = torch.arange(60).view(10, 6) % 5
    torch.testing.assert_close(lazy.log_prob(z), dense.log_prob(z))
    torch.testing.assert_close(
        lazy.transform(noise, components), dense.transform(noise, components)
    )
    torch.testing.assert_close(lazy.precision_factors(), dense.precision_factors())
    part, some = lazy.rows(slice(2, 5)), dense.rows(slice(2, 5))
    torch.testing.assert_close(part.log_prob(z[2:5]), some.log_prob(z[2:5]))
    assert lazy.log_prob(z).requires_grad and not lazy.detached().log_prob(z).requires_grad


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_every_weight_learns(variant):
    network = make_network(**variant)
    z = torch.randn(10, 1, 4, generator=torch.Generator().manual_seed(0))
    (-network(torch.tensor(contexts())).log_prob(z)).mean().backward()
    for name, weights in network.named_parameters():
        if weights.numel():
            assert weights.grad is not None and weights.grad.abs().max() > 0.0, name


@pytest.mark.parametrize("num_bases", [0, 3])
def test_no_weights_exceed_the_bound_of_the_condition_number(num_bases):
    mixture = make_network(300.0, num_bases=num_bases, projection=SMOOTH)(torch.tensor(contexts()))
    P = mixture.precision_factors().detach().double()
    rho = LARGEST_ROW + LARGEST_MIXING * LARGEST_BASIS_ROW * bool(num_bases)
    scale = P.diagonal(dim1=-2, dim2=-1)
    rows = (P / scale[..., None]).tril(-1).norm(dim=-1)
    lower, upper = LOG_SCALE_RANGE
    assert scale.log().min() > lower - 1e-4 and scale.log().max() < upper + 1e-4
    assert 0.9 * LARGEST_ROW < rows.max() < rho + 1e-3
    singular = torch.linalg.svdvals(P)
    condition = (singular[..., 0] / singular[..., -1]) ** 2
    assert 1e4 < condition.max() < condition_bound(4, shared=bool(num_bases))


def test_smooth_bounds_are_never_flat_and_leave_the_middle_alone():
    raw = torch.linspace(-30.0, 30.0, 61, dtype=torch.float64, requires_grad=True)
    projected = project_log_scale(raw, SMOOTH)
    slopes = torch.autograd.grad(projected.sum(), raw)[0]
    assert (slopes > 1e-6).all()
    middle = (raw > 1.0) & (raw < 4.0)
    assert (projected - raw)[middle].abs().max() < 0.02 and slopes[middle].min() > 0.9
    rows = torch.tensor([[3.0, 3.0, -4.0], [300.0, 3.0, -4.0]], dtype=torch.float64)
    bounded = project_coupling(rows, SMOOTH)
    np.testing.assert_allclose(bounded[0], rows[0], rtol=0.01)
    assert bounded[1, 0] < LARGEST_ROW
    torch.testing.assert_close(bounded[1, 1:], bounded[0, 1:])  # another row of the same triangle
    np.testing.assert_array_equal(project_coupling(rows.numpy(), SMOOTH), bounded)


def test_options_stored_before_these_are_those_of_old():
    network = make_network()
    options = AmortizedMixture(network.options, network.tensors()).options()
    old = {k: v for k, v in options.items() if k not in VARIANTS[0]}
    read = AmortizedOptions.from_mapping(old)
    assert read == network.options and read.projection == "clamp"
    assert read.tensor_shapes().keys() == network.tensors().keys()
    with pytest.raises(InvalidInput, match="options"):
        AmortizedOptions.from_mapping(options | {"projection": "none"})
