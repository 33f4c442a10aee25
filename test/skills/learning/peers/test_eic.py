# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.skills.learning.peers.eic import Eic, EicSettings


@pytest.mark.parametrize("constraint", ["label", "metric"])
def test_feasibility_comes_first_then_cost(toy, constraint) -> None:
    optimizer = Eic(toy.problem(), 0, EicSettings(constraint=constraint))
    rng = np.random.default_rng(0)
    for x in rng.random((4, 3)):
        optimizer.observe(toy.outcome(np.array([0.9, *x[1:]]), rng))
    assert optimizer.suggest().reason == "feasibility"
    optimizer.observe(toy.outcome(toy.safe, rng))
    assert optimizer.suggest().reason == "acquisition"


def test_label_variant_does_not_see_metrics(toy) -> None:
    rng = np.random.default_rng(0)
    outcomes = [toy.outcome(x, rng) for x in [toy.safe, *rng.random((7, 3))]]
    found = {}
    for constraint in ("label", "metric"):
        for factor in (1.0, 3.0):
            optimizer = Eic(toy.problem(), 0, EicSettings(constraint=constraint))
            for i, one in enumerate(outcomes):
                scale = factor if i % 2 else 1.0
                optimizer.observe(
                    type(one)(**{**vars(one), "constraints": scale * one.constraints})
                )
            found[constraint, factor] = optimizer.suggest().x
    np.testing.assert_array_equal(found["label", 1.0], found["label", 3.0])
    assert (found["metric", 1.0] != found["metric", 3.0]).any()


def test_recommendation_is_what_the_models_say(toy) -> None:
    optimizer = Eic(toy.problem(), 0, safe_point=toy.safe)
    toy.play(optimizer, 20)
    strict, lax = optimizer.recommend(0.95), optimizer.recommend(0.5)
    assert strict.probability >= 0.95 > 0.5 <= lax.probability
    assert lax.cost <= strict.cost


def test_where_nothing_is_likely_enough_the_likeliest_success_is_recommended(toy) -> None:
    optimizer = Eic(toy.problem(), 0)
    rng = np.random.default_rng(0)
    for x in rng.random((5, 3)):
        optimizer.observe(toy.outcome(np.array([0.5 + 0.5 * x[0], *x[1:]]), rng))
    recommended = optimizer.recommend(0.999999)
    assert not recommended.is_safe
    elsewhere = optimizer.belief().success.log_probability(rng.random((500, 3)))
    assert recommended.probability >= np.exp(elsewhere).max() - 1e-6
