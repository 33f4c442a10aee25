# SPDX-License-Identifier: Apache-2.0
"""What holds for every method."""

import dataclasses
import logging
import warnings

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.learning.initial_design import initial_points
from vi_ik_ros.skills.learning.methods import METHODS, make_optimizer

RIVALS = [name for name in METHODS if name not in ("factor_graph", "naive_bayes")]
EVERY = pytest.mark.parametrize("name", METHODS)
EVERY_RIVAL = pytest.mark.parametrize("name", RIVALS)
CHEAP = {"num_candidates": 128}


def options(name):
    return {} if name == "sobol" else CHEAP


@EVERY
def test_first_episodes_are_the_same(toy, name) -> None:
    optimizer = make_optimizer(name, toy.problem(), 5, safe_point=toy.safe)
    expected = initial_points(3, 5, safe_point=toy.safe)
    outcomes = toy.play(optimizer, len(expected))
    np.testing.assert_array_equal([outcome.x for outcome in outcomes], expected)
    assert (expected[0] == toy.safe).all()


@EVERY_RIVAL
def test_replayed_outcomes_lead_to_the_same_suggestions(toy, name) -> None:
    live = make_optimizer(name, toy.problem(), 3, safe_point=toy.safe, **options(name))
    outcomes, suggested, rng = [], [], np.random.default_rng(0)
    for _ in range(13):
        suggested.append(live.suggest())
        live.recommend(0.8)
        outcomes.append(toy.outcome(suggested[-1].x, rng))
        live.observe(outcomes[-1])
    for seen in (4, 9, 12):
        resumed = make_optimizer(name, toy.problem(), 3, safe_point=toy.safe, **options(name))
        for outcome in outcomes[:seen]:
            resumed.observe(outcome)
        again = resumed.suggest()
        np.testing.assert_array_equal(again.x, suggested[seen].x)
        np.testing.assert_array_equal(again.probability, suggested[seen].probability)


@pytest.mark.slow
@EVERY_RIVAL
def test_what_succeeds_is_found_and_improved_on(toy, name) -> None:
    optimizer = make_optimizer(name, toy.problem(), 1, safe_point=toy.safe)
    outcomes = toy.play(optimizer, 60 if name == "sobol" else 30)
    weights = toy.problem().weights
    found = [one.cost(weights) for one in outcomes[4:] if toy.is_feasible(one.x)]
    assert len(found) >= (1 if name == "sobol" else 4)
    if name != "sobol":
        assert min(found) < outcomes[0].cost(weights)
        recommended = optimizer.recommend(0.8)
        assert recommended.is_safe
        assert recommended.probability >= 0.8
        assert recommended.cost < outcomes[0].cost(weights)


@pytest.mark.slow
@EVERY
@pytest.mark.parametrize("success", [0, 1, 2])
def test_contradictory_duplicates_raise_and_log_nothing(toy, name, success, caplog) -> None:
    rng = np.random.default_rng(0)
    points = [toy.safe, np.array([0.6, 0.8, 0.9])]
    good, bad = (toy.outcome(x, rng) for x in points)
    optimizer = make_optimizer(name, toy.problem(), 0, **options(name))
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        for i in range(100):
            one = good if i % 3 != success else bad
            optimizer.observe(dataclasses.replace(one, x=points[(i // 3) % 2]))
            if i in (0, 1, 5, 17, 60, 99):
                recommended = optimizer.recommend(0.8)
                for x in (optimizer.suggest().x, recommended.x):
                    assert x.shape == (3,)
                    assert ((x >= 0.0) & (x <= 1.0)).all()
    assert caplog.records == []


@EVERY_RIVAL
@pytest.mark.parametrize("seen", [0, 1, 4, 10])
def test_only_failures_still_give_an_answer(toy, name, seen) -> None:
    optimizer = make_optimizer(name, toy.problem(), 0, **options(name))
    rng = np.random.default_rng(0)
    for x in 0.5 + 0.5 * rng.random((seen, 3)):
        x[0] = 0.9
        optimizer.observe(toy.outcome(x, rng))
    recommended, suggested = optimizer.recommend(0.8), optimizer.suggest()
    assert not recommended.is_safe or name == "gpcr"  # it thinks well of what it does not know
    assert np.isnan(recommended.cost)
    assert ((suggested.x >= 0.0) & (suggested.x <= 1.0)).all()


@EVERY_RIVAL
def test_outcomes_without_metrics_are_learned_from(toy, name) -> None:
    optimizer = make_optimizer(name, toy.problem(), 0, safe_point=toy.safe, **options(name))
    rng = np.random.default_rng(0)
    for _ in range(7):
        outcome = toy.outcome(optimizer.suggest().x, rng)
        blind = dataclasses.replace(outcome, constraints=np.full(2, np.nan))
        optimizer.observe(blind)
    assert np.isfinite(optimizer.suggest().x).all()
    assert np.isfinite(optimizer.recommend(0.8).x).all()


@pytest.mark.parametrize(
    "option", [{"num_initial": 0}, {"num_candidates": 3}, {"constraint": "labels"}]
)
def test_settings_without_sense_are_refused(toy, option) -> None:
    with pytest.raises(InvalidInput, match=f"^{next(iter(option))}: got"):
        make_optimizer("eic", toy.problem(), 0, **option)
