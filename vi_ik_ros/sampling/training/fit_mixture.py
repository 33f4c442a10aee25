# SPDX-License-Identifier: Apache-2.0
"""Fit an unconditional mixture: restarts, the best one for longer, a polish on many points."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.inference import alpha_divergence
from vi_ik_ros.sampling.inference.alpha_divergence import AlphaState
from vi_ik_ros.sampling.models.banana_mixture import BananaMixture
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture

MIXTURES: dict[str, type[GaussianMixture] | type[BananaMixture]] = {
    "gaussian": GaussianMixture,
    "banana": BananaMixture,
}
LOCALITIES = (1.0, 0.5, 0.3)  # of the restarts: wide beginnings cover, narrow ones concentrate
TEMPERED = 0.3  # part of a restart over which the target is cooled to itself


@dataclass(frozen=True)
class MixtureSettings:
    """Settings of a mixture's fit.

    Attributes:
        num_components: K.
        seed: of every draw.
        steps: updates of each restart, of the best one for every two joints, and of the polish.
        time_limit: [s] after which the polish ends early; infinite for none.
    """

    num_components: int = 20
    seed: int = 0
    steps: tuple[int, int, int] = (60, 100, 60)
    time_limit: float = math.inf


@dataclass(frozen=True)
class MixtureProgress:
    """Updates done, fraction of the fit, log int sqrt(p~ q) as last estimated, seconds."""

    step: int
    fraction: float
    log_affinity: float
    seconds: float


def fit_mixture(
    product: ProductOfExperts,
    *,
    family: str = "gaussian",
    settings: MixtureSettings | None = None,
    on_progress: Callable[[MixtureProgress], None] = lambda progress: None,
) -> GaussianMixture | BananaMixture:
    """Fit a mixture to a product of experts without context.

    Args:
        product: the target, in float64.
        family: `gaussian` or `banana`.
        settings: sizes, length, seed.
        on_progress: called after every update.

    Raises:
        ObjectiveError: the product has a context, or is zero wherever it was looked at.
    """
    settings = settings or MixtureSettings()
    if product.context_entries:
        names = ", ".join(entry.name for entry in product.context_entries)
        raise ObjectiveError("context", names, f"no entry for the family {family}")
    fit = _Fit(product, family, settings, on_progress)
    restarts = [fit.restart(index) for index in range(len(LOCALITIES))]
    best = max(restarts, key=lambda pair: pair[1])[0]
    best, _ = fit.advance(best, fit.num_middle, points=1000)
    best, _ = fit.advance(best, settings.steps[2], points=3000, may_end=True)
    lower, upper = (bound.double().numpy() for bound in (product.chain.lower, product.chain.upper))
    tensors = {name: value.numpy() for name, value in best.components.tensors().items()}
    options = {"lower": lower.tolist(), "upper": upper.tolist()}
    return MIXTURES[family].from_tensors(options, tensors)


class _Fit:
    """What the stages of one fit share."""

    def __init__(
        self,
        product: ProductOfExperts,
        family: str,
        settings: MixtureSettings,
        on_progress: Callable[[MixtureProgress], None],
    ) -> None:
        self._product, self._family, self._settings = product, family, settings
        self._on_progress, self._begin, self._done = on_progress, time.monotonic(), 0
        self._generator = torch.Generator().manual_seed(settings.seed)
        first, second, third = settings.steps
        self.num_middle = second * max(1, product.num_dims // 2)
        self._total = len(LOCALITIES) * first + self.num_middle + third

    def restart(self, index: int) -> tuple[AlphaState, float]:
        """Spread the components anew and follow the target while it cools."""
        chain, steps = self._product.chain, self._settings.steps[0]
        state, exponent = alpha_divergence.init(
            self._product,
            chain.lower.double(),
            chain.upper.double(),
            family=self._family,
            num_components=self._settings.num_components,
            num_proposals=30_000 if len(chain.lower) <= 3 else 500_000,
            locality=LOCALITIES[index],
            generator=self._generator,
        )
        if not math.isfinite(float(state.components.loc.sum())):
            expected = "some mass inside the joint limits: do the objectives contradict each other?"
            raise ObjectiveError("objectives", "a product that is zero everywhere", expected)
        cooling = max(1, int(TEMPERED * steps))
        exponents = (exponent ** max(0.0, 1 - k / cooling) for k in range(steps))
        return self._run(state, exponents, points=400)

    def advance(
        self, state: AlphaState, steps: int, *, points: int, may_end: bool = False
    ) -> tuple[AlphaState, float]:
        """Go on with the target itself and so many points for each component."""
        return self._run(state, iter([1.0] * steps), points=points, may_end=may_end)

    def _run(
        self, state: AlphaState, exponents: Iterator[float], *, points: int, may_end: bool = False
    ) -> tuple[AlphaState, float]:
        capacity = points * max(self._settings.num_components, 5)
        recent: list[float] = []
        for exponent in exponents:
            state, info = alpha_divergence.step(
                state,
                self._product,
                exponent=exponent,
                num_draws=capacity // 10,
                capacity=capacity,
                generator=self._generator,
            )
            recent = [*recent[-9:], info.log_affinity]
            self._done += 1
            seconds = time.monotonic() - self._begin
            fraction = self._done / self._total
            self._on_progress(MixtureProgress(self._done, fraction, info.log_affinity, seconds))
            if may_end and seconds > self._settings.time_limit:
                break
        return state, sum(recent) / len(recent)
