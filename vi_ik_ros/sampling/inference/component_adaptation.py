# SPDX-License-Identifier: Apache-2.0
"""Add components where the target is and the mixture is not; delete those that do not pay."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.inference.natural_gradient import NaturalGradientState

LOG_WEIGHT = math.log(1e-29)  # of a new component: it has to earn more
LOWEST = -1e30  # in place of a reward that is not finite
SMOOTHING = 0.1  # of the window, std of the kernel that rewards are smoothed with


@dataclass(frozen=True)
class AdaptationSettings:
    """When components come and go.

    Attributes:
        window: updates that are looked at; younger components stay.
        least_weight: a component that has had more at any time in the window stays.
        stagnation: so does one that gained more than this part of its gap to the best one.
        margins: [nat] how far below the highest log q a point counts as not covered; in turn.
    """

    window: int = 30
    least_weight: float = 1e-6
    stagnation: float = 0.4
    margins: tuple[float, ...] = (5000.0, 1000.0, 500.0, 200.0, 100.0, 50.0)


@dataclass(frozen=True)
class ComponentHistory:
    """How components did in the last W updates; NaN before they existed.

    Attributes:
        rewards: (K, W), E_k[log p~ - log q], newest last.
        shares: (K, W), the larger one of the weight and of softmax(rewards).
        num_added: components added so far.
    """

    rewards: Tensor
    shares: Tensor
    num_added: int = 0

    @classmethod
    def empty(cls, num_components: int, window: int) -> Self:
        """Return the history before the first update."""
        unknown = torch.full((num_components, window), torch.nan, dtype=torch.float64)
        return cls(unknown, unknown)

    def recorded(self, rewards: Tensor, log_weights: Tensor) -> Self:
        """Append an update: its rewards (K,), and the weights (K,) before it."""
        rewards = rewards.nan_to_num(LOWEST, neginf=LOWEST)
        shares = torch.maximum(log_weights.exp(), torch.softmax(rewards, 0))
        return replace(
            self, rewards=_next(self.rewards, rewards), shares=_next(self.shares, shares)
        )

    def tensors(self) -> dict[str, Tensor]:
        """Return the stored form: what `from_tensors` takes."""
        counts = {"num_added": torch.tensor(self.num_added)}
        return {"rewards": self.rewards, "shares": self.shares} | counts

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> Self:
        """Return the history that `tensors` described."""
        return cls(tensors["rewards"], tensors["shares"], int(tensors["num_added"]))


def delete(
    state: NaturalGradientState, history: ComponentHistory, settings: AdaptationSettings
) -> tuple[NaturalGradientState, ComponentHistory, Tensor]:
    """Delete components that have been negligible for long and do not catch up.

    Returns:
        The state, the history, and which components (K,) were deleted; never all of them.
    """
    rewards, window = history.rewards, history.rewards.shape[1]
    place = torch.arange(window, dtype=rewards.dtype)
    kernel = torch.exp(-0.5 * ((place[:, None] - place) / (SMOOTHING * window)).square())
    smooth = rewards @ (kernel / kernel.sum(0))
    first, last = smooth[:, 0], smooth[:, -1]
    gap = last.nan_to_num(LOWEST).max() - first
    stagnant = last - first <= settings.stagnation * gap  # not so where a NaN is left
    negligible = history.shares.max(1).values < settings.least_weight
    removed = stagnant & negligible
    removed[state.components.log_weights.argmax()] = False
    kept = ~removed
    history = replace(history, rewards=rewards[kept], shares=history.shares[kept])
    return _selected(state, kept), history, removed


def add(
    state: NaturalGradientState,
    history: ComponentHistory,
    candidates: Tensor,
    log_target: Tensor,
    *,
    settings: AdaptationSettings,
    spread: Tensor,
    generator: torch.Generator,
) -> tuple[NaturalGradientState, ComponentHistory]:
    """Add a component at the candidate where log p~ is highest above log q, or above a margin.

    Its covariance is c^2 diag(spread)^2, with c such that its entropy lies at random between
    the mean one of the components and that of c = 1.

    Args:
        state: the state so far.
        history: of its components.
        candidates: (M, D) points, for example those of `state.pool` and draws of a prior.
        log_target: (M,), log p~ there; points where it is not finite are passed over.
        settings: the margins.
        spread: (D,), of the prior.
        generator: source of randomness.
    """
    components = state.components
    log_model = torch.logsumexp(components.log_weights + components.log_prob(candidates), 1)
    margin = settings.margins[history.num_added % len(settings.margins)]
    height = log_target - log_model.clamp_min(float(log_model.max()) - margin)
    height = torch.where(torch.isfinite(height), height, -torch.inf)
    best = int(height.argmax())
    if height[best] == -torch.inf:
        return state, history
    volumes = components.scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(1)  # entropies, but for
    widest = spread.log().sum()  # a constant
    share = torch.rand((), generator=generator, dtype=spread.dtype)
    volume = share * (components.log_weights.exp() @ volumes) + (1.0 - share) * widest
    scale = torch.diag(spread) * torch.exp((volume - widest) / len(spread))
    one = GaussianComponents(spread.new_tensor([LOG_WEIGHT]), candidates[[best]], scale[None])
    return appended(state, history, one)


def appended(
    state: NaturalGradientState, history: ComponentHistory, new: GaussianComponents
) -> tuple[NaturalGradientState, ComponentHistory]:
    """Append components with the weights that they have; the weights are normalised."""
    old, more = state.components.tensors(), new.tensors()
    parts = {name: torch.cat([old[name], more[name]]) for name in old}
    parts["log_weights"] = torch.log_softmax(parts["log_weights"], 0)
    count = len(new.loc)
    grown = replace(
        state,
        components=GaussianComponents(**parts),
        bounds=torch.cat([state.bounds, state.bounds.mean().expand(count)]),
        rewards=torch.cat([state.rewards, state.rewards.new_full((count,), -torch.inf)]),
    )
    unknown = history.rewards.new_full((count, history.rewards.shape[1]), torch.nan)
    rewards, shares = (torch.cat([h, unknown]) for h in (history.rewards, history.shares))
    return grown, ComponentHistory(rewards, shares, history.num_added + count)


def _next(history: Tensor, newest: Tensor) -> Tensor:
    """Drop the oldest column of (K, W) and append the newest (K,)."""
    return torch.cat([history[:, 1:], newest[:, None]], 1)


def _selected(state: NaturalGradientState, kept: Tensor) -> NaturalGradientState:
    """Return the state of some components (K,) bool."""
    parts = {name: value[kept] for name, value in state.components.tensors().items()}
    parts["log_weights"] = torch.log_softmax(parts["log_weights"], 0)
    components = GaussianComponents(**parts)
    return replace(
        state,
        components=components,
        bounds=state.bounds[kept],
        rewards=state.rewards[kept],
    )
