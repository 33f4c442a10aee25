# SPDX-License-Identifier: Apache-2.0
"""Whether factors fitted at the same time are the same, and what that saves."""

import time

import numpy as np

from vi_ik_ros.benchmarks.report import Row
from vi_ik_ros.benchmarks.skill_learning.tasks.surrogate import Surrogate
from vi_ik_ros.skills.learning.graph_optimizer.graph_model import GraphModel, learn_graph
from vi_ik_ros.skills.learning.graph_optimizer.settings import GraphSettings
from vi_ik_ros.skills.learning.initial_design import sobol_points

NUM_EPISODES, NUM_POINTS, NUM_THREADS = 60, 1000, 2
SPEEDUP_GOAL = 1.7


def parallel_rows() -> list[Row]:
    """Return how models differ that one thread and two threads fit, and how long both take."""
    one, alone = _fitted(1)
    other, together = _fitted(NUM_THREADS)
    points = sobol_points(Surrogate().problem.num_parameters, 1, NUM_POINTS)
    pairs = zip(one.factors, other.factors, strict=True)
    apart = [np.abs(a.log_probability(points) - b.log_probability(points)).max() for a, b in pairs]
    case = f"factors fitted by {NUM_THREADS} threads, {NUM_EPISODES} episodes"
    return [
        Row(case, "largest difference of log Pr", float(max(apart)), None, 0.0, "goal"),
        Row(case, "times as fast as one thread", alone / together, None, SPEEDUP_GOAL, "goal"),
    ]


def _fitted(num_threads: int) -> tuple[GraphModel, float]:
    """Return a model of random episodes and how long its fit took [s]."""
    surrogate = Surrogate()
    points = sobol_points(surrogate.problem.num_parameters, 0, NUM_EPISODES)
    outcomes = [surrogate.execute(x, seed) for seed, x in enumerate(points)]
    begin = time.perf_counter()
    model = learn_graph(outcomes, surrogate.problem, GraphSettings(num_workers=num_threads))
    return model, time.perf_counter() - begin
