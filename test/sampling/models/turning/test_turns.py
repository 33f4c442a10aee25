# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.sampling.models.amortized.turning.turns import TURN, Turns

# A joint of two turns, one with narrow limits, a continuous one, one of a turn and a half.
TURNS = Turns(
    lower=np.array([-TURN, -1.0, -0.5 * TURN, -0.5]),
    upper=np.array([TURN, 2.0, 0.5 * TURN, -0.5 + 1.5 * TURN]),
    joints=(0, 2, 3),
)


@pytest.fixture
def q():
    return np.random.default_rng(0).uniform(TURNS.lower, TURNS.upper, (4000, 4))


def test_folding_takes_whole_turns_off(q):
    folded, (lower, upper) = TURNS.folded(q), TURNS.window()
    assert ((folded >= lower) & (folded <= upper)).all()
    turns = (folded - q)[:, TURNS.index] / TURN
    np.testing.assert_allclose(turns, turns.round(), atol=1e-9)
    np.testing.assert_array_equal(folded[:, 1], q[:, 1])


def test_spread_configurations_fill_the_limits_again(q):
    spread = TURNS.spread(q, np.random.default_rng(1))
    assert ((spread >= TURNS.lower) & (spread <= TURNS.upper)).all()
    np.testing.assert_allclose(TURNS.folded(spread), TURNS.folded(q), atol=1e-9)
    share = (spread[:, 0] > 0).mean()  # two turns, equally likely
    assert share == pytest.approx(0.5, abs=0.04)


def test_turns_are_counted_as_the_limits_allow(q):
    first = np.where(q[:, 3] < -0.5 + 0.5 * TURN, 2, np.where(q[:, 3] < -0.5 + TURN, 1, 2))
    np.testing.assert_allclose(TURNS.log_count(q), np.log(2 * first), atol=1e-12)


def test_both_ends_of_a_continuous_joint_are_one_angle():
    turns = Turns(np.array([-np.pi]), np.array([np.pi]), (0,))
    ends = np.array([[-np.pi], [np.pi]])
    np.testing.assert_array_equal(turns.log_count(ends), 0.0)
    np.testing.assert_allclose(turns.folded(ends), -np.pi)
