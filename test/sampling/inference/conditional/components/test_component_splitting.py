# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from vi_ik_ros.sampling.inference.conditional.components.component_splitting import (
    split_components,
)
from vi_ik_ros.sampling.models.amortized.context_features import AxisSymmetry
from vi_ik_ros.sampling.models.amortized.network import AmortizedNetwork
from vi_ik_ros.sampling.models.amortized.options import AmortizedOptions

CONTEXTS = torch.randn(50, 2, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def network() -> AmortizedNetwork:
    """Five components, two of which no context needs."""
    torch.manual_seed(0)
    options = AmortizedOptions(
        (("vector", 2),), (-3.0,) * 3, (3.0,) * 3, AxisSymmetry(), num_components=5, width=16,
        num_blocks=1, num_waves=4, num_bases=2, head_width=4, projection="smooth",
    )  # fmt: skip
    network = AmortizedNetwork(options)
    network.nudge(torch.tensor([2.0, -20.0, 0.0, -20.0, 0.0]), torch.zeros(5, 3))
    return network


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def weights(network: AmortizedNetwork) -> torch.Tensor:
    return network(CONTEXTS).log_weights.exp().detach()


def test_what_is_needed_is_split_and_the_rest_is_gone(network: AmortizedNetwork) -> None:
    split = split_components(network, CONTEXTS, 8, generator())
    assert split.options.num_components == 8
    old, new = weights(network), weights(split)
    parts = new.unflatten(-1, (8,))
    groups = [parts[:, :6].sum(1), parts[:, 6], parts[:, 7]]
    torch.testing.assert_close(torch.stack(groups, 1), old[:, [0, 2, 4]], atol=2e-3, rtol=0.02)
    assert new.mean(0).max() < 2.5 * new.mean(0).min()


def test_a_split_mixture_is_nearly_the_one_before(network: AmortizedNetwork) -> None:
    split = split_components(network, CONTEXTS, 8, generator())
    before, after = network(CONTEXTS), split(CONTEXTS)
    noise = torch.randn(50, 200, 3, generator=generator())
    drawn = torch.multinomial(before.log_weights.exp(), 200, True, generator=generator())
    z = before.transform(noise, drawn)
    difference = before.log_prob(z) - after.log_prob(z)
    assert 0.0 < difference.mean() < 0.5  # nats that half a std between the parts costs
    means = after.loc[:, :6].std(1)
    assert (means > 0.02).all()


def test_the_heaviest_are_kept_where_fewer_are_asked_for(network: AmortizedNetwork) -> None:
    one = split_components(network, CONTEXTS, 1, generator())
    torch.testing.assert_close(one(CONTEXTS).loc[:, 0], network(CONTEXTS).loc[:, 0])


def test_nothing_changes_where_all_are_needed(network: AmortizedNetwork) -> None:
    network.nudge(torch.tensor([-2.0, 20.0, 0.0, 20.0, 0.0]), torch.zeros(5, 3))
    assert split_components(network, CONTEXTS, 5, generator()) is network
