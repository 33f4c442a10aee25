# SPDX-License-Identifier: Apache-2.0
import dataclasses

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.learning.graph_optimizer.factor_graph import FactorGraphOptimizer
from vi_ik_ros.skills.learning.graph_optimizer.graph_model import learn_graph
from vi_ik_ros.skills.learning.graph_optimizer.naive_bayes import NaiveBayesOptimizer
from vi_ik_ros.skills.learning.graph_optimizer.settings import GraphSettings
from vi_ik_ros.skills.learning.initial_design import initial_points
from vi_ik_ros.skills.learning.models.constraint_settings import ConstraintSettings

BOTH = pytest.mark.parametrize("method", [FactorGraphOptimizer, NaiveBayesOptimizer])
AS_IN_THE_SOURCE = GraphSettings(
    constraints=ConstraintSettings(threshold="estimated", failed_metrics="artificial"),
    assign_unreached="all",
)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("settings", [GraphSettings(), AS_IN_THE_SOURCE])
def test_first_success_comes_soon_and_the_recommendation_is_feasible(toy, seed, settings) -> None:
    optimizer = FactorGraphOptimizer(toy.problem(), seed, settings)
    outcomes = toy.play(optimizer, 25, seed)
    assert any(outcome.success for outcome in outcomes[:12])
    recommended = optimizer.recommend(0.9)
    assert recommended.is_safe
    assert recommended.probability >= 0.9
    assert toy.is_feasible(recommended.x)
    assert recommended.cost < np.mean([o.costs.mean() for o in outcomes if o.success])


@BOTH
def test_replayed_outcomes_lead_to_the_same_suggestions(toy, method) -> None:
    problem = toy.problem()
    live = method(problem, 3)
    outcomes, suggested = [], []
    rng = np.random.default_rng(0)
    for _ in range(17):
        suggested.append(live.suggest())
        live.recommend(0.8)
        outcomes.append(toy.outcome(suggested[-1].x, rng))
        live.observe(outcomes[-1])
    for seen in (4, 9, 10, 12, 16):
        resumed = method(problem, 3)
        for outcome in outcomes[:seen]:
            resumed.observe(outcome)
        again = resumed.suggest()
        np.testing.assert_array_equal(again.x, suggested[seen].x)
        assert again.probability == suggested[seen].probability


def test_asking_twice_changes_nothing(toy) -> None:
    optimizer = FactorGraphOptimizer(toy.problem(), 0)
    toy.play(optimizer, 6)
    np.testing.assert_array_equal(optimizer.suggest().x, optimizer.suggest().x)
    np.testing.assert_array_equal(optimizer.recommend(0.8).x, optimizer.recommend(0.8).x)


def test_first_episodes_are_those_of_every_method(toy) -> None:
    safe = np.array([0.1, 0.5, 0.1])
    optimizer = FactorGraphOptimizer(toy.problem(), 5, safe_point=safe)
    expected = initial_points(3, 5, safe_point=safe)
    outcomes = toy.play(optimizer, len(expected))
    np.testing.assert_array_equal([outcome.x for outcome in outcomes], expected)


