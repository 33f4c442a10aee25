# SPDX-License-Identifier: Apache-2.0
"""A learning run without a plant: episodes of a skill that are made up from their parameters."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from vi_ik_ros.skills.execution.episode import Episode, FactorOutcome, Outcome, PrimitiveOutcome
from vi_ik_ros.skills.execution.graph.skill_file import skill_from
from vi_ik_ros.skills.execution.trace import Trace
from vi_ik_ros.skills.learning.optimizer import Recommendation, Suggestion
from vi_ik_ros.skills.learning.problem import Problem
from vi_ik_ros.skills.learning.run.learning_run import LearningRun
from vi_ik_ros.skills.plants.scene.yaml_file import load_yaml

SKILL = load_yaml("skill", "screw_insertion")
SCENE = load_yaml("scene", "screw_slot")
PROBLEM = Problem.of(skill_from(SKILL))


class Learner:
    """Its suggestions depend on every outcome, so that one lost or doubled is seen."""

    def __init__(self, seed=0):
        self.seed, self.seen = seed, []

    def observe(self, outcome):
        self.seen.append(outcome)

    def suggest(self):
        told = [(o.success, np.nan_to_num(o.costs).sum(), o.x.sum()) for o in self.seen]
        key = [self.seed, len(told), *np.frombuffer(np.array(told, float).tobytes(), np.uint32)]
        x = np.random.default_rng([int(one) for one in key]).random(PROBLEM.num_parameters)
        return Suggestion(x, math.nan if len(told) < 2 else 0.1 + x[0] / 2, "drawn")

    def recommend(self, required_probability):
        best = min(self.seen, key=lambda o: np.nan_to_num(o.costs, nan=9.0).sum())
        return Recommendation(best.x, math.nan, 0.25, False)


def made_up(parameters, seed=0, invalid_reason=""):
    """Return an episode that fails above a speed, with every kind of number in it."""
    u = PROBLEM.space.to_unit(np.array([list(parameters.values())]))[0].tolist()
    success = u[0] < 0.6 and not invalid_reason
    last = len(PROBLEM.primitives) if success else 1
    primitives = [
        PrimitiveOutcome(
            name=name,
            outcome=Outcome.SUCCESS
            if k < last
            else Outcome.ERROR
            if k == last
            else Outcome.NOT_REACHED,
            begin=0.1 * k if k <= last else math.nan,
            end=0.1 * k + 1 / 3 if k <= last else math.nan,
            error="force_above" if k == last else "",
            score=1.0 - u[1] / 7 if k < last else math.nan,
            saturated=0.0,
            peak_force=u[2],
        )
        for k, name in enumerate(PROBLEM.primitives)
    ]
    factors = [
        FactorOutcome(
            name=name,
            evaluated=k == 0 or success,
            ok=success if k == 0 else True if success else None,
            constraint=u[0] - 0.6 if k == 0 else -u[1] if success else math.nan,
            metrics={"a.force_above": -0.0, "a.timeout": math.nan, "a.lost": -math.inf},
        )
        for k, name in enumerate(PROBLEM.factors)
    ]
    return Episode(
        skill="screw_insertion",
        parameters=dict(parameters),
        seed=seed,
        success=success,
        last_primitive=last,
        primitives=tuple(primitives),
        factors=tuple(factors),
        cost=u[1] / 7 if success else math.nan,
        invalid_reason=invalid_reason,
        recovered=False,
        duration=1 / 3,
        peak_force=math.inf,
    )


def drawn_trace(seed=0, n=5, m=17):
    """Return a course of random numbers."""
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.random(n))
    return Trace(
        times=times,
        primitives=np.arange(n, dtype=np.int64) - 1,
        twists=rng.normal(size=(n, 6)),
        wrenches=rng.normal(size=(n, 6)) * np.pi,
        peak_forces=rng.random(n),
        positions=np.full((n, 3), np.nan),
        raw_wrenches=rng.normal(size=(m, 6)),
        raw_times=np.cumsum(rng.random(m)),
    )


@pytest.fixture(scope="session")
def runs():
    """What tests of learning runs are made of."""
    run = LearningRun(SKILL, SCENE, "analytic", "drawn", 7, {}, "0.1.0+test")
    return SimpleNamespace(
        problem=PROBLEM, run=run, Learner=Learner, made_up=made_up, drawn_trace=drawn_trace
    )
