# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.skills.learning.initial_design import sobol_points
from vi_ik_ros.skills.learning.peers.monolithic.history import History
from vi_ik_ros.skills.learning.peers.monolithic.success import cost_process, regressed_success


@pytest.fixture(scope="module")
def history(toy):
    rng = np.random.default_rng(0)
    points = np.concatenate([sobol_points(3, 0, 48), toy.safe + 0.05 * rng.random((12, 3))])
    return History.of([toy.outcome(x, rng) for x in points], toy.problem())


@pytest.mark.parametrize("kind", ["label", "metric"])
def test_labels_are_told_apart(history, kind) -> None:
    model = regressed_success(history, kind)(history)
    probability = np.exp(model.log_probability(history.x))
    assert np.mean((probability > 0.5) == history.success) > 0.9


def test_metric_knows_more_than_the_label(toy, history) -> None:
    points = np.random.default_rng(1).random((400, 3))
    truth = np.array([toy.is_feasible(x) for x in points])
    brier = {
        kind: np.mean(
            (np.exp(regressed_success(history, kind)(history).log_probability(points)) - truth) ** 2
        )
        for kind in ("label", "metric")
    }
    assert brier["metric"] < brier["label"]


def test_nothing_is_known_of_a_label_far_away(history) -> None:
    past = history.first(1)
    far = 1.0 - np.round(past.x)
    probability = np.exp(regressed_success(past, "label")(past).log_probability(far))
    assert probability[0] == pytest.approx(0.5, abs=0.15)


def test_one_extreme_metric_does_not_hide_the_boundary(history) -> None:
    violation = history.violation.copy()
    violation[np.argmax(violation)] = 1e6
    hit = History(history.x, history.success, history.cost, violation, history.progress)
    probability = np.exp(regressed_success(hit, "metric")(hit).log_probability(hit.x))
    assert probability[hit.success].mean() > 3.0 * probability[~hit.success].mean()


def test_cost_is_of_successes_alone(history) -> None:
    process = cost_process(history, None)
    assert len(process.x) == history.success.sum()
    mean, _ = process.predict(process.x)
    np.testing.assert_allclose(mean, history.cost[history.success], atol=0.05)


def test_no_data_are_no_error(history) -> None:
    nothing = history.first(0)
    x = np.full((2, 3), 0.5)
    for kind in ("label", "metric"):
        probability = np.exp(regressed_success(nothing, kind)(nothing).log_probability(x))
        np.testing.assert_allclose(probability, 0.5)