@pytest.mark.slow
@pytest.mark.parametrize("success", [0, 1, 2])
def test_contradictory_duplicates_raise_nothing(toy, success) -> None:
    rng = np.random.default_rng(0)
    points = [np.array([0.2, 0.5, 0.2]), np.array([0.6, 0.8, 0.9])]
    good, bad = toy.outcome(points[0], rng, 0.0), toy.outcome(points[1], rng, 0.0)
    for settings in (GraphSettings(), AS_IN_THE_SOURCE):
        optimizer = FactorGraphOptimizer(toy.problem(), 0, settings)
        for i in range(100):
            one = good if i % 3 != success else bad
            optimizer.observe(dataclasses.replace(one, x=points[(i // 3) % 2]))
        suggestion, recommended = optimizer.suggest(), optimizer.recommend(0.8)
        for x in (suggestion.x, recommended.x):
            assert np.isfinite(x).all()
            assert ((x >= 0.0) & (x <= 1.0)).all()
        assert 0.0 <= recommended.probability <= 1.0


@pytest.mark.parametrize("seen", [0, 1, 4])
def test_only_failures_still_give_a_recommendation(toy, seen) -> None:
    optimizer = FactorGraphOptimizer(toy.problem(), 0)
    rng = np.random.default_rng(0)
    for _ in range(seen):
        optimizer.observe(toy.outcome(np.array([0.9, 0.9, 0.9]), rng))
    recommended = optimizer.recommend(0.8)
    assert not recommended.is_safe
    assert recommended.probability < 0.8


@pytest.mark.parametrize("kind", ["conservative", "per_primitive", "sequential"])
def test_every_acquisition_suggests_parameters(toy, kind) -> None:
    optimizer = FactorGraphOptimizer(toy.problem(), 0, GraphSettings(acquisition=kind))
    toy.play(optimizer, 7)
    suggestion = optimizer.suggest()
    assert suggestion.reason == "acquisition"
    assert 0.0 < suggestion.probability <= 1.0


def test_every_second_episode_rehearses_what_would_be_recommended(toy) -> None:
    optimizer = FactorGraphOptimizer(toy.problem(), 0, GraphSettings(rehearsed_probability=0.7))
    rng, reasons = np.random.default_rng(0), []
    successes = 0
    for seen in range(12):
        suggestion = optimizer.suggest()
        reasons.append(suggestion.reason)
        assert (suggestion.reason == "rehearsal") == (successes > 0 and seen >= 2 and seen % 2 == 0)
        if suggestion.reason == "rehearsal":
            assert suggestion.probability >= 0.7
        outcome = toy.outcome(suggestion.x, rng)
        successes += outcome.success
        optimizer.observe(outcome)
    assert {"rehearsal", "acquisition"} <= set(reasons)


def test_rehearsals_can_be_switched_off(toy) -> None:
    optimizer = FactorGraphOptimizer(toy.problem(), 0, GraphSettings(rehearse_every=0))
    rng = np.random.default_rng(0)
    for _ in range(8):
        suggestion = optimizer.suggest()
        assert suggestion.reason in ("initial", "acquisition")
        optimizer.observe(toy.outcome(suggestion.x, rng))


@pytest.mark.parametrize("method", [FactorGraphOptimizer, NaiveBayesOptimizer])
def test_warm_start_needs_no_initial_design(toy, method) -> None:
    rng = np.random.default_rng(0)
    earlier = [toy.outcome(x, rng) for x in rng.random((40, 3))]
    warm = method(toy.problem(), 0, earlier=earlier)
    assert warm.suggest().reason == "rehearsal"
    outcomes = toy.play(warm, 5)
    assert any(outcome.success for outcome in outcomes[:3])
    assert (toy.constraints(warm.recommend(0.9).x) <= 0.02).all()  # as much as the noise


def test_what_never_succeeded_before_is_learned_anew(toy) -> None:
    rng = np.random.default_rng(0)
    earlier = [toy.outcome(np.array([0.9, *x]), rng) for x in rng.random((10, 2))]
    optimizers = [FactorGraphOptimizer(toy.problem(), 0, earlier=some) for some in (earlier, ())]
    for x in rng.random((6, 3)) * [0.3, 1.0, 1.0]:
        outcome = toy.outcome(x, rng)
        for optimizer in optimizers:
            optimizer.observe(outcome)
    warm, cold = (one.recommend(0.8) for one in optimizers)
    np.testing.assert_array_equal(warm.x, cold.x)


def test_missing_edges_are_looked_for_in_earlier_episodes(toy) -> None:
    wrong = toy.adjacency.copy()
    wrong[1, 2] = False
    rng = np.random.default_rng(1)
    earlier = [toy.outcome(x, rng) for x in rng.random((40, 3)) * [0.4, 1.0, 1.0]]
    right, checked = (
        FactorGraphOptimizer(
            toy.problem(rows), 0, GraphSettings(structure_check=check), earlier=earlier
        )
        for rows, check in ((toy.adjacency, False), (wrong, True))
    )
    np.testing.assert_array_equal(checked.suggest().x, right.suggest().x)


def test_own_episodes_win_over_earlier_ones(toy) -> None:
    rng = np.random.default_rng(0)
    x = np.array([0.1, 0.5, 0.1])
    good = toy.outcome(x, rng, 0.0)
    bad = dataclasses.replace(
        toy.outcome(np.array([0.9, 0.5, 0.1]), rng, 0.0), x=x, constraints=np.full(3, 0.5)
    )
    warm = FactorGraphOptimizer(toy.problem(), 0, earlier=[good] * 10)
    for _ in range(10):
        warm.observe(bad)
    assert np.abs(warm.recommend(0.8).x[0] - x[0]) > 0.02


def test_before_the_first_success_probability_alone_may_be_sought(toy) -> None:
    settings = GraphSettings(before_success="probability")
    optimizer = FactorGraphOptimizer(toy.problem(), 0, settings)
    bad = toy.outcome(np.array([0.9, 0.9, 0.9]), np.random.default_rng(0))
    for _ in range(4):
        optimizer.observe(bad)
    assert optimizer.suggest().reason == "feasibility"
    good = toy.outcome(np.array([0.1, 0.5, 0.1]), np.random.default_rng(0), 0.0)
    optimizer.observe(good)
    assert optimizer.suggest().reason == "acquisition"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"x": np.array([0.1, np.nan, 0.2])}, "outcome.x"),
        ({"x": np.array([0.1, 0.2])}, "outcome.x"),
        ({"x": np.array([0.1, 0.2, 1.5])}, "outcome.x"),
        ({"costs": np.array([0.1, 0.2, np.inf])}, "outcome.costs"),
        ({"constraints": np.array([0.1, -np.inf, 0.2])}, "outcome.constraints"),
    ],
)
def test_outcomes_that_cannot_be_are_refused(toy, change, field) -> None:
    outcome = toy.outcome(np.array([0.1, 0.5, 0.1]), np.random.default_rng(0))
    optimizer = FactorGraphOptimizer(toy.problem(), 0)
    with pytest.raises(InvalidInput) as caught:
        optimizer.observe(dataclasses.replace(outcome, **change))
    assert caught.value.field == field


