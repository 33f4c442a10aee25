# SPDX-License-Identifier: Apache-2.0
"""Bayesian optimisation on the factor graph of a skill (Algorithm 2)."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.learning.graph_optimizer.acquisition import log_acquisition
from vi_ik_ros.skills.learning.graph_optimizer.graph_model import (
    GraphHyperparameters,
    GraphModel,
    learn_graph,
)
from vi_ik_ros.skills.learning.graph_optimizer.recommendation import best_recommendation
from vi_ik_ros.skills.learning.graph_optimizer.search import largest
from vi_ik_ros.skills.learning.graph_optimizer.settings import GraphSettings
from vi_ik_ros.skills.learning.initial_design import initial_points
from vi_ik_ros.skills.learning.models.refit_schedule import last_refit
from vi_ik_ros.skills.learning.models.structure_check import missing_edges, with_edges
from vi_ik_ros.skills.learning.models.success_model import Classifier, SuccessModel
from vi_ik_ros.skills.learning.optimizer import Recommendation, Suggestion
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome
from vi_ik_ros.skills.learning.problem import Problem
from vi_ik_ros.skills.learning.surroundings import log_share_inside

_ROUNDING = 1e-9  # parameters come back from their units
_ACQUISITION, _RECOMMENDATION, _REHEARSAL = range(3)  # what a search is for

Expert = Callable[[Sequence[EpisodeOutcome]], Classifier]


class FactorGraphOptimizer:
    """Learns each constraint on its own few parameters, and each cost on its own.

    Args:
        problem: the graph.
        seed: of the initial design and of the searches.
        settings: switches.
        expert: learns a classifier of whole episodes, to be multiplied in, or None.
        safe_point: (n_xi,) known to succeed, for the first episode, or None.
        earlier: outcomes of a similar skill; with them there is no initial design.
    """

    def __init__(
        self,
        problem: Problem,
        seed: int,
        settings: GraphSettings | None = None,
        *,
        expert: Expert | None = None,
        safe_point: np.ndarray | None = None,
        earlier: Sequence[EpisodeOutcome] = (),
    ) -> None:
        self._problem, self._seed = problem, seed
        self._settings = settings or GraphSettings()
        self._expert, self._earlier = expert, tuple(earlier)
        num_initial = 0 if earlier else self._settings.num_initial
        self._initial = initial_points(
            problem.num_parameters, seed, num_initial, safe_point=safe_point
        )
        self._outcomes: list[EpisodeOutcome] = []
        self._before: GraphModel | None = None  # of the similar skill
        self._refit: tuple[int, GraphHyperparameters] | None = None  # of the first so many
        self._model: tuple[int, GraphModel, SuccessModel] | None = None

    def observe(self, outcome: EpisodeOutcome) -> None:
        """Take one more outcome.

        Raises:
            InvalidInput: its parameters are not in the unit cube, or it has infinite numbers.
        """
        n_xi = self._problem.num_parameters
        is_inside = np.abs(outcome.x - 0.5) <= 0.5 + _ROUNDING
        if np.shape(outcome.x) != (n_xi,) or not is_inside.all():
            raise InvalidInput("outcome.x", outcome.x, f"{n_xi} numbers from 0 to 1")
        for field in ("costs", "constraints"):
            if np.isinf(getattr(outcome, field)).any():
                raise InvalidInput(f"outcome.{field}", getattr(outcome, field), "finite or NaN")
        self._outcomes.append(outcome)

    def suggest(self) -> Suggestion:
        """Return the parameters of the next episode.

        They are those of the largest acquisition or, now and then, those that would be
        recommended (`rehearse_every`).
        """
        seen = len(self._outcomes)
        if seen < len(self._initial):
            return Suggestion(self._initial[seen], float("nan"), "initial")
        model, success = self._learned()
        settings, known = self._settings, self._successes()
        if self._rehearses():
            found = self._best(settings.rehearsed_probability, _REHEARSAL)
            return Suggestion(found.x, found.probability, "rehearsal")
        radius = 0.0 if len(known) or self._earlier else settings.surroundings
        seeks_feasibility = settings.before_success == "probability" and not len(known)

        def score(points: np.ndarray) -> np.ndarray:
            if seeks_feasibility:
                return success.log_probability(points) + log_share_inside(points, radius)
            gain = log_acquisition(points, success, model.costs, settings.acquisition)
            return gain + log_share_inside(points, radius)

        x = largest(
            score,
            self._problem.num_parameters,
            np.random.default_rng([self._seed, seen, _ACQUISITION]),
            start=known,
            num=settings.num_candidates,
        )
        probability = float(np.exp(success.log_probability(x[None])[0]))
        reason = "feasibility" if seeks_feasibility else "acquisition"
        return Suggestion(x, probability, reason)

    def recommend(self, required_probability: float) -> Recommendation:
        """Return the cheapest parameters that succeed with at least such a probability."""
        return self._best(required_probability, _RECOMMENDATION, self._settings.caution)

    def _rehearses(self) -> bool:
        """Say whether the next episode is one of what would be recommended."""
        every = self._settings.rehearse_every
        is_known = bool(self._earlier) or any(outcome.success for outcome in self._outcomes)
        return every > 0 and is_known and len(self._outcomes) % every == 0

    def _best(self, probability: float, purpose: int, caution: float = 0.0) -> Recommendation:
        """Return the cheapest that is probable enough; each purpose has its own random search."""
        model, success = self._learned()
        return best_recommendation(
            success,
            model.costs,
            probability,
            start=self._successes(),
            rng=np.random.default_rng([self._seed, len(self._outcomes), purpose]),
            num_candidates=2 * self._settings.num_candidates,
            caution=caution,
        )

    def _successes(self) -> np.ndarray:
        """Return the parameters (s, n_xi) of the episodes that succeeded."""
        points = [outcome.x for outcome in self._outcomes if outcome.success]
        return np.array(points).reshape(-1, self._problem.num_parameters)

    def _learned(self) -> tuple[GraphModel, SuccessModel]:
        """Return the models of all outcomes so far."""
        seen = len(self._outcomes)
        if self._model is None or self._model[0] != seen:
            known = self._hyperparameters(last_refit(seen, self._settings.num_initial))
            model = self._learn(self._outcomes, known)
            classifier = self._expert(tuple(self._outcomes)) if self._expert else None
            activity, share = self._problem.activity, self._settings.expert_share
            success = SuccessModel(model.factors, activity, classifier, share)
            self._model = seen, model, success
        return self._model[1], self._model[2]

    def _hyperparameters(self, refit: int) -> GraphHyperparameters:
        """Return those that fit the first `refit` outcomes, whenever they are asked for."""
        if self._refit is None or self._refit[0] != refit:
            outcomes = self._outcomes[:refit]
            model = self._learn(outcomes)
            self._refit = refit, self._with_missing_edges(model, outcomes)
        return self._refit[1]

    def _with_missing_edges(
        self, model: GraphModel, outcomes: Sequence[EpisodeOutcome]
    ) -> GraphHyperparameters:
        """Return what a model fitted, and fit again if the data ask for edges."""
        settings, problem = self._settings, self._problem
        if not settings.structure_check or self._before is not None:
            return model.hyperparameters(problem.adjacency)
        scale = settings.constraints.smallest_scale
        edges = missing_edges(model.factors, problem.adjacency, settings.edge_gain, scale)
        rows = with_edges(problem.adjacency, edges)
        if edges:
            model = learn_graph(outcomes, dataclasses.replace(problem, adjacency=rows), settings)
        return model.hyperparameters(rows)

    def _learn(
        self, outcomes: Sequence[EpisodeOutcome], known: GraphHyperparameters | None = None
    ) -> GraphModel:
        return learn_graph(outcomes, self._problem, self._settings, known, earlier=self._similar())

    def _similar(self) -> GraphModel | None:
        """Return what is known of the similar skill, with the edges that its data ask for."""
        if self._earlier and self._before is None:
            before, settings = self._earlier, self._settings
            model = learn_graph(before, self._problem, settings)
            known = self._with_missing_edges(model, before)
            self._before = learn_graph(before, self._problem, settings, known)
        return self._before
