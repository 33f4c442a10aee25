# SPDX-License-Identifier: Apache-2.0
"""Fit a conditional mixture: forward KL on pairs, sharpened by the ELBO under the objectives."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.conditional.components.component_selection import (
    ConditionalNetwork,
    num_components,
    select_components,
    select_rows,
)
from vi_ik_ros.sampling.inference.conditional.components.component_usage import ComponentUsage
from vi_ik_ros.sampling.inference.conditional.elbo import draw
from vi_ik_ros.sampling.inference.conditional.maximum_likelihood import negative_log_likelihood
from vi_ik_ros.sampling.inference.conditional.sharpening.loss import (
    Sharpening,
    TrustRegion,
    sharpen,
)
from vi_ik_ros.sampling.inference.conditional.update import Update
from vi_ik_ros.sampling.inference.target import Target

__all__ = ["AmortizedInfo", "AmortizedState", "Update", "estimate_elbo", "init", "step"]


@dataclass(frozen=True)
class AmortizedState:
    """What changes while a conditional mixture is fitted.

    Attributes:
        network: its weights change in place; another one once it has lost components.
        optimizer: Adam with its moments.
        usage: of the components, in the window of updates so far.
        region: what the reverse KL keeps near to; None before it begins and without one.
        step: number of updates done.
    """

    network: ConditionalNetwork
    optimizer: torch.optim.Optimizer
    usage: ComponentUsage
    region: TrustRegion | None = None
    step: int = 0


@dataclass(frozen=True)
class AmortizedInfo:
    """Figures of one update, all of the mixture before it.

    Attributes:
        negative_log_likelihood: mean -log q(z | c) of the pairs.
        elbo: under the softened or widened target; NaN if not estimated.
        weights: (K,), of the components, mean over the pairs.
    """

    negative_log_likelihood: float
    elbo: float
    weights: Tensor


def init(network: ConditionalNetwork) -> AmortizedState:
    """Return the state before the first update."""
    usage = ComponentUsage.unseen(num_components(network))
    return AmortizedState(network, _optimizer(network), usage)


def step(
    state: AmortizedState,
    pairs: tuple[Tensor, Tensor],
    *,
    target: Target,
    update: Update,
    generator: torch.Generator,
) -> tuple[AmortizedState, AmortizedInfo]:
    """Do one update.

    Args:
        state: the state so far.
        pairs: contexts (B, dc) in wire form and chart rows z (B, D) drawn from the joint p(x, c).
        target: p~(x | c) for the reverse KL.
        update: settings of this update.
        generator: source of randomness.
    """
    network, optimizer, region = state.network, state.optimizer, state.region
    contexts, z = pairs
    mixture = network(contexts, mixed_precision=update.mixed_precision)
    loss = likelihood = negative_log_likelihood(mixture, z)
    sharpening = Sharpening(loss.new_zeros(()), loss.new_tensor(torch.nan), region)
    if update.elbo_weight > 0:
        if region is None and update.trust_region > 0:
            region = TrustRegion.about(network, update.trust_region)
        some = slice(0, update.elbo_contexts)
        sharpening = sharpen(
            network,
            mixture.rows(some),
            contexts[some],
            target,
            region=region,
            update=update,
            generator=generator,
        )
        loss = loss + update.elbo_weight * sharpening.loss
    _descend(network, optimizer, loss, update.learning_rate)
    region = sharpening.region.moved(network) if sharpening.region else None
    weights = mixture.log_weights.detach().exp()
    info = AmortizedInfo(
        float(likelihood.detach()), float(sharpening.elbo.detach()), weights.mean(0)
    )
    after = AmortizedState(network, optimizer, state.usage.seen(weights), region, state.step + 1)
    return _without_obsolete(after, update.obsolete_below), info


def keep_components(state: AmortizedState, kept: Tensor) -> AmortizedState:
    """Return the state with some components (K',) only, their moments of Adam among it."""
    network = select_components(state.network, kept)
    optimizer = _optimizer(network)
    before = state.optimizer.state_dict()
    names = [name for name, _ in state.network.named_parameters()]
    moments = {
        i: {k: select_rows(state.network, names[i], v, kept) for k, v in values.items()}
        for i, values in before["state"].items()
    }
    optimizer.load_state_dict({"state": moments, "param_groups": before["param_groups"]})
    return replace(
        state,
        network=network,
        optimizer=optimizer,
        usage=ComponentUsage.unseen(len(kept)),
        region=state.region.of(kept) if state.region else None,
    )


def estimate_elbo(
    network: ConditionalNetwork,
    contexts: Tensor,
    target: Target,
    *,
    update: Update,
    generator: torch.Generator,
) -> float:
    """Return the ELBO that an update would report, without one.

    Args:
        network: the mixture.
        contexts: (B, dc) in wire form.
        target: p~(x | c).
        update: number of draws of each context, softening.
        generator: source of randomness.
    """
    with torch.no_grad():
        draws = draw(
            network(contexts),
            network.limits,
            target,
            contexts,
            num_samples=update.elbo_samples,
            generator=generator,
        )
    return float(draws.eased(update).reward.mean())


def _without_obsolete(state: AmortizedState, below: float) -> AmortizedState:
    """Return the state without components that no context has needed for a window of updates."""
    if not state.usage.complete:
        return state
    count = num_components(state.network)
    kept = state.usage.needed(below)
    if below > 0 and len(kept) < count:
        return keep_components(state, kept)
    return replace(state, usage=ComponentUsage.unseen(count))


def _descend(
    network: ConditionalNetwork,
    optimizer: torch.optim.Optimizer,
    loss: Tensor,
    learning_rate: float,
) -> None:
    """Take one step of Adam."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()


def _optimizer(network: ConditionalNetwork) -> torch.optim.Optimizer:
    return torch.optim.AdamW(network.parameters(), betas=(0.9, 0.99), weight_decay=1e-4, fused=True)