def test_corners_are_taken_as_they_come_back_from_their_units(toy) -> None:
    outcome = toy.outcome(np.array([0.1, 0.5, 0.1]), np.random.default_rng(0))
    rounded = np.array([-1e-16, 0.5, 1.0 + 1e-15])
    FactorGraphOptimizer(toy.problem(), 0).observe(dataclasses.replace(outcome, x=rounded))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (GraphSettings, {"acquisition": "greedy"}),
        (GraphSettings, {"assign_unreached": True}),
        (GraphSettings, {"num_initial": 0}),
        (GraphSettings, {"edge_gain": float("nan")}),
        (GraphSettings, {"expert_share": 1.5}),
        (GraphSettings, {"expected_difference": 0.0}),
        (ConstraintSettings, {"threshold": "guessed"}),
        (ConstraintSettings, {"tightening": -1.0}),
        (ConstraintSettings, {"smallest_scale": 0.0}),
        (ConstraintSettings, {"artificial_least": 4.0}),
    ],
)
def test_settings_without_a_meaning_are_refused(kind, options) -> None:
    with pytest.raises(InvalidInput) as caught:
        kind(**options)
    assert caught.value.field == next(iter(options))


def test_expert_is_asked_about_all_outcomes(toy) -> None:
    asked = []

    def expert(outcomes):
        asked.append(len(outcomes))
        return lambda points: np.where(points[:, 1] < 0.5, 0.999, 0.001)

    optimizer = FactorGraphOptimizer(
        toy.problem(), 0, GraphSettings(expert_share=0.9), expert=expert
    )
    toy.play(optimizer, 8)
    assert asked == [2, 3, 4, 5, 6, 7]  # from the end of the initial design on
    assert optimizer.recommend(0.8).x[1] < 0.5


def test_fits_in_threads_give_the_same_model(toy) -> None:
    rng = np.random.default_rng(0)
    outcomes = [toy.outcome(x, rng) for x in rng.random((25, 3))]
    points = rng.random((50, 3))
    models = [
        learn_graph(outcomes, toy.problem(), GraphSettings(num_workers=workers))
        for workers in (1, 4)
    ]
    for one, other in zip(models[0].factors, models[1].factors, strict=True):
        np.testing.assert_array_equal(one.log_probability(points), other.log_probability(points))


def test_structure_check_adds_the_removed_edge(toy) -> None:
    wrong = toy.adjacency.copy()
    wrong[1, 2] = False  # the search no longer depends on its own speed
    right, unchecked, checked = (
        FactorGraphOptimizer(toy.problem(rows), 0, GraphSettings(structure_check=check))
        for rows, check in ((toy.adjacency, False), (wrong, False), (wrong, True))
    )
    rng = np.random.default_rng(1)
    for x in rng.random((40, 3)) * [0.4, 1.0, 1.0]:
        outcome = toy.outcome(x, rng)
        for optimizer in (right, unchecked, checked):
            optimizer.observe(outcome)
    found = [one.recommend(0.9) for one in (right, unchecked, checked)]
    np.testing.assert_array_equal(found[2].x, found[0].x)
    assert not np.array_equal(found[1].x, found[0].x)


def test_caution_asks_for_more_where_little_is_known(toy) -> None:
    bold, cautious = (
        FactorGraphOptimizer(toy.problem(), 1, GraphSettings(caution=caution))
        for caution in (0.0, 1.0)
    )
    for outcome in toy.play(bold, 15, 1):
        cautious.observe(outcome)
    one, other = bold.recommend(0.8), cautious.recommend(0.8)
    assert 0.8 <= one.probability < other.probability
    assert one.cost < other.cost
