# SPDX-License-Identifier: Apache-2.0
import json
import math

import numpy as np
import pytest
import torch

from vi_ik_ros.sampling.models.amortized.context_features import AxisSymmetry
from vi_ik_ros.sampling.models.amortized.network import AmortizedNetwork
from vi_ik_ros.sampling.models.amortized.options import AmortizedOptions
from vi_ik_ros.sampling.models.amortized_mixture import AmortizedMixture

CONTEXT = np.array([[0.4, -0.2, 0.7]])
# A joint of two turns that the symmetry turns, a continuous one, one with narrow limits.
OPTIONS = AmortizedOptions(
    entries=(("position", 3),),
    lower=(-2 * math.pi, -math.pi, -0.5),
    upper=(2 * math.pi, math.pi, 0.5),
    symmetry=AxisSymmetry(first=0),
    num_components=4,
    width=16,
    num_blocks=1,
    num_waves=4,
    periodic=(0, 1),
)


@pytest.fixture(scope="module")
def network() -> AmortizedNetwork:
    torch.manual_seed(2)
    return AmortizedNetwork(OPTIONS)


@pytest.fixture(scope="module")
def model(network) -> AmortizedMixture:
    options = json.loads(json.dumps(AmortizedMixture(OPTIONS, network.tensors()).options()))
    return AmortizedMixture.from_tensors(options, network.tensors())


def test_the_density_over_all_turns_integrates_to_one(model):
    ends = [np.linspace(OPTIONS.lower[i], OPTIONS.upper[i], n) for i, n in ((0, 121), (1, 61))]
    z = np.zeros((121, 3))
    z[:, 2] = np.linspace(-4.0, 4.0, 121)  # fine where the chart is steep
    ends.append(model._limits.to_limited(z)[:, 2])
    middles = [0.5 * (end[1:] + end[:-1]) for end in ends]
    grid = np.stack(np.meshgrid(*middles, indexing="ij"), -1).reshape(1, -1, 3)
    volumes = np.einsum("i,j,k->ijk", *(np.diff(end) for end in ends)).ravel()
    assert np.exp(model.log_prob(grid, CONTEXT)[0]) @ volumes == pytest.approx(1.0, abs=0.02)


def test_draws_fill_all_turns_and_know_their_density(model):
    drawn = model.sample(CONTEXT, 4000, [np.random.default_rng(0)])
    q = drawn.q[0]
    assert ((q >= OPTIONS.lower) & (q <= OPTIONS.upper)).all()
    np.testing.assert_allclose(model.log_prob(drawn.q, CONTEXT), drawn.log_prob, atol=1e-9)
    assert (np.abs(q[:, 0]) > math.pi).mean() == pytest.approx(0.5, abs=0.04)


def test_a_turn_of_a_joint_changes_nothing(model):
    q = np.array([[[-0.5, 3.1, 0.1], [2 * math.pi - 0.5, 3.1, 0.1]]])
    one, other = model.log_prob(q, CONTEXT)[0]
    assert one == pytest.approx(other, abs=1e-9)
    near = np.array([[[0.3, math.pi - 1e-9, 0.1], [0.3, -math.pi, 0.1]]])  # the same angle
    one, other = model.log_prob(near, CONTEXT)[0]
    assert one == pytest.approx(other, abs=1e-6)


def test_torch_trains_one_of_the_turns_that_numpy_serves(network, model):
    q = np.random.default_rng(1).uniform(-0.49, 0.49, (50, 3))
    with torch.no_grad():
        x, contexts = torch.tensor(q).float(), torch.tensor(CONTEXT).float().expand(50, 3)
        z = network.limits.to_unlimited(x)
        trained = network(contexts).log_prob(z[:, None])[:, 0] + network.limits.log_derivative(x)
    served = model.log_prob(q[None], CONTEXT)[0] + np.log(2.0)  # one joint has two turns
    np.testing.assert_allclose(trained.numpy(), served, atol=0.05)
