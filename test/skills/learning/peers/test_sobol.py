# SPDX-License-Identifier: Apache-2.0
import numpy as np

from vi_ik_ros.skills.learning.initial_design import sobol_points
from vi_ik_ros.skills.learning.peers.sobol import Sobol


def test_points_are_those_of_the_sequence_whatever_happened(toy) -> None:
    outcomes = toy.play(Sobol(toy.problem(), 2), 9)
    np.testing.assert_array_equal([outcome.x for outcome in outcomes], sobol_points(3, 2, 9))


def test_cheapest_success_is_recommended(toy) -> None:
    optimizer = Sobol(toy.problem(), 0)
    rng = np.random.default_rng(0)
    for x in ([0.1, 0.6, 0.4], [0.3, 0.55, 0.4], [0.9, 0.5, 0.4]):
        optimizer.observe(toy.outcome(np.array(x), rng))
    recommended = optimizer.recommend(0.8)
    np.testing.assert_array_equal(recommended.x, [0.3, 0.55, 0.4])
    assert np.isnan(recommended.probability)
    assert not recommended.is_safe


def test_before_a_success_it_recommends_what_got_farthest(toy) -> None:
    optimizer = Sobol(toy.problem(), 0)
    rng = np.random.default_rng(0)
    for x in ([0.9, 0.1, 0.1], [0.1, 0.1, 0.1], [0.8, 0.1, 0.1]):
        optimizer.observe(toy.outcome(np.array(x), rng))
    np.testing.assert_array_equal(optimizer.recommend(0.8).x, [0.1, 0.1, 0.1])
