# SPDX-License-Identifier: Apache-2.0
"""The fit of an unconditional Gaussian mixture by natural gradients."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch

from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.inference import natural_gradient
from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.inference.natural_gradient import (
    NaturalGradientSettings,
    NaturalGradientState,
)
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture
from vi_ik_ros.sampling.training.checkpoint import Checkpoint
from vi_ik_ros.sampling.training.runs.run import (
    FitProgress,
    Fitted,
    num_active,
    refuse_context,
    standing,
)
from vi_ik_ros.sampling.training.runs.starting_components import spread_components
from vi_ik_ros.sampling.training.scores import score_mixture


@dataclass(frozen=True)
class NaturalGradientFit:
    """Settings of a fit.

    The run ends after `steps` updates or `time_limit` seconds, whichever comes first, and its
    schedule follows the nearer of the two ends. Only a run that is bounded by steps repeats
    exactly under the same seed.

    Attributes:
        num_components: K.
        seed: of every draw.
        steps: updates.
        time_limit: [s]; infinite for none.
        num_samples: effective draws of each component in an update.
        order: of the Renyi divergence that is minimised in the end; 1/2 covers most, 1 (the reverse
            KL) stays closest to the target. See `NaturalGradientSettings`.
        reversed: the reverse KL is minimised up to the first of these parts of the fit, the Renyi
            divergence of that order from the second one on.
        tempered: part of the fit over which the target is cooled to itself.
        bounds: largest KL of a component's update, at first and at last. It shrinks from part
            `bounds_from` of the fit on: small steps average the noise of many estimates.
    """

    num_components: int = 20
    seed: int = 0
    steps: int = 200
    time_limit: float = math.inf
    num_samples: int = 100
    order: float = 0.9
    reversed: tuple[float, float] = (0.3, 0.7)
    tempered: float = 0.3
    bounds: tuple[float, float] = (0.3, 0.01)
    bounds_from: float = 0.3

    def at(self, fraction: float) -> NaturalGradientSettings:
        """Return the settings of a step at some fraction of the fit."""
        first, last = self.bounds
        most = first * (last / first) ** _within(fraction, (self.bounds_from, 1.0))
        return NaturalGradientSettings(
            num_samples=self.num_samples,
            order=1.0 + (self.order - 1.0) * _within(fraction, self.reversed),
            bounds=(min(1e-3, most), most),
        )


class NaturalGradientRun:
    """See `Run`."""

    def __init__(
        self,
        product: ProductOfExperts,
        settings: NaturalGradientFit,
        components: GaussianComponents | None = None,
    ) -> None:
        """Start from components, by default from ones that know the target.

        Args:
            product: the target, in float64.
            settings: sizes, length, seed.
            components: where to start.

        Raises:
            ObjectiveError: the product has a context, or is zero wherever it was looked at.
        """
        refuse_context(product, "gaussian")
        self._product, self._settings = product, settings
        self._final = product.annealed(1.0)
        pairs = zip(product.experts, self._final.experts, strict=True)
        self._anneals = any(one.density is not other.density for one, other in pairs)
        self._generator = torch.Generator().manual_seed(settings.seed)
        self._exponent = 1.0
        if components is None:
            components, self._exponent = spread_components(
                product, settings.num_components, self._generator
            )
        self._state = natural_gradient.init(components, bound=settings.bounds[0])
        self.step = 0

    @property
    def state(self) -> NaturalGradientState:
        """Where the fit stands."""
        return self._state

    @property
    def num_components(self) -> int:
        """See `Run.num_components`."""
        return num_active(self._state.components.log_weights.exp())

    def fraction(self, seconds: float) -> float:
        """See `Run.fraction`."""
        return min(1.0, max(self.step / self._settings.steps, seconds / self._settings.time_limit))

    def update(self, seconds: float) -> Mapping[str, float]:
        """See `Run.update`."""
        fraction, settings = self.fraction(seconds), self._settings
        cooled = fraction / settings.tempered if settings.tempered else 1.0
        annealing = self._anneals and cooled < 1.0
        state, info = natural_gradient.step(
            self._state,
            self._product.annealed(cooled) if annealing else self._final,
            settings=settings.at(fraction),
            generator=self._generator,
            exponent=self._exponent ** max(0.0, 1.0 - cooled),
        )
        # The draws of one target say nothing about the next one.
        self._state = state.forgotten() if annealing else state
        self.step = state.step
        return {"ELBO": info.elbo}

    def checkpoint(self) -> Checkpoint:
        """See `Run.checkpoint`."""
        tensors = self._state.tensors() | {"generator": self._generator.get_state()}
        return Checkpoint(tensors, {"exponent": self._exponent})

    def restore(self, checkpoint: Checkpoint) -> None:
        """See `Run.restore`."""
        self._generator.set_state(checkpoint.tensors["generator"])
        self._state = NaturalGradientState.from_tensors(checkpoint.tensors)
        self._exponent = float(str(checkpoint.facts["exponent"]))
        self.step = self._state.step

    def model(self) -> GaussianMixture:
        """Return the mixture as it stands."""
        chain, components = self._product.chain, self._state.components
        return GaussianMixture(
            components.log_weights.numpy(),
            components.loc.numpy(),
            components.scale_tril.numpy(),
            lower=chain.lower.double().numpy(),
            upper=chain.upper.double().numpy(),
        )

    def result(self) -> Fitted:
        """See `Run.result`."""
        model = self.model()
        return Fitted(model, score_mixture(model, self._product), np.empty((0, 0)))


def _within(fraction: float, span: tuple[float, float]) -> float:
    """Return how much of a span lies behind a fraction, 0 to 1."""
    begin, end = span
    return min(1.0, max(0.0, (fraction - begin) / (end - begin)))


def fit_natural_gradient(
    product: ProductOfExperts,
    settings: NaturalGradientFit,
    *,
    on_progress: Callable[[FitProgress], None] = lambda progress: None,
) -> NaturalGradientRun:
    """Fit in memory; the time limit counts from the call.

    Args:
        product: the target without context, in float64.
        settings: sizes, length, seed.
        on_progress: called after every update.

    Raises:
        ObjectiveError: see `NaturalGradientRun`.
    """
    begin = time.monotonic()
    run = NaturalGradientRun(product, settings)
    seconds = time.monotonic() - begin
    while run.fraction(seconds) < 1:
        figures = run.update(seconds)
        seconds = time.monotonic() - begin
        on_progress(standing(run, seconds, figures))
    return run
