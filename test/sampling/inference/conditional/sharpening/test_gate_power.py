# SPDX-License-Identifier: Apache-2.0
import copy

import pytest
import torch

from vi_ik_ros.sampling.inference.conditional.sharpening import gate_power
from vi_ik_ros.sampling.inference.conditional.sharpening.gate_power import with_best_gates
from vi_ik_ros.sampling.inference.conditional.update import Update
from vi_ik_ros.sampling.models.amortized.context_features import AxisSymmetry
from vi_ik_ros.sampling.models.amortized.network import AmortizedNetwork
from vi_ik_ros.sampling.models.amortized.options import AmortizedOptions

UPDATE = Update(0.0, elbo_weight=1.0)


class AtOne:
    """A target that only the first of two components is near to."""

    def log_density(self, q, context=None):
        return -0.5 * ((q - 1.0) / 0.1).square().sum(-1)


@pytest.fixture(params=[0, 4])
def network(request) -> AmortizedNetwork:
    """Components about 1 and -1, the second with a weight of 0.12, whatever the context."""
    torch.manual_seed(0)
    options = AmortizedOptions(
        entries=(("position", 3),),
        lower=(-3.0, -3.0),
        upper=(3.0, 3.0),
        symmetry=AxisSymmetry(),
        num_components=2,
        width=8,
        num_blocks=1,
        head_width=request.param,
    )
    made = AmortizedNetwork(options)
    with torch.no_grad():
        made.trunk.head.weight.zero_()
        bias = made.trunk.head.bias.view(2, -1)
        bias.zero_()
        bias[:, 0] = torch.tensor([1.0, -1.0])
        bias[:, 1:3] = torch.tensor([[1.0], [-1.0]])
        bias[:, 3:5] = 2.3
    return made


def test_a_power_multiplies_logits_and_nothing_else(network):
    contexts = torch.randn(5, 3)
    with torch.no_grad():
        torch.nn.init.normal_(network.trunk.head.weight)
        before = network(contexts)
        network.raise_gates(2.0)
        after = network(contexts)
    expected = torch.log_softmax(2 * before.log_weights, dim=-1)
    torch.testing.assert_close(after.log_weights, expected)
    torch.testing.assert_close(after.loc, before.loc)
    torch.testing.assert_close(after.log_scale, before.log_scale)


def test_a_component_that_is_far_loses_its_weight(network):
    pairs = torch.randn(50, 3), 1.0 + 0.1 * torch.randn(50, 2)
    kept = copy.deepcopy(network.state_dict())
    better, power = with_best_gates(network, pairs, AtOne(), UPDATE)
    assert power == max(gate_power.POWERS)
    weights = better(pairs[0]).log_weights.exp()
    assert (weights[:, 1] < 0.01).all()
    assert all((network.state_dict()[name] == value).all() for name, value in kept.items())


def test_a_component_that_pairs_need_keeps_it(network):
    near = torch.where(torch.arange(50)[:, None] < 6, -1.0, 1.0)  # 12 % of the pairs
    pairs = torch.randn(50, 3), near + 0.1 * torch.randn(50, 2)
    same, power = with_best_gates(network, pairs, AtOne(), Update(0.0, elbo_weight=0.0))
    assert power == 1.0
    torch.testing.assert_close(same(pairs[0]).log_weights, network(pairs[0]).log_weights)
