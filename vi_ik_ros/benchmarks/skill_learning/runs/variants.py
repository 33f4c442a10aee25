# SPDX-License-Identifier: Apache-2.0
"""The optimisers as they are, and ablations: one thing changed, of them or of what they see."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from vi_ik_ros.benchmarks.skill_learning.runs.run_key import RunKey
from vi_ik_ros.skills.learning.methods import make_optimizer
from vi_ik_ros.skills.learning.optimizer import Optimizer
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome
from vi_ik_ros.skills.learning.problem import Problem

GRAPH = "factor_graph"  # the method that ablations are of


@dataclass(frozen=True)
class Variant:
    """What is different.

    Attributes:
        options: of the method; none: as it is.
        missing_edge: factor and parameter of an edge that the optimiser is not told of, or none.
        hides_metrics: whether metrics of violated constraints are not told.
        starts_safe: whether the first episode is at the defaults of the parameters, which are
            known to succeed.
    """

    options: Mapping[str, object] = field(default_factory=dict)
    missing_edge: tuple[str, ...] = ()
    hides_metrics: bool = False
    starts_safe: bool = False

    def optimizer(self, key: RunKey, problem: Problem) -> Optimizer:
        """Make the optimiser of a run.

        Args:
            key: of the run.
            problem: of its task.
        """
        start = safe_point(problem) if self.starts_safe else None
        told = self.told(problem)
        return make_optimizer(key.method, told, key.seed, safe_point=start, **self.options)

    def seen(self, outcome: EpisodeOutcome) -> EpisodeOutcome:
        """Return what the optimiser sees of an outcome."""
        if not self.hides_metrics:
            return outcome
        violated = outcome.kept == 0.0
        return replace(outcome, constraints=np.where(violated, np.nan, outcome.constraints))

    def told(self, problem: Problem) -> Problem:
        """Return the problem as the optimiser knows it, without the missing edge."""
        if not self.missing_edge:
            return problem
        factor, parameter = self.missing_edge
        adjacency = problem.adjacency.copy()
        adjacency[problem.factors.index(factor), problem.space.names.index(parameter)] = False
        return replace(problem, adjacency=adjacency)


def safe_point(problem: Problem) -> np.ndarray:
    """Return (n_xi,) in the unit cube: the defaults, chosen to succeed."""
    defaults = [[parameter.default for parameter in problem.space.parameters]]
    return problem.space.to_unit(np.array(defaults))[0]


SEARCH_GAIN = ("search", "force_gain")
CORRECTION_GAIN = ("correction", "force_gain")
CHECK = {"structure_check": True}
ARTIFICIAL = {"failed_metrics": "artificial"}
SAFE = "safe_point"  # the variant that is of every method
VARIANTS: dict[str, Variant] = {
    "": Variant(),
    SAFE: Variant(starts_safe=True),
    "checked": Variant(CHECK),
    "no_search_gain": Variant(missing_edge=SEARCH_GAIN),
    "no_search_gain_checked": Variant(CHECK, missing_edge=SEARCH_GAIN),
    "no_correction_gain": Variant(missing_edge=CORRECTION_GAIN),
    "no_correction_gain_checked": Variant(CHECK, missing_edge=CORRECTION_GAIN),
    "metrics_hidden": Variant(ARTIFICIAL, hides_metrics=True),
    "thresholds_estimated": Variant({**ARTIFICIAL, "threshold": "estimated"}, hides_metrics=True),
}
