# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from vi_ik_ros.sampling.inference.conditional.sharpening.adaptive_bounds import (
    LEAST,
    MOST,
    MOVES,
    AdaptiveBounds,
)

WEIGHTS = torch.full((1, 3), 1 / 3)


def interval(state: AdaptiveBounds, rewards: list[float]) -> AdaptiveBounds:
    """Judge components 0 and 1 by these rewards until the renewal; component 2 is never drawn."""
    while not state.due:
        state = state.judged(torch.tensor([[0, 1]]), torch.tensor([rewards]), WEIGHTS)
    return state.renewed()


def test_a_bound_rises_with_the_reward_of_its_component_and_falls_otherwise():
    state = interval(AdaptiveBounds.equal(3, 0.1), [0.0, 0.0])
    assert state.bounds.tolist() == pytest.approx([0.1] * 3)  # nothing to compare with yet
    state = interval(state, [1.0, -1.0])
    assert state.bounds.tolist() == pytest.approx([0.115, 0.085, 0.1])
    state = interval(state, [1.0, 2.0])
    assert state.bounds.tolist() == pytest.approx([0.115 * 0.85, 0.085 * 1.15, 0.1])


@pytest.mark.parametrize(("slope", "end"), [(1.0, MOST), (-1.0, LEAST)])
def test_bounds_stay_in_their_range(slope, end):
    state = AdaptiveBounds.equal(3, 0.1)
    for i in range(60):
        state = interval(state, [slope * i] * 2)
    assert state.bounds[:2].tolist() == pytest.approx([end] * 2)


def test_a_draw_that_is_no_number_is_not_counted():
    state = interval(AdaptiveBounds.equal(3, 0.1), [0.0, 0.0])
    state = interval(state, [torch.nan, 1.0])
    assert state.bounds.tolist() == pytest.approx([0.1, 0.115, 0.1])
    assert state.bounds.isfinite().all() and state.before[:2].isfinite().all()


def test_a_renewal_is_due_after_so_many_updates():
    state = AdaptiveBounds.equal(3, 0.1)
    for _ in range(MOVES - 1):
        state = state.judged(torch.tensor([[0]]), torch.tensor([[1.0]]), WEIGHTS)
    assert not state.due
    assert state.judged(torch.tensor([[0]]), torch.tensor([[1.0]]), WEIGHTS).due


def test_some_components_keep_what_is_theirs():
    state = interval(AdaptiveBounds.equal(3, 0.1), [0.0, 1.0])
    state = interval(state, [1.0, 0.0]).of(torch.tensor([1, 2]))
    assert state.bounds.tolist() == pytest.approx([0.085, 0.1])
    assert all(len(value) == 2 for value in state.tensors().values() if value.ndim)
