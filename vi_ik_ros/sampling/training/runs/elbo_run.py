# SPDX-License-Identifier: Apache-2.0
"""The fit of an unconditional mixture by path gradients of its ELBO, Eq. (14)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.inference import component_elbo
from vi_ik_ros.sampling.inference.component_elbo import ElboSettings, ElboState
from vi_ik_ros.sampling.inference.components.banana_components import BananaComponents
from vi_ik_ros.sampling.models.component_mixture import ComponentMixture
from vi_ik_ros.sampling.training.checkpoint import Checkpoint
from vi_ik_ros.sampling.training.runs.mixture_run import MIXTURES, num_bends
from vi_ik_ros.sampling.training.runs.run import Fitted, num_active, refuse_context
from vi_ik_ros.sampling.training.runs.starting_components import spread_components
from vi_ik_ros.sampling.training.scores import score_mixture

NUM_STEPS = 2000  # unless told


@dataclass(frozen=True)
class ElboFit:
    """Settings of a fit; the schedule follows the nearer of its two ends.

    Attributes:
        num_components: K.
        seed: of every draw.
        steps: updates.
        time_limit: [s]; infinite for none.
    """

    num_components: int = 20
    seed: int = 0
    steps: int = NUM_STEPS
    time_limit: float = math.inf


class ElboRun:
    """See `Run`. With priorities, components follow the filtered gradient."""

    def __init__(self, product: ProductOfExperts, family: str, settings: ElboFit) -> None:
        """Start from components that know the target.

        Args:
            product: the target, in float64.
            family: `gaussian` or `banana`.
            settings: sizes, length, seed.

        Raises:
            ObjectiveError: the product has a context, or is zero wherever it was looked at.
        """
        refuse_context(product, family)
        self._product, self._family, self._settings = product, family, settings
        self._generator = torch.Generator().manual_seed(settings.seed)
        components, _ = spread_components(product, settings.num_components, self._generator)
        if family == "banana":
            components = BananaComponents.straight(components, num_bends(product))
        self._state = component_elbo.init(components)

    @property
    def step(self) -> int:
        """Return the number of updates done."""
        return self._state.step

    @property
    def num_components(self) -> int:
        """See `Run.num_components`."""
        return num_active(torch.softmax(self._state.parameters["logits"], 0))

    def fraction(self, seconds: float) -> float:
        """See `Run.fraction`."""
        return min(1.0, max(self.step / self._settings.steps, seconds / self._settings.time_limit))

    def update(self, seconds: float) -> Mapping[str, float]:
        """See `Run.update`."""
        fraction = self.fraction(seconds)
        ahead = ElboSettings(num_steps=self._settings.steps)
        if fraction > 0.0:  # The schedule sees as many steps as the run will have at this pace.
            ahead = replace(ahead, num_steps=max(1, round(self.step / fraction)))
        self._state, info = component_elbo.step(
            self._state,
            self._product.annealed(fraction),
            settings=ahead,
            generator=self._generator,
        )
        return {"ELBO": info.elbo}

    def checkpoint(self) -> Checkpoint:
        """See `Run.checkpoint`."""
        return Checkpoint(
            self._state.tensors() | {"generator": self._generator.get_state()},
            {"updates": self.step},
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """See `Run.restore`."""
        tensors = dict(checkpoint.tensors)
        self._generator.set_state(tensors.pop("generator"))
        self._state = ElboState.from_tensors(tensors)

    def result(self) -> Fitted:
        """See `Run.result`."""
        chain, components = self._product.chain, self._state.components
        tensors = {name: value.numpy() for name, value in components.tensors().items()}
        limits = {"lower": chain.lower.tolist(), "upper": chain.upper.tolist()}
        model: ComponentMixture = MIXTURES[self._family].from_tensors(limits, tensors)
        return Fitted(model, score_mixture(model, self._product), np.empty((0, 0)))
