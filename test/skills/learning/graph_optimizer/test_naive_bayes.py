# SPDX-License-Identifier: Apache-2.0
import dataclasses

import numpy as np

from vi_ik_ros.skills.learning.graph_optimizer.naive_bayes import (
    NaiveBayesOptimizer,
    naive_bayes_outcome,
    naive_bayes_problem,
)


def test_factors_are_the_primitives_that_have_parameters(toy) -> None:
    scopes = toy.scopes.copy()
    scopes[1] = False
    chain = naive_bayes_problem(dataclasses.replace(toy.problem(), scopes=scopes))
    assert chain.factors == ("touch", "insert")
    np.testing.assert_array_equal(chain.adjacency, scopes[[0, 2]])
    np.testing.assert_array_equal(chain.activity, [[1, 0], [0, 0], [0, 1]])


def test_primitive_has_the_worst_of_its_metrics(toy) -> None:
    activity = np.array([[1, 1, 0], [0, 0, 1], [0, 0, 1]], dtype=bool)
    success = dataclasses.replace(
        toy.outcome(np.array([0.1, 0.5, 0.1]), np.random.default_rng(0)),
        constraints=np.array([-0.6, -0.2, -0.4]),
    )
    assert success.success
    bundled = naive_bayes_outcome(success, toy.problem(activity=activity))
    np.testing.assert_array_equal(bundled.constraints, [-0.2, -0.4, -0.4])
    np.testing.assert_array_equal(bundled.kept, 1.0)


def test_failure_belongs_to_the_primitive_that_failed(toy) -> None:
    failed = toy.outcome(np.array([0.1, 0.2, 0.9]), np.random.default_rng(0))
    bundled = naive_bayes_outcome(failed, toy.problem())
    np.testing.assert_array_equal(bundled.fired, [False, True, False])
    np.testing.assert_array_equal(bundled.kept, [1.0, 0.0, np.nan])
    assert bundled.constraints[1] > 0.0
    assert np.isnan(bundled.constraints[2])


def test_it_learns_the_toy(toy) -> None:
    optimizer = NaiveBayesOptimizer(toy.problem(), seed=1)
    assert any(outcome.success for outcome in toy.play(optimizer, 20))
    assert toy.is_feasible(optimizer.recommend(0.8).x)
