# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch
from torch.distributions import MultivariateNormal

from vi_ik_ros.sampling.inference import component_adaptation, natural_gradient
from vi_ik_ros.sampling.inference.component_adaptation import (
    AdaptationSettings,
    ComponentHistory,
)
from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.inference.natural_gradient import NaturalGradientSettings

SETTINGS = AdaptationSettings(window=10)


class Two:
    """Equal Gaussians at x = -4 and 4, log Z = 0."""

    def log_density(self, q, context=None):
        halves = [
            MultivariateNormal(q.new_tensor([x, 0.0]), 0.2 * torch.eye(2).to(q)).log_prob(q)
            for x in (-4.0, 4.0)
        ]
        return torch.logaddexp(*halves) - math.log(2)


def mixture(loc, weights):
    loc = torch.tensor(loc).double()
    scale_tril = torch.eye(2).double().repeat(len(loc), 1, 1)
    return GaussianComponents(torch.tensor(weights).double().log(), loc, scale_tril)


def history(rewards, shares):
    """Of components whose rewards go linearly from one number to another."""
    rows = torch.stack([torch.linspace(*pair, 10).double() for pair in rewards])
    return ComponentHistory(rows, torch.tensor(shares).double()[:, None].expand(-1, 10).clone())


def deleted(rewards, shares, weights=(0.5, 0.3, 0.2)):
    state = natural_gradient.init(mixture([[0.0, 0.0]] * 3, weights))
    state, left, removed = component_adaptation.delete(state, history(rewards, shares), SETTINGS)
    assert len(state.components.loc) == len(left.rewards) == int((~removed).sum())
    assert len(state.bounds) == len(state.rewards) == len(left.shares) == len(left.rewards)
    assert float(state.components.log_weights.exp().sum()) == pytest.approx(1.0)
    return removed.tolist()


def test_what_is_negligible_and_does_not_catch_up_is_deleted():
    assert deleted([(0, 0), (-90, -89), (-90, -20)], [0.9, 1e-9, 1e-9]) == [False, True, False]


def test_a_component_with_weight_stays():
    assert deleted([(0, 0), (-90, -89), (-80, -80)], [0.9, 1e-3, 1e-9]) == [False, False, True]


def test_a_young_component_stays():
    kept = history([(0, 0), (-90, -89), (-80, -80)], [0.9, 1e-9, 1e-9])
    kept.rewards[1, 0] = torch.nan
    state = natural_gradient.init(mixture([[0.0, 0.0]] * 3, [0.5, 0.3, 0.2]))
    _, _, removed = component_adaptation.delete(state, kept, SETTINGS)
    assert removed.tolist() == [False, False, True]


def test_one_component_is_always_left():
    assert deleted([(-5, -5), (-5, -5), (-5, -5)], [1e-9] * 3) == [False, True, True]


def test_rewards_that_are_not_finite_do_not_protect():
    young = ComponentHistory.empty(2, 3)
    for _ in range(3):
        rewards = torch.tensor([0.0, -math.inf]).double()
        young = young.recorded(rewards, torch.tensor([0.0, -60.0]).double())
    state = natural_gradient.init(mixture([[0.0, 0.0]] * 2, [1.0, 1e-25]))
    _, _, removed = component_adaptation.delete(state, young, SETTINGS)
    assert removed.tolist() == [False, True]


def test_history_keeps_the_newest_and_comes_back_from_its_tensors():
    told = ComponentHistory.empty(1, 2)
    for reward in (1.0, 2.0, 3.0):
        told = told.recorded(torch.tensor([reward]).double(), torch.tensor([0.0]).double())
    assert told.rewards.tolist() == [[2.0, 3.0]] and told.shares.tolist() == [[1.0, 1.0]]
    again = ComponentHistory.from_tensors(told.tensors())
    assert torch.equal(again.rewards, told.rewards) and again.num_added == told.num_added


def test_a_component_is_added_where_the_mixture_is_not():
    start = natural_gradient.init(mixture([[-4.0, 0.0]], [1.0]))
    candidates = torch.tensor([[-4.0, 0.1], [4.25, 0.0], [9.0, 9.0], [0.0, 0.0]]).double()
    log_target = Two().log_density(candidates)
    log_target[3] = math.nan
    state, told = component_adaptation.add(
        start,
        ComponentHistory.empty(1, 10),
        candidates,
        log_target,
        settings=SETTINGS,
        spread=torch.tensor([2.0, 3.0]).double(),
        generator=torch.Generator().manual_seed(0),
    )
    found = state.components
    assert found.loc[1].tolist() == [4.25, 0.0]
    assert float(found.log_weights[1]) == pytest.approx(math.log(1e-29))
    scale = found.scale_tril[1].diagonal()
    assert float(scale[1] / scale[0]) == pytest.approx(1.5)
    assert 1.0 <= float(scale.prod()) <= 6.0  # between the component's volume and the prior's
    assert told.num_added == 1 and len(told.rewards) == 2
    assert torch.isnan(told.rewards[1]).all()


def test_nothing_is_added_where_nothing_is_finite():
    start, empty = (
        natural_gradient.init(mixture([[-4.0, 0.0]], [1.0])),
        ComponentHistory.empty(1, 2),
    )
    state, told = component_adaptation.add(
        start,
        empty,
        torch.zeros(2, 2).double(),
        torch.full((2,), -math.inf).double(),
        settings=SETTINGS,
        spread=torch.ones(2).double(),
        generator=torch.Generator().manual_seed(0),
    )
    assert state is start and told is empty


def test_added_components_earn_their_weight():
    """Both come where the mixture is not; one of them is enough."""
    generator = torch.Generator().manual_seed(0)
    state = natural_gradient.init(mixture([[-4.0, 0.0]], [1.0]), weight_bound=1.0)
    told = ComponentHistory.empty(1, 10)
    for step in range(60):
        if step in (5, 6):
            x = 6 * torch.rand(200, 2, generator=generator, dtype=torch.float64) * 2 - 6
            state, told = component_adaptation.add(
                state,
                told,
                x,
                Two().log_density(x),
                settings=SETTINGS,
                spread=torch.full((2,), 2.0).double(),
                generator=generator,
            )
        log_weights = state.components.log_weights
        state, info = natural_gradient.step(
            state, Two(), settings=NaturalGradientSettings(), generator=generator
        )
        told = told.recorded(info.rewards, log_weights)
    at = state.components.loc[:, 0] > 0
    right = float(state.components.log_weights.exp()[at].sum())
    assert right == pytest.approx(0.5, abs=0.05)
    assert info.elbo == pytest.approx(0.0, abs=0.02)
