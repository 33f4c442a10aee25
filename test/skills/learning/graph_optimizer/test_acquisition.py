# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from scipy.integrate import quad

from vi_ik_ros.skills.learning.graph_optimizer.acquisition import (
    CostModel,
    expected_cost,
    log_acquisition,
    log_expected_improvement,
)
from vi_ik_ros.skills.learning.graph_optimizer.graph_model import learn_graph
from vi_ik_ros.skills.learning.graph_optimizer.settings import GraphSettings
from vi_ik_ros.skills.learning.models.success_model import SuccessModel

POINTS = np.random.default_rng(3).random((30, 3))


@pytest.fixture(scope="module")
def learned(toy):
    rng = np.random.default_rng(0)
    outcomes = [toy.outcome(x, rng) for x in rng.random((40, 3)) * [0.6, 1.0, 0.6]]
    model = learn_graph(outcomes, toy.problem(), GraphSettings())
    return outcomes, model, SuccessModel(model.factors, toy.problem().activity)


@pytest.mark.parametrize("z", [-8.0, -3.0, -1.0, -0.999, 0.0, 2.0, 8.0])
def test_expected_improvement_is_the_integral(z: float) -> None:
    def density(t: float) -> float:  # of an improvement t, relative to phi(z)
        return t * np.exp(-0.5 * (t - z) ** 2 + 0.5 * min(z, 0.0) ** 2)

    integral, _ = quad(density, 0.0, max(z, 0.0) + 12.0, epsabs=0.0, epsrel=1e-11)
    expected = np.log(integral / np.sqrt(2.0 * np.pi)) - 0.5 * min(z, 0.0) ** 2
    assert log_expected_improvement(np.array([z]))[0] == pytest.approx(expected, abs=1e-8)


def test_expected_improvement_grows_and_stays_finite_far_out() -> None:
    values = log_expected_improvement(-np.logspace(9, -3, 400))
    assert np.isfinite(values).all()
    assert (np.diff(values) > 0.0).all()


def test_improvement_is_of_a_cost(learned) -> None:
    _, model, _ = learned
    cost = model.costs[0]
    mean, variance = cost.process.predict(POINTS)
    draws = mean + np.sqrt(variance) * np.random.default_rng(0).standard_normal((200_000, 30))
    gain = np.maximum(cost.best - draws, 0.0)
    error = 5.0 * gain.std(0) / np.sqrt(len(gain)) + 1e-9
    assert (np.abs(np.exp(cost.log_improvement(POINTS)) - gain.mean(0)) < error).all()


def test_incumbent_is_of_the_best_success(learned) -> None:
    outcomes, model, _ = learned
    best = min((o for o in outcomes if o.success), key=lambda o: o.costs.mean())
    assert [cost.best for cost in model.costs] == list(best.costs)


def test_kinds_follow_their_equations(learned) -> None:
    _, model, success = learned
    factors = np.exp(success.log_factors(POINTS))  # each in one primitive of its own
    gains = np.array([np.exp(cost.log_improvement(POINTS)) / 3.0 for cost in model.costs])
    expected = {
        "conservative": factors.prod(0) * gains.sum(0),
        "per_primitive": (factors * gains).sum(0),
        "sequential": (np.cumprod(factors, axis=0) * gains).sum(0),
    }
    for kind, value in expected.items():
        found = np.exp(log_acquisition(POINTS, success, model.costs, kind))
        np.testing.assert_allclose(found, value, rtol=1e-9, atol=1e-300)


def test_without_costs_success_is_all_that_counts(learned) -> None:
    _, _, success = learned
    free = [CostModel(None, 0.0, float("nan"))] * 3
    np.testing.assert_array_equal(
        log_acquisition(POINTS, success, free, "conservative"), success.log_probability(POINTS)
    )
    assert np.isnan(expected_cost(POINTS, free)).all()


def test_unknown_cost_counts_as_more_than_any_improvement() -> None:
    np.testing.assert_array_equal(CostModel(None, 0.5, 0.0).log_improvement(POINTS), 0.0)


def test_expected_cost_is_the_weighted_mean(toy, learned) -> None:
    _, model, _ = learned
    inside = np.array([[0.2, 0.6, 0.3]])
    assert expected_cost(inside, model.costs)[0] == pytest.approx(
        toy.costs(inside[0]).mean(), abs=0.03
    )
