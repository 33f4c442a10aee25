# SPDX-License-Identifier: Apache-2.0
"""Everything that is learned of a skill from its episodes."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.skills.learning.graph_optimizer.acquisition import CostModel
from vi_ik_ros.skills.learning.graph_optimizer.assignment import constraint_data
from vi_ik_ros.skills.learning.graph_optimizer.settings import GraphSettings
from vi_ik_ros.skills.learning.models.constraint_model import (
    ConstraintHyperparameters,
    ConstraintModel,
    learn_constraint,
    learn_from_earlier,
)
from vi_ik_ros.skills.learning.models.gaussian_process import (
    GaussianProcess,
    Standardisation,
    TrainingData,
)
from vi_ik_ros.skills.learning.models.hyperparameters import (
    Hyperparameters,
    usual_hyperparameters,
)
from vi_ik_ros.skills.learning.models.transferred_process import TransferredProcess
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome
from vi_ik_ros.skills.learning.problem import Problem

_SMALLEST_COST_SCALE = 1e-3  # costs are 0 to 1


@dataclass(frozen=True)
class GraphHyperparameters:
    """What stays the same between refits.

    Attributes:
        factors: (n_g) of the constraints.
        costs: (n_V) of the costs; None where there was nothing to fit.
        adjacency: (n_g, n_xi) bool, with the edges that were added.
    """

    factors: tuple[ConstraintHyperparameters, ...]
    costs: tuple[Hyperparameters | None, ...]
    adjacency: np.ndarray


@dataclass(frozen=True)
class GraphModel:
    """Models of all factors and costs.

    Attributes:
        factors: (n_g) of the constraints.
        costs: (n_V) of the primitives.
    """

    factors: tuple[ConstraintModel, ...]
    costs: tuple[CostModel, ...]

    def hyperparameters(self, adjacency: np.ndarray) -> GraphHyperparameters:
        """Return what models of more episodes may use as well."""
        return GraphHyperparameters(
            tuple(factor.hyperparameters for factor in self.factors),
            tuple(cost.process.hyperparameters if cost.process else None for cost in self.costs),
            adjacency,
        )


def learn_graph(
    outcomes: Sequence[EpisodeOutcome],
    problem: Problem,
    settings: GraphSettings,
    known: GraphHyperparameters | None = None,
    *,
    earlier: GraphModel | None = None,
) -> GraphModel:
    """Learn every factor and cost; a function of its arguments alone.

    Args:
        outcomes: all of them.
        problem: the graph; `known.adjacency` wins over its own.
        settings: switches.
        known: hyper-parameters; None fits them.
        earlier: what was learned of a similar skill, or None; factors and costs that it knows
            keep its graph, and only how they differ is fitted.
    """
    data = constraint_data(outcomes, problem, settings)
    rows = problem.adjacency if known is None else known.adjacency

    def factor(j: int) -> ConstraintModel:
        if earlier is not None and earlier.factors[j].hyperparameters.safe is not None:
            before = earlier.factors[j]
            return learn_from_earlier(before, data[j], settings.expected_difference)
        theta = None if known is None else known.factors[j]
        return learn_constraint(data[j], rows[j].astype(bool), theta, settings.constraints)

    def cost(k: int) -> CostModel:
        data = _cost_data(k, outcomes)
        if earlier is not None and isinstance(earlier.costs[k].process, GaussianProcess):
            return _cost_from_earlier(k, data, earlier.costs[k], best, settings)
        theta = None if known is None else known.costs[k] or _usual(problem, k)
        return _learn_cost(k, data, problem, theta, best)

    best = best_success(outcomes, problem)
    factors, nodes = range(len(problem.factors)), range(len(problem.primitives))
    if settings.num_workers <= 1:
        return GraphModel(tuple(map(factor, factors)), tuple(map(cost, nodes)))
    with ThreadPoolExecutor(settings.num_workers) as pool:
        found = pool.map(factor, factors), pool.map(cost, nodes)
        return GraphModel(tuple(found[0]), tuple(found[1]))


def best_success(outcomes: Sequence[EpisodeOutcome], problem: Problem) -> EpisodeOutcome | None:
    """Return the successful episode of least cost, or None."""
    successes = [outcome for outcome in outcomes if outcome.success]
    return min(successes, key=lambda one: one.cost(problem.weights), default=None)


def _usual(problem: Problem, k: int) -> Hyperparameters:
    return usual_hyperparameters(int(problem.scopes[k].sum()))


def _cost_data(k: int, outcomes: Sequence[EpisodeOutcome]) -> TrainingData:
    """Return what a primitive cost where it succeeded."""
    valid = [outcome for outcome in outcomes if np.isfinite(outcome.costs[k])]
    points = np.array([outcome.x for outcome in valid]).reshape(len(valid), -1 if valid else 0)
    return TrainingData.of(points, np.array([outcome.costs[k] for outcome in valid], dtype=float))


def _learn_cost(
    k: int,
    data: TrainingData,
    problem: Problem,
    theta: Hyperparameters | None,
    best: EpisodeOutcome | None,
) -> CostModel:
    """Learn the cost of a primitive; `best` is the episode to be improved on, if there is one."""
    weight = float(problem.weights[k])
    if not len(data.outputs) or weight <= 0.0:
        return CostModel(None, weight, float("nan"))
    scaling = Standardisation.of(data.outputs, _SMALLEST_COST_SCALE)
    process = GaussianProcess(data, problem.scopes[k].astype(bool), scaling, theta)
    least = float(data.outputs.min())
    reached = least if best is None or np.isnan(best.costs[k]) else float(best.costs[k])
    return CostModel(process, weight, reached)


def _cost_from_earlier(
    k: int,
    data: TrainingData,
    earlier: CostModel,
    best: EpisodeOutcome | None,
    settings: GraphSettings,
) -> CostModel:
    """Learn how the cost of a primitive differs from that of a similar skill."""
    assert isinstance(earlier.process, GaussianProcess)
    process = TransferredProcess(earlier.process, data, settings.expected_difference)
    reached = earlier.best if best is None or np.isnan(best.costs[k]) else float(best.costs[k])
    return CostModel(process, earlier.weight, reached)
