# SPDX-License-Identifier: Apache-2.0
"""One thing that an ablation changes, of an optimiser or of what it sees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from vi_ik_ros.benchmarks.skill_learning.runs.earlier_episodes import earlier_episodes
from vi_ik_ros.benchmarks.skill_learning.runs.run_key import RunKey
from vi_ik_ros.skills.learning.methods import DEFAULT_METHOD, make_optimizer
from vi_ik_ros.skills.learning.models.success_model import Classifier
from vi_ik_ros.skills.learning.optimizer import Optimizer
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome
from vi_ik_ros.skills.learning.problem import Problem


@dataclass(frozen=True)
class Variant:
    """What is different.

    Attributes:
        options: of the method; none: as it is.
        method: that it is a variant of; '' if it is one of every method.
        missing_edge: factor and parameter of an edge that the optimiser is not told of, or none.
        has_every_edge: whether it is told that everything depends on all parameters.
        hides_metrics: whether metrics of violated constraints are not told.
        starts_safe: whether the first episode is at the defaults of the parameters, which are
            known to succeed.
        starts_warm: whether it begins with the episodes of a run on another stiffness.
        asks_expert: whether a classifier of whole episodes is multiplied in (spec 5.7).
    """

    options: Mapping[str, object] = field(default_factory=dict)
    method: str = DEFAULT_METHOD
    missing_edge: tuple[str, ...] = ()
    has_every_edge: bool = False
    hides_metrics: bool = False
    starts_safe: bool = False
    starts_warm: bool = False
    asks_expert: bool = False

    def optimizer(self, key: RunKey, problem: Problem) -> Optimizer:
        """Make the optimiser of a run.

        Args:
            key: of the run.
            problem: of its task.
        """
        told = self.told(problem)
        if self.asks_expert:
            return _with_expert(told, key.seed)
        return make_optimizer(
            key.method,
            told,
            key.seed,
            safe_point=safe_point(problem) if self.starts_safe else None,
            earlier=earlier_episodes(key.task, key.seed) if self.starts_warm else (),
            **self.options,
        )

    def seen(self, outcome: EpisodeOutcome) -> EpisodeOutcome:
        """Return what the optimiser sees of an outcome."""
        if not self.hides_metrics:
            return outcome
        violated = outcome.kept == 0.0
        return replace(outcome, constraints=np.where(violated, np.nan, outcome.constraints))

    def told(self, problem: Problem) -> Problem:
        """Return the problem as the optimiser knows it."""
        adjacency = problem.adjacency.copy()
        if self.has_every_edge:
            adjacency[:] = True
            return replace(problem, adjacency=adjacency, scopes=np.ones_like(problem.scopes))
        if not self.missing_edge:
            return problem
        factor, parameter = self.missing_edge
        adjacency[problem.factors.index(factor), problem.space.names.index(parameter)] = False
        return replace(problem, adjacency=adjacency)


def safe_point(problem: Problem) -> np.ndarray:
    """Return (n_xi,) in the unit cube: the defaults, chosen to succeed."""
    defaults = [[parameter.default for parameter in problem.space.parameters]]
    return problem.space.to_unit(np.array(defaults))[0]


def _with_expert(problem: Problem, seed: int) -> Optimizer:
    """Return the factor graph with PIBU's classifier as one more expert."""
    from vi_ik_ros.skills.learning.graph_optimizer.factor_graph import FactorGraphOptimizer
    from vi_ik_ros.skills.learning.peers.monolithic.history import History
    from vi_ik_ros.skills.learning.peers.pibu import LabelledSuccess, PibuSettings

    def expert(outcomes: Sequence[EpisodeOutcome]) -> Classifier:
        found = LabelledSuccess.of(History.of(outcomes, problem), PibuSettings())
        return found.classifier.probability

    return FactorGraphOptimizer(problem, seed, expert=expert)
