# SPDX-License-Identifier: Apache-2.0
"""The one interface of every density over configurations that may depend on a context."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from vi_ik_ros.exceptions import RequestError


@dataclass(frozen=True)
class Samples:
    """Configurations drawn from a conditional model, context after context.

    Attributes:
        q: (B, n, D) drawn configurations [rad, m], always inside the limits of the model.
        log_prob: (B, n) log density of each row under the model, normalised; NaN where the model
            has none.
        component: (B, n) uint32, the mixture component each row came from; 0 without components.
        redrawn: number of draws thrown away because they lay outside the limits.
    """

    q: np.ndarray
    log_prob: np.ndarray
    component: np.ndarray
    redrawn: int = 0


class ConditionalModel(ABC):
    """A density q(x | c) over R^D that knows no robot, only numbers.

    Whatever a model stores is in `options()` (architecture, JSON-able) and `tensors()` (weights);
    `from_tensors(options, tensors)` gives the same model back.

    Attributes:
        family: name under which `families.FAMILIES` lists the class.
        num_dims: D, length of a configuration.
        context_size: dc, length of a context row; 0 for an unconditional model.
        num_components: K, number of mixture components; 1 for a model without components.
        has_log_prob: whether there is a density; without one `log_prob` is refused.
        repeats: whether a context always brings the same draws, the best first: then there are
            others only among more of them.
    """

    family: str
    num_dims: int
    context_size: int
    num_components: int
    has_log_prob: bool = True
    repeats: bool = False

    @abstractmethod
    def sample(
        self, contexts: np.ndarray, num_samples: int, rngs: Sequence[np.random.Generator]
    ) -> Samples:
        """Draw configurations for each context, never outside the limits.

        Args:
            contexts: (B, dc) context rows in wire form (a pose is x y z qx qy qz qw).
            num_samples: n, draws for each context.
            rngs: B generators; row i uses rngs[i] alone, so a batch equals single calls.
        """

    @abstractmethod
    def log_prob(self, q: np.ndarray, contexts: np.ndarray) -> np.ndarray:
        """Return the normalised log density (B, n) of configurations q, (B, n, D).

        Raises:
            ModelRefused: the model has none, see `has_log_prob`.
        """

    def sample_configurations(
        self, contexts: np.ndarray, num_samples: int, rngs: Sequence[np.random.Generator]
    ) -> np.ndarray:
        """Draw the configurations (B, n, D) of `sample` without what else it would tell of them.

        Args:
            contexts: See `sample`.
            num_samples: See `sample`.
            rngs: See `sample`.
        """
        return self.sample(contexts, num_samples, rngs).q

    def at_temperature(self, temperature: float) -> Self:
        """Return the model with its components, or its noise, so many times as wide.

        Its `log_prob` is the density of its own draws, so it is as exact as that of this model.
        It is made to draw from, not to be stored.

        Args:
            temperature: factor on standard deviations, above 0; 1 gives this model itself.

        Raises:
            RequestError: nothing in this family has a width.
        """
        return self if temperature == 1.0 else self._widened(temperature)

    def _widened(self, factor: float) -> Self:
        """Return a copy, so many times as wide; families override it where they can."""
        expected = f"1 (or 0): nothing is random in a model of the family {self.family}"
        raise RequestError("temperature", factor, expected)

    @abstractmethod
    def options(self) -> dict[str, object]:
        """Return the architecture as a mapping that JSON can hold."""

    @abstractmethod
    def tensors(self) -> dict[str, np.ndarray]:
        """Return every weight by name; no name starts with `extra.`."""

    @classmethod
    @abstractmethod
    def from_tensors(cls, options: Mapping[str, object], tensors: Mapping[str, np.ndarray]) -> Self:
        """Build the model that `options()` and `tensors()` described.

        Raises:
            InvalidInput: a tensor is missing or has another shape than the options say.
        """
