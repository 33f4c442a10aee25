# SPDX-License-Identifier: Apache-2.0
"""Variational boosting: a mixture that grows by a component while that pays (Miller et al. 2017).

A few candidates start where the target has mass that q lacks, and are fitted together while the
rest of q is fixed; the best one gets its weight by a search along a line, and then all components
are fitted together for a while. What results is kept if its ELBO has risen by more than the
standard error, on common random numbers, so the objective never falls but by such noise.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from vi_ik_ros.sampling.inference import component_elbo
from vi_ik_ros.sampling.inference.component_elbo import ElboSettings
from vi_ik_ros.sampling.inference.components.banana_components import BananaComponents
from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.inference.estimates.elbo_estimate import (
    antithetic_noise,
    elbo_gain,
    estimate_elbo,
)
from vi_ik_ros.sampling.inference.estimates.importance_weights import Estimate
from vi_ik_ros.sampling.inference.target import Target, first_level

CLEAR = 1.0  # standard errors by which an ELBO must have risen
LOGITS = tuple(0.2 * i - 8.0 for i in range(61))  # of the weights that a candidate may get
ABSENCES = (10.0, 100.0, 1000.0)  # [nat] below its mode at which q counts as absent


@dataclass(frozen=True)
class BoostingSettings:
    """The settings of all steps.

    Attributes:
        fit: of candidates, and of the first component.
        refit: of all components together.
        num_candidates: fitted at a time.
        num_proposals: points among which the candidates' places are chosen.
        num_samples: draws of each component when ELBOs are compared, an even number.
        least_gain: [nat] of ELBO that a step must bring to be kept.
        patience: steps in a row without a gain after which the growth has ended.
    """

    fit: ElboSettings = ElboSettings(300, 16, (0.05, 0.001), weights_frozen=1.0)
    refit: ElboSettings = ElboSettings(200, 16, (0.01, 0.0005), tempered=0.0, weights_frozen=0.0)
    num_candidates: int = 3
    num_proposals: int = 10_000
    num_samples: int = 4000
    least_gain: float = 1e-3
    patience: int = 2


@dataclass(frozen=True)
class BoostingState:
    """A mixture that grows within a box.

    Attributes:
        components: q.
        lower: (D,), of the box that is looked at.
        upper: (D,).
        failures: steps in a row that brought nothing.
        step: steps done.
    """

    components: GaussianComponents
    lower: Tensor
    upper: Tensor
    failures: int = 0
    step: int = 0

    def tensors(self) -> dict[str, Tensor]:
        """Return the stored form: what `from_tensors` takes."""
        counts = {"failures": torch.tensor(self.failures), "step": torch.tensor(self.step)}
        box = {"lower": self.lower, "upper": self.upper}
        parts = {f"components.{name}": value for name, value in self.components.tensors().items()}
        return parts | box | counts

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> Self:
        """Return the state that `tensors` described."""
        prefix = "components."
        parts = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
        family = BananaComponents if "direction" in parts else GaussianComponents
        box = tensors["lower"], tensors["upper"]
        return cls(family(**parts), *box, int(tensors["failures"]), int(tensors["step"]))


@dataclass(frozen=True)
class BoostingInfo:
    """Figures of one step.

    Attributes:
        elbo: of what is kept.
        gain: of ELBO that the best candidate would have brought or has brought.
        grown: whether it was kept.
        ended: whether further steps are hopeless.
    """

    elbo: Estimate
    gain: Estimate
    grown: bool
    ended: bool


def init(
    target: Target,
    lower: Tensor,
    upper: Tensor,
    *,
    family: str,
    settings: BoostingSettings,
    generator: torch.Generator,
    num_bends: int = 1,
) -> BoostingState:
    """Fit the first component.

    Args:
        target: p~.
        lower: (D,) limits of the box that is looked at.
        upper: (D,).
        family: `gaussian` or `banana`.
        settings: see there.
        generator: source of randomness.
        num_bends: directions in which a banana bends.
    """
    loc = 0.5 * (lower + upper)[None]
    scale = torch.diag(0.25 * (upper - lower))[None]
    start = GaussianComponents(lower.new_zeros(1), loc, scale)
    if family == "banana":
        start = BananaComponents.straight(start, num_bends)
    return BoostingState(_fitted(start, target, settings.fit, generator), lower, upper)


def step(
    state: BoostingState,
    target: Target,
    *,
    settings: BoostingSettings,
    generator: torch.Generator,
) -> tuple[BoostingState, BoostingInfo]:
    """Try to add a component.

    Args:
        state: the state so far.
        target: p~; with priorities, its first level decides, its filtered gradient moves.
        settings: the same in all steps.
        generator: source of randomness.
    """
    old, size = state.components, settings.num_samples
    candidates = _candidates(state, target, settings, generator)
    noise = antithetic_noise(len(old.loc) + 1, size, old.loc, generator)
    tried = [_weighted(old, part, target, noise) for part in candidates]
    grown = max(tried, key=lambda components: elbo_gain(old, components, target, noise).value)
    refitted = _fitted(grown, target, settings.refit, generator)
    if elbo_gain(grown, refitted, target, noise).value > 0:
        grown = refitted
    grown = _pruned(grown, target, noise)
    # On fresh draws: those before have chosen what is compared.
    count = max(len(old.loc), len(grown.loc))
    noise = antithetic_noise(count, size, old.loc, generator)
    gain = elbo_gain(old, grown, target, noise)
    error = gain.stderr if math.isfinite(gain.stderr) else 0.0  # of a gain over nothing, -inf
    kept = gain.value > max(settings.least_gain, CLEAR * error)
    components = grown if kept else old
    failures = 0 if kept else state.failures + 1
    elbo = estimate_elbo(components, target, size, generator)
    info = BoostingInfo(elbo, gain, kept, failures >= settings.patience)
    return BoostingState(components, state.lower, state.upper, failures, state.step + 1), info


def _pruned(components: GaussianComponents, target: Target, noise: Tensor) -> GaussianComponents:
    """Leave out components, lightest first, as long as the ELBO rises."""
    for k in components.log_weights.argsort()[:-1].tolist():
        log_weights = components.log_weights.clone()
        log_weights[k] = -torch.inf
        without = replace(components, log_weights=torch.log_softmax(log_weights, 0))
        if not elbo_gain(components, without, target, noise).value > 0:
            break
        components = without
    kept = torch.isfinite(components.log_weights)
    return replace(components, **{name: t[kept] for name, t in components.tensors().items()})


def _candidates(
    state: BoostingState, target: Target, settings: BoostingSettings, generator: torch.Generator
) -> list[GaussianComponents]:
    """Start single components where q lacks mass and fit them while q is fixed.

    They share a small weight, so that they keep away from q, and from each other.
    """
    old, count = state.components, settings.num_candidates
    loc = _places(state, target, settings, generator)
    width = 0.25 * (state.upper - state.lower) / len(old.loc) ** (1.0 / loc.shape[1])
    parts = GaussianComponents(
        loc.new_full((count,), -math.log(count)), loc, torch.diag(width).expand(count, -1, -1)
    )
    if isinstance(old, BananaComponents):
        parts = BananaComponents.straight(parts, old.direction.shape[1])
    share = math.log(1.0 / (len(old.loc) + 1))
    moving = torch.arange(count) + len(old.loc)
    together = _joined(old, parts, share)
    fitted = _fitted(together, target, settings.fit, generator, moving).tensors()
    fitted["log_weights"] = torch.zeros_like(fitted["log_weights"])  # of each by itself
    return [type(parts)(**{n: t[i : i + 1] for n, t in fitted.items()}) for i in moving.tolist()]


def _places(
    state: BoostingState, target: Target, settings: BoostingSettings, generator: torch.Generator
) -> Tensor:
    """Return where the target is highest above q, (C, D), each among other proposals.

    Half of them are uniform in the box, half are draws of q, widened.
    """
    old, half = state.components, settings.num_proposals // 2
    uniform = torch.rand(half, len(state.lower), generator=generator, dtype=old.loc.dtype)
    owners = torch.multinomial(old.log_weights.exp(), half, True, generator=generator)
    noise = torch.randn(half, len(state.lower), generator=generator, dtype=old.loc.dtype)
    x = torch.cat(
        [state.lower + (state.upper - state.lower) * uniform, old.sample(2 * noise, owners)]
    )
    x = x[torch.randperm(len(x), generator=generator)]
    with torch.no_grad():
        log_target = first_level(target, x).nan_to_num(nan=-torch.inf)
        log_model = torch.logsumexp(old.log_weights + old.log_prob(x), 1)
    places = []
    for i, part in enumerate(torch.arange(len(x)).chunk(settings.num_candidates)):
        floor = log_model.max() - ABSENCES[(i + state.step) % len(ABSENCES)]
        residual = log_target[part] - log_model[part].maximum(floor)
        places.append(x[part[residual.argmax()]])
    return torch.stack(places)


def _weighted(
    old: GaussianComponents, part: GaussianComponents, target: Target, noise: Tensor
) -> GaussianComponents:
    """Add one component with the weight that makes the ELBO largest, all else being fixed.

    Args:
        old: K components.
        part: one component.
        target: p~.
        noise: (K S + S, D) standard normal.
    """
    both = _joined(old, part, _log_sigmoid(LOGITS[0]))
    num_components = len(both.loc)
    owners = torch.arange(num_components).repeat_interleave(len(noise) // num_components)
    with torch.no_grad():
        x = both.sample(noise, owners)
        log_target = first_level(target, x)
        log_old = torch.logsumexp(old.log_weights + old.log_prob(x), 1)
        log_part = part.log_prob(x)[:, 0]
    best, chosen = -math.inf, _log_sigmoid(LOGITS[0])
    for logit in LOGITS:
        log_rest, log_share = _log_sigmoid(-logit), _log_sigmoid(logit)
        log_model = torch.logaddexp(log_rest + log_old, log_share + log_part)
        reward = log_target - log_model
        within = reward.view(num_components, -1).mean(1)
        rest = (old.log_weights.exp() * within[:-1]).sum()
        value = float(math.exp(log_rest) * rest + math.exp(log_share) * within[-1])
        if value > best:
            best, chosen = value, log_share
    return _joined(old, part, chosen)


def _log_sigmoid(logit: float) -> float:
    return -math.log1p(math.exp(-logit))


def _joined(
    old: GaussianComponents, parts: GaussianComponents, log_share: float
) -> GaussianComponents:
    """Return one mixture of two, the second one with a share of all weight."""
    tensors = {name: torch.cat([t, parts.tensors()[name]]) for name, t in old.tensors().items()}
    rest = math.log(-math.expm1(log_share))
    log_weights = torch.cat([old.log_weights + rest, parts.log_weights + log_share])
    return type(old)(**tensors | {"log_weights": log_weights})


def _fitted(
    components: GaussianComponents,
    target: Target,
    settings: ElboSettings,
    generator: torch.Generator,
    moving: Tensor | None = None,
) -> GaussianComponents:
    """Follow the gradient of the ELBO for a while."""
    state = component_elbo.init(components)
    for _ in range(settings.num_steps):
        state, _ = component_elbo.step(
            state, target, settings=settings, generator=generator, moving=moving
        )
    return state.components
