# SPDX-License-Identifier: Apache-2.0
"""Networks of conditional mixtures with some of their components."""

from dataclasses import replace

import torch
from torch import Tensor

from vi_ik_ros.sampling.models.amortized.network import AmortizedNetwork
from vi_ik_ros.sampling.models.linear_experts.network import LinearExperts

ConditionalNetwork = AmortizedNetwork | LinearExperts

HEADS = (  # of a network: one block of rows a component
    "trunk.head.weight",
    "trunk.head.bias",
    "trunk.head.inner.weight",
    "trunk.head.inner.bias",
    "coupling_centers",
)


def num_components(network: ConditionalNetwork) -> int:
    """Return K."""
    return network.options.num_components


def turned_joints(network: ConditionalNetwork) -> slice:
    """Return the coordinates in which a network wraps its means."""
    return network.options.turned if isinstance(network, AmortizedNetwork) else slice(0, 0)


def select_components(network: ConditionalNetwork, kept: Tensor) -> ConditionalNetwork:
    """Return a copy that has only the components kept (K',), ascending; the others' weight is lost.

    What the kept ones' weights share, they share in the same proportions as before.
    """
    fresh: ConditionalNetwork
    if isinstance(network, LinearExperts):
        fresh = LinearExperts.zeros(replace(network.options, num_components=len(kept)))
    else:
        with torch.random.fork_rng(devices=[]):
            fresh = AmortizedNetwork(replace(network.options, num_components=len(kept)))
    state = {n: select_rows(network, n, v, kept) for n, v in network.state_dict().items()}
    fresh.load_state_dict(state)
    return fresh.to(network.lower.device)


def select_rows(network: ConditionalNetwork, name: str, value: Tensor, kept: Tensor) -> Tensor:
    """Return the rows of some components of a named weight, or of what has its shape.

    Args:
        network: that has the weight.
        name: of it in the network's `state_dict`.
        value: the weight, or a moment of it; anything that is not per component is returned whole.
        kept: (K',) indices of the components.
    """
    if not _is_per_component(network, name) or not value.ndim:
        return value
    blocks = value.unflatten(0, (num_components(network), -1))
    return blocks[kept.to(value.device)].flatten(0, 1)


def _is_per_component(network: ConditionalNetwork, name: str) -> bool:
    """Tell whether a weight consists of one block of rows for each component."""
    if isinstance(network, LinearExperts):
        return True
    options = network.options
    more = replace(options, num_components=options.num_components + 1)
    return options.tensor_shapes()[name] != more.tensor_shapes()[name]
