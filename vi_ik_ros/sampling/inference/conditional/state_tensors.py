# SPDX-License-Identifier: Apache-2.0
"""The state of a fit of a conditional mixture as tensors by name, to go on from another day."""

from collections.abc import Mapping

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.conditional.amortized import AmortizedState, keep_components
from vi_ik_ros.sampling.inference.conditional.components.component_usage import ComponentUsage
from vi_ik_ros.sampling.inference.conditional.sharpening.adaptive_bounds import AdaptiveBounds
from vi_ik_ros.sampling.inference.conditional.sharpening.loss import TrustRegion


def to_tensors(state: AmortizedState) -> dict[str, Tensor]:
    """Return all that `from_tensors` needs but the number of updates."""
    tensors = _prefixed("weight.", state.network.state_dict())
    names = [name for name, _ in state.network.named_parameters()]
    for index, moments in state.optimizer.state_dict()["state"].items():
        tensors |= _prefixed(f"moment.{names[index]}.", moments)
    tensors |= _prefixed("usage.", state.usage.tensors())
    if state.region is not None:
        tensors |= _prefixed("region.old.", state.region.old.state_dict())
        tensors |= _prefixed("region.adaptive.", state.region.adaptive.tensors())
    return {name: value.cpu().clone() for name, value in tensors.items()}  # some share memory


def from_tensors(
    fresh: AmortizedState, tensors: Mapping[str, Tensor], *, num_components: int, step: int
) -> AmortizedState:
    """Return the state that `to_tensors` was given.

    Args:
        fresh: a state before the first update, of as many components or more.
        tensors: of `to_tensors`, others among them are ignored.
        num_components: that the state had.
        step: number of updates that it had done.
    """
    state = keep_components(fresh, torch.arange(num_components))
    network, optimizer = state.network, state.optimizer
    network.load_state_dict(_under(tensors, "weight."))
    names = [name for name, _ in network.named_parameters()]
    moments = {i: _under(tensors, f"moment.{name}.") for i, name in enumerate(names)}
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": moments, "param_groups": groups})
    usage, adaptive = _under(tensors, "usage."), _under(tensors, "region.adaptive.")
    region = None
    if adaptive:
        region = TrustRegion.about(network, 0.0)
        region.old.load_state_dict(_under(tensors, "region.old."))
        region = TrustRegion(region.old, AdaptiveBounds(**adaptive))
    return AmortizedState(network, optimizer, ComponentUsage(**usage), region, step)


def _prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}{name}": value for name, value in tensors.items()}


def _under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    named = tensors.items()
    return {name.removeprefix(prefix): v for name, v in named if name.startswith(prefix)}
