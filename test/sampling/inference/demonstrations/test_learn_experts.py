# SPDX-License-Identifier: Apache-2.0
import math
from dataclasses import replace

import pytest
import torch

from vi_ik_ros.sampling.inference.demonstrations import learn_experts
from vi_ik_ros.sampling.inference.demonstrations.learn_experts import SHARES, LearnSettings

LOWER, UPPER = torch.full((2,), -5.0).double(), torch.full((2,), 5.0).double()
SMALL = LearnSettings(num_components=5, num_proposals=5000, num_cooling=15, num_points=4000)


class Normal:
    """exp(-|(x - m) / s|^2 / 2); m and log s are free, one for each entry."""

    num_parameters = 4

    def view(self, x):
        inside = ((x > LOWER) & (x < UPPER)).all(1)
        return torch.cat([x, torch.where(inside, 0.0, -torch.inf)[:, None].to(x)], 1)

    def log_density(self, view, theta):
        z = (view[:, :2] - theta[:2]) * torch.exp(-theta[2:])
        return view[:, 2] - 0.5 * z.square().sum(1)


class Twins:
    """Two equal peaks at (+-2, 0) of one free log std; the log mass is known."""

    num_parameters = 1

    def view(self, x):
        return x

    def log_density(self, view, theta):
        s, left = 0.3 * theta.exp(), view.new_tensor([-2.0, 0.0])
        peaks = [-0.5 * ((view - side * left) / s).square().sum(1) for side in (1, -1)]
        return torch.logaddexp(*peaks)

    def log_mass(self, theta):
        return math.log(2 * 2 * math.pi * 0.09) + 2 * float(theta[0])


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=generator(seed)).double()


def learn(family, x, steps, seed=0, settings=SMALL):
    g = generator(seed)
    state = learn_experts.init(family, x, LOWER, UPPER, settings=settings, generator=g)
    infos = []
    for _ in range(steps):
        state, info = learn_experts.step(state, family, x, settings=settings, generator=g)
        infos.append(info)
    return state, infos


def test_a_normal_expert_gets_the_maximum_likelihood_of_its_rows():
    x = normal(200, 2) * torch.tensor([0.3, 0.8]).double() + torch.tensor([1.0, -0.5]).double()
    state, infos = learn(Normal(), x, 8)
    expected = torch.cat([x.mean(0), x.std(0, correction=0).log()])
    errors = torch.cat([x.std(0) / math.sqrt(200), torch.full((2,), 1 / math.sqrt(400)).double()])
    assert ((state.theta - expected).abs() < 0.4 * errors).all()  # points move it by 0.2
    torch.testing.assert_close(infos[-1].covariance.diagonal().sqrt(), errors, rtol=0.1, atol=0)
    assert infos[-1].effective_points > 2000
    assert infos[-1].shift < 0.1 + 2 * infos[-1].noise


def test_the_normaliser_counts_peaks_without_a_row():
    x = 0.3 * normal(60, 2) + torch.tensor([2.0, 0.0]).double()
    family = Twins()
    state, infos = learn(family, x, 4)
    log_mass = infos[-1].log_normalizer
    assert log_mass.stderr < 0.03
    assert log_mass.value == pytest.approx(family.log_mass(state.theta), abs=4 * log_mass.stderr)
    likelihood = learn_experts.judge(state, family, x, num_points=4000, generator=generator(1))
    expected = family.log_density(x, state.theta) - family.log_mass(state.theta)
    torch.testing.assert_close(likelihood.log_probs, expected, atol=0.1, rtol=0)


def test_draws_are_those_of_the_product():
    state, _ = learn(Twins(), 0.3 * normal(20, 2) + torch.tensor([2.0, 0.0]).double(), 1)
    state = replace(state, theta=torch.zeros(1).double())
    x = learn_experts.draw(state, Twins(), 2000, num_points=40_000, generator=generator(2))
    assert len(x.unique(dim=0)) == 2000
    right = x[:, 0] > 0
    assert float(right.double().mean()) == pytest.approx(0.5, abs=0.05)
    stds = torch.stack([x[right].std(0), x[~right].std(0)])
    torch.testing.assert_close(stds, torch.full((2, 2), 0.3).double(), atol=0.03, rtol=0)


def test_the_box_bounds_every_weight():
    state, _ = learn(Twins(), 0.1 * normal(20, 2) + torch.tensor([2.0, 0.0]).double(), 1)
    narrow = replace(
        state.proposal.components, scale_tril=0.01 * torch.eye(2).expand(5, 2, 2).double()
    )
    state = replace(state, proposal=replace(state.proposal, components=narrow))
    likelihood = learn_experts.judge(
        state, Twins(), LOWER[None], num_points=4000, generator=generator(3)
    )
    highest = float(Twins().log_density(likelihood.points.x, state.theta).max())
    bound = highest + math.log(100.0) - math.log(SHARES[2])
    assert likelihood.log_weights.max() <= bound
    assert likelihood.log_weights.max() > bound - 3  # q alone would not have kept it


def test_the_same_seed_learns_the_same_and_rows_may_change_between_steps():
    x = normal(30, 2)
    (a, _), (b, _), (c, _) = learn(Normal(), x, 2), learn(Normal(), x, 2), learn(Normal(), x, 2, 1)
    assert (a.theta == b.theta).all() and (a.theta != c.theta).any()
    more = torch.cat([x, x + 1.0])
    moved, info = learn_experts.step(a, Normal(), more, settings=SMALL, generator=generator(5))
    assert moved.step == 3 and info.shift > 1.0
    torch.testing.assert_close(moved.theta[:2], more.mean(0), atol=0.1, rtol=0)
