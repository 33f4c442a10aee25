# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from vi_ik_ros.sampling.inference.conditional import amortized
from vi_ik_ros.sampling.inference.conditional.components import component_usage
from vi_ik_ros.sampling.inference.conditional.components.component_selection import (
    select_components,
)
from vi_ik_ros.sampling.inference.conditional.state_tensors import from_tensors, to_tensors
from vi_ik_ros.sampling.models.amortized.context_features import AxisSymmetry
from vi_ik_ros.sampling.models.amortized.network import AmortizedNetwork
from vi_ik_ros.sampling.models.amortized.options import AmortizedOptions
from vi_ik_ros.sampling.models.linear_experts.network import LinearExperts
from vi_ik_ros.sampling.models.linear_experts.options import ExpertsOptions

UPDATE = amortized.Update(5e-3, 0.5, trust_region=0.1, sir_weight=0.1, obsolete_below=0.2)


class ShiftedNormal:
    """p~(x | c) = exp(-|x - c|^2 / (2 * 0.2^2))."""

    def log_density(self, q, context=None):
        return -0.5 * ((q - context) / 0.2).square().sum(-1)


def amortized_network(**options: int) -> AmortizedNetwork:
    torch.manual_seed(0)
    limits, symmetry = ((-2.0, -2.0), (2.0, 2.0)), AxisSymmetry()
    sizes = (1.0, 5, 16, 1, 4)
    return AmortizedNetwork(
        AmortizedOptions((("vector", 2),), *limits, symmetry, *sizes, **options)
    )


def linear_experts() -> LinearExperts:
    torch.manual_seed(0)
    options = ExpertsOptions((("vector", 2),), (-2.0, -2.0), (2.0, 2.0), 1.0, 5)
    network = LinearExperts.zeros(options)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return network


NETWORKS = {
    "amortized": amortized_network,
    "own_heads": lambda: amortized_network(head_width=3),
    "shared_bases": lambda: amortized_network(num_bases=1),
    "moe": linear_experts,
}


@pytest.fixture(params=NETWORKS)
def make(request):
    return NETWORKS[request.param]


def run(state, updates, generator):
    for _ in range(updates):
        contexts = torch.rand(64, 2, generator=generator) - 0.5
        z = contexts + 0.2 * torch.randn(64, 2, generator=generator)
        state, _ = amortized.step(
            state, (contexts, z), target=ShiftedNormal(), update=UPDATE, generator=generator
        )
    return state


def test_the_kept_components_are_as_they_were(make):
    network = make()
    contexts, kept = torch.rand(7, 2) - 0.5, torch.tensor([0, 3, 4])
    with torch.no_grad():
        whole, some = network(contexts), select_components(network, kept)(contexts)
    torch.testing.assert_close(some.triangles(), whole.triangles()[:, kept])
    for name in ("loc", "log_scale"):
        torch.testing.assert_close(getattr(some, name), getattr(whole, name)[:, kept])
    expected = torch.log_softmax(whole.log_weights[:, kept], -1)
    torch.testing.assert_close(some.log_weights, expected, rtol=1e-4, atol=1e-5)


def test_moments_follow_their_components(make):
    network = make()
    state = run(amortized.init(network), 3, torch.Generator().manual_seed(0))
    kept = torch.tensor([1, 4])
    fewer = amortized.keep_components(state, kept)
    before, after = (to_tensors(s) for s in (state, fewer))
    assert before.keys() == after.keys()
    sizes = {name: (v.numel(), after[name].numel()) for name, v in before.items()}
    shrunk = [name for name, (b, a) in sizes.items() if a == b * 2 // 5 and b]
    assert any(name.startswith("moment.") for name in shrunk)
    assert any(name.startswith("region.old.") for name in shrunk)
    assert run(fewer, 2, torch.Generator().manual_seed(1)).step == 5


def test_what_no_context_needs_is_removed_and_the_fit_goes_on_alike_after_a_stop(make, monkeypatch):
    network = make()
    monkeypatch.setattr(component_usage, "WINDOW", 6)
    with torch.no_grad():  # two components are asked by nobody
        if isinstance(network, AmortizedNetwork):
            network.trunk.head.bias.view(5, -1)[[1, 3], 0] -= 30.0
        else:
            network.gate_logits[[1, 3]] -= 30.0
    generator = torch.Generator().manual_seed(0)
    state = run(amortized.init(network), 10, generator)
    assert state.network.options.num_components <= 3
    tensors, count = to_tensors(state), state.network.options.num_components
    tensors = {name: value.clone() for name, value in tensors.items()}
    noise = generator.get_state()
    whole = to_tensors(run(state, 4, generator))
    resumed = from_tensors(amortized.init(make()), tensors, num_components=count, step=10)
    halves = to_tensors(run(resumed, 4, torch.Generator().set_state(noise)))
    assert whole.keys() == halves.keys()
    for name, value in whole.items():
        torch.testing.assert_close(halves[name], value, rtol=0, atol=0, equal_nan=True)
