# SPDX-License-Identifier: Apache-2.0
"""What the rivals have in common: initial points, models of cost and success, recommendation."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.learning.initial_design import NUM_INITIAL, initial_points
from vi_ik_ros.skills.learning.models.hyperparameters import Hyperparameters
from vi_ik_ros.skills.learning.models.refit_schedule import last_refit
from vi_ik_ros.skills.learning.optimizer import Recommendation, Suggestion
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome
from vi_ik_ros.skills.learning.peers.monolithic.history import History
from vi_ik_ros.skills.learning.peers.monolithic.search import Search
from vi_ik_ros.skills.learning.peers.monolithic.success import (
    MonolithicProcess,
    SuccessModel,
    SuccessTuner,
    cost_process,
)
from vi_ik_ros.skills.learning.problem import Problem

SUGGESTING, RECOMMENDING = 0, 1  # streams of random numbers


@dataclass(frozen=True)
class Settings:
    """What every rival leaves open.

    Attributes:
        num_initial: episodes of the initial design.
        num_candidates: points at which a search begins.
    """

    num_initial: int = NUM_INITIAL
    num_candidates: int = 1024

    def __post_init__(self) -> None:
        """Refuse counts that leave nothing to learn from or to choose among."""
        if self.num_initial < 1:
            raise InvalidInput("num_initial", self.num_initial, "at least 1 episode")
        if self.num_candidates < 64:
            raise InvalidInput("num_candidates", self.num_candidates, "at least 64 points")


@dataclass(frozen=True)
class Belief:
    """What a rival thinks after some episodes.

    Attributes:
        history: those episodes.
        costs: the cost of successes; None before the first one.
        success: of the whole skill.
    """

    history: History
    costs: MonolithicProcess | None
    success: SuccessModel

    @cached_property
    def incumbent(self) -> float:
        """Return the least expected cost at a success: f+ of Eq. (4.3) for noisy costs."""
        if self.costs is None:
            return float("nan")
        return float(self.costs.predict(self.history.x[self.history.success])[0].min())

    def cost(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return means and latent standard deviations (m,) of the cost, NaN before a success."""
        if self.costs is None:
            nothing = np.full(len(x), np.nan)
            return nothing, nothing
        mean, variance = self.costs.predict(x)
        return mean, np.sqrt(variance)


@dataclass(frozen=True)
class _Tuned:
    """Hyper-parameters, and to how many episodes they were fitted."""

    count: int
    costs: Hyperparameters
    success: Callable[[History], SuccessModel]


class MonolithicOptimizer(ABC):
    """A rival: one model of cost and one of success, each over all parameters.

    Hyper-parameters are fitted to the first episodes up to the latest refit of the schedule, so
    that a suggestion follows from seed and outcomes alone.

    Args:
        problem: the skill.
        seed: of everything random.
        settings: what is left open.
        tune_success: fits the hyper-parameters of the success model.
        safe_point: (n_xi,) known to succeed, for the first episode, or None.
    """

    def __init__(
        self,
        problem: Problem,
        seed: int,
        settings: Settings,
        tune_success: SuccessTuner,
        *,
        safe_point: np.ndarray | None,
    ) -> None:
        self.problem = problem
        self.search = Search(problem.num_parameters, settings.num_candidates)
        self._seed = seed
        self._initial = initial_points(
            problem.num_parameters,
            seed,
            settings.num_initial,
            safe_point=safe_point,
        )
        self._outcomes: list[EpisodeOutcome] = []
        self._tune_success = tune_success
        self._tuned: _Tuned | None = None
        self._belief: Belief | None = None

    def observe(self, outcome: EpisodeOutcome) -> None:
        """Take one more outcome."""
        self._outcomes.append(outcome)
        self._belief = None

    def suggest(self) -> Suggestion:
        """Return the parameters of the next episode."""
        n = len(self._outcomes)
        if n < len(self._initial):
            return Suggestion(self._initial[n], float("nan"), "initial")
        belief = self.belief()
        x, reason = self.acquire(belief, np.random.default_rng([self._seed, SUGGESTING, n]))
        return Suggestion(x, float(np.exp(belief.success.log_probability(x[None])[0])), reason)

    def recommend(self, required_probability: float) -> Recommendation:
        """Return the least expected cost where success is likely enough, Eq. (5.14).

        Where it is nowhere likely enough, the point of the most likely success.
        """
        if not self._outcomes:
            return Recommendation(self._initial[0], float("nan"), float("nan"), False)
        belief = self.belief()
        required = np.log(required_probability)

        def score(x: np.ndarray) -> np.ndarray:
            log_probability = belief.success.log_probability(x)
            unlikely = log_probability - 1e6  # below every cost
            if belief.costs is None:
                return unlikely
            return np.where(log_probability >= required, -belief.cost(x)[0], unlikely)

        rng = np.random.default_rng([self._seed, RECOMMENDING, len(self._outcomes)])
        history = belief.history
        x, _ = self.search.maximise(score, rng, history.x[history.success])
        probability = float(np.exp(belief.success.log_probability(x[None])[0]))
        cost = float(belief.cost(x[None])[0][0])
        return Recommendation(x, probability, cost, probability >= required_probability)

    def belief(self) -> Belief:
        """Return what follows from the outcomes so far."""
        if self._belief is None:
            history = History.of(self._outcomes, self.problem)
            tuned = self._hyperparameters(history)
            costs = cost_process(history, tuned.costs) if history.success.any() else None
            self._belief = Belief(history, costs, tuned.success(history))
        return self._belief

    def _hyperparameters(self, history: History) -> _Tuned:
        """Return those of the latest refit."""
        count = last_refit(len(history), len(self._initial))
        if self._tuned is None or self._tuned.count != count:
            past = history.first(count)
            costs = cost_process(past, None).hyperparameters
            self._tuned = _Tuned(count, costs, self._tune_success(past))
        return self._tuned

    @abstractmethod
    def acquire(self, belief: Belief, rng: np.random.Generator) -> tuple[np.ndarray, str]:
        """Return the next point (n_xi,) and in one word why."""
