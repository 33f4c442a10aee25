# SPDX-License-Identifier: Apache-2.0
"""The same on the graph of naive Bayes: each primitive succeeds by its own parameters."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from vi_ik_ros.skills.learning.graph_optimizer.factor_graph import Expert, FactorGraphOptimizer
from vi_ik_ros.skills.learning.graph_optimizer.settings import GraphSettings
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome
from vi_ik_ros.skills.learning.problem import Problem


class NaiveBayesOptimizer(FactorGraphOptimizer):
    """Learns one factor for each primitive that has parameters, Eq. (5.2).

    Args:
        problem: the graph, of which only the primitives and their parameters are used.
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
        self._graph = problem
        chain = naive_bayes_problem(problem)
        bundled = [naive_bayes_outcome(outcome, problem) for outcome in earlier]
        super().__init__(
            chain, seed, settings, expert=expert, safe_point=safe_point, earlier=bundled
        )

    def observe(self, outcome: EpisodeOutcome) -> None:
        """Take one more outcome, its constraints bundled by primitive."""
        super().observe(naive_bayes_outcome(outcome, self._graph))


def naive_bayes_problem(problem: Problem) -> Problem:
    """Return the problem whose factors are the primitives that have parameters."""
    nodes = _parametric(problem)
    return dataclasses.replace(
        problem,
        factors=tuple(problem.primitives[k] for k in nodes),
        adjacency=problem.scopes[nodes],
        activity=np.eye(len(problem.primitives), dtype=bool)[:, nodes],
    )


def naive_bayes_outcome(outcome: EpisodeOutcome, problem: Problem) -> EpisodeOutcome:
    """Return the outcome with one constraint for each primitive that has parameters.

    A primitive that succeeded has the worst metric of those factors of it that were kept, the
    one that failed that of those that fired.

    Args:
        outcome: of the factors of `problem`.
        problem: the graph that the episode was of.
    """
    nodes = _parametric(problem)
    last = outcome.last_primitive
    kept = np.where(nodes < last, 1.0, np.where(nodes == last, 0.0, np.nan))
    return dataclasses.replace(
        outcome,
        constraints=np.array([_worst_metric(outcome, problem, k) for k in nodes]),
        kept=kept,
        fired=(nodes == last) & (not outcome.success),
    )


def _parametric(problem: Problem) -> np.ndarray:
    return np.flatnonzero(problem.scopes.any(1))


def _worst_metric(outcome: EpisodeOutcome, problem: Problem, k: int) -> float:
    if k > outcome.last_primitive:
        return float("nan")
    failed_here = k == outcome.last_primitive and not outcome.success
    told = outcome.fired if failed_here else outcome.kept == 1.0
    metrics = outcome.constraints[problem.activity[k].astype(bool) & told]
    metrics = metrics[np.isfinite(metrics)]
    return float(metrics.max()) if len(metrics) else float("nan")
