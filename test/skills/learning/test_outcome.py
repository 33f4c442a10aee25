# SPDX-License-Identifier: Apache-2.0
import math
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome

NAN = math.nan
FAILURE = EpisodeOutcome(
    x=np.array([0.1, 0.5]),
    success=False,
    last_primitive=1,
    costs=np.array([0.3, NAN, NAN]),
    constraints=np.array([-0.2, 0.1]),
    kept=np.array([1.0, 0.0]),
    fired=np.array([False, True]),
)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"x": np.array([0.1, NAN])}, "outcome.x: got array([0.1, nan]), expected finite numbers"),
        ({"x": np.array([[0.1, 0.5]])}, "outcome.x: got"),
        ({"costs": np.array([0.3, np.inf, NAN])}, "outcome.costs: got"),
        ({"kept": np.array([1.0])}, "outcome.kept: got (1,), expected shape (2,)"),
        ({"kept": np.array([1.0, 0.5])}, "outcome.kept: got array([1. , 0.5]), expected 1, 0, or"),
        ({"fired": np.array([True])}, "outcome.fired: got (1,), expected shape (2,)"),
        ({"last_primitive": 4}, "outcome.last_primitive: got 4, expected 3 on success, 0 to 2 on"),
        ({"last_primitive": -1}, "outcome.last_primitive: got -1"),
        ({"success": True}, "outcome.last_primitive: got 1"),
        ({"success": True, "last_primitive": 3}, "outcome.fired: got"),
    ],
)
def test_outcomes_that_contradict_themselves_are_refused(changes, says):
    with pytest.raises(InvalidInput) as refusal:
        replace(FAILURE, **changes)
    assert str(refusal.value).startswith(says)


def test_nothing_need_be_known_of_a_failure():
    unknown = np.full(2, NAN)
    blind = replace(FAILURE, constraints=unknown, kept=unknown, fired=np.zeros(2, dtype=bool))
    assert math.isnan(blind.cost(np.ones(3)))


@pytest.fixture
def success(runs):
    parameters = runs.problem.space.named(np.full(runs.problem.num_parameters, 0.5))
    return runs.made_up(parameters)


def test_an_outcome_has_what_matters_of_its_episode(runs, success):
    outcome = EpisodeOutcome.of(success, runs.problem)
    np.testing.assert_allclose(outcome.x, 0.5)
    assert outcome.success and outcome.last_primitive == len(runs.problem.primitives)
    assert outcome.cost(runs.problem.weights) == pytest.approx(success.cost)


def test_episodes_with_numbers_that_are_none_are_refused(runs, success):
    primitives, factors = success.primitives, success.factors
    for changes, says in (
        ({"cost": NAN}, "episode.cost: got nan, expected a number, since it succeeded"),
        (
            {"primitives": (replace(primitives[0], score=NAN), *primitives[1:])},
            f"episode.primitives.{primitives[0].name}.score: got nan",
        ),
        (
            {"factors": (replace(factors[0], constraint=-math.inf), *factors[1:])},
            f"episode.factors.{factors[0].name}.constraint: got -inf",
        ),
    ):
        with pytest.raises(InvalidInput) as refusal:
            EpisodeOutcome.of(replace(success, **changes), runs.problem)
        assert str(refusal.value).startswith(says)
