# SPDX-License-Identifier: Apache-2.0
"""PIBU: probability of improvement inside, boundary uncertainty at the edge of a classifier."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.special import ndtr

from vi_ik_ros.skills.learning.peers.latent.laplace import LaplaceClassifier, SquaredExponential
from vi_ik_ros.skills.learning.peers.monolithic.history import History
from vi_ik_ros.skills.learning.peers.monolithic.optimizer import (
    Belief,
    MonolithicOptimizer,
    Settings,
)
from vi_ik_ros.skills.learning.problem import Problem


@dataclass(frozen=True)
class PibuSettings(Settings):
    """What PIBU leaves open; the defaults are those of its authors' code on our unit cube.

    Attributes:
        prior_mean: of the latent function, negative: where nothing is known an episode fails.
        prior_std: of the latent function.
        lengthscale: of the latent function, in the unit cube.
        band: |2 Pr - 1| below which a point counts as boundary.
        least_improvement: in cost.
        least_uncertainty: boundary points with a smaller share of `prior_std` count nothing.
    """

    prior_mean: float = -7.0
    prior_std: float = 6.0
    lengthscale: float = 0.1
    band: float = 0.1
    least_improvement: float = 0.0
    least_uncertainty: float = 0.0


@dataclass(frozen=True)
class LabelledSuccess:
    """The classifier as a success model.

    Attributes:
        classifier: of whole episodes.
    """

    classifier: LaplaceClassifier

    @classmethod
    def of(cls, history: History, settings: PibuSettings) -> "LabelledSuccess":
        """Fit the classifier; its hyper-parameters are fixed, as in its authors' code."""
        kernel = SquaredExponential(settings.lengthscale, settings.prior_std**2)
        return cls(LaplaceClassifier.fit(history.x, history.success, kernel, settings.prior_mean))

    def log_probability(self, x: np.ndarray) -> np.ndarray:
        """Return logs (m,) of the probability of success at points (m, n_xi)."""
        return np.log(np.maximum(self.classifier.probability(x), 1e-300))  # log 0 is no score


class Pibu(MonolithicOptimizer):
    """Eq. (4.5), the inner region and the boundary searched each on its own.

    Information: the cost of successful episodes and the label of every episode; no metric, not
    which primitive or factor failed. It was made for a start that is known to be safe
    (`safe_point`); without any success it goes where the latent function is least known.

    Args:
        problem: the skill.
        seed: of everything random.
        settings: what is left open.
        safe_point: (n_xi,) known to succeed, for the first episode, or None.
    """

    def __init__(
        self,
        problem: Problem,
        seed: int,
        settings: PibuSettings | None = None,
        *,
        safe_point: np.ndarray | None = None,
    ) -> None:
        self._settings = settings or PibuSettings()
        super().__init__(problem, seed, self._settings, self._tune, safe_point=safe_point)

    def acquire(self, belief: Belief, rng: np.random.Generator) -> tuple[np.ndarray, str]:
        """Return the better of the best inner and the best boundary point."""
        known = belief.history.x[belief.history.success]
        regions = {"improvement": self._improvement, "boundary": self._boundary}
        found = {
            reason: self.search.maximise(partial(score, belief=belief), rng, known)
            for reason, score in regions.items()
        }
        reason = max(found, key=lambda one: found[one][1])
        x, value = found[reason]
        if value > 0.0:
            return x, reason
        uncertainty = partial(self._latent_std, belief=belief)
        return self.search.maximise(uncertainty, rng, known)[0], "uncertainty"

    def _improvement(self, x: np.ndarray, belief: Belief) -> np.ndarray:
        """Return the probability of improvement (m,) inside, -inf elsewhere."""
        if belief.costs is None:
            return np.full(len(x), -np.inf)
        mean, std = belief.cost(x)
        deviation = np.sqrt(std**2 + belief.costs.noise_variance)
        least = belief.incumbent - self._settings.least_improvement
        inside = self._mean_class(x, belief) > self._settings.band
        return np.where(inside, ndtr((least - mean) / deviation), -np.inf)

    def _boundary(self, x: np.ndarray, belief: Belief) -> np.ndarray:
        """Return the share (m,) of the prior's uncertainty left on the boundary, -inf elsewhere."""
        share = self._latent_std(x, belief) / self._settings.prior_std
        near = np.abs(self._mean_class(x, belief)) < self._settings.band
        return np.where(near & (share >= self._settings.least_uncertainty), share, -np.inf)

    def _mean_class(self, x: np.ndarray, belief: Belief) -> np.ndarray:
        return 2.0 * np.exp(belief.success.log_probability(x)) - 1.0

    def _latent_std(self, x: np.ndarray, belief: Belief) -> np.ndarray:
        model = belief.success
        assert isinstance(model, LabelledSuccess)
        return model.classifier.predict(x)[1]

    def _tune(self, past: History) -> partial[LabelledSuccess]:
        del past  # only the cost model is refitted
        return partial(LabelledSuccess.of, settings=self._settings)
