# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch

from vi_ik_ros.sampling.inference.demonstrations.contrastive_ascent import (
    KEPT,
    Likelihood,
    ProposalPoints,
    climb,
    scores,
)

SIDE, CELLS = 4.0, 160


class Ring:
    """A fixed normal times a normal on the distance from the origin; mean and log std are free."""

    num_parameters = 2

    def view(self, x):
        fixed = -0.5 * ((x - x.new_tensor([0.5, -0.3])) / 1.5).square().sum(1)
        return torch.stack([fixed, x.norm(dim=1)], 1)

    def log_density(self, view, theta):
        z = (view[:, 1] - 1.0 - theta[0]) / (0.3 * theta[1].exp())
        return view[:, 0] - 0.5 * z.square()


class Linear:
    """exp(theta . phi(x)): the Hessian of log Z is the information itself."""

    num_parameters = 3

    def view(self, x):
        return torch.cat([x, (x[:, :1] * x[:, 1:]), -x.square().sum(1, keepdim=True)], 1)

    def log_density(self, view, theta):
        return view[:, :3] @ theta + view[:, 3]


def grid(family) -> ProposalPoints:
    """Midpoints of equal cells, as if drawn from a uniform density: integrals are exact sums."""
    line = SIDE * (2 * (torch.arange(CELLS).double() + 0.5) / CELLS - 1)
    x = torch.cartesian_prod(line, line)
    uniform = torch.full((len(x),), -2 * math.log(2 * SIDE), dtype=torch.float64)
    return ProposalPoints(x, family.view(x), uniform)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


def data(count=20):
    return normal(count, 2) * 0.3 + torch.tensor([1.0, 0.5]).double()


def on_grid(family, theta, count=20) -> Likelihood:
    return Likelihood(family, family.view(data(count)), grid(family), torch.tensor(theta).double())


def differences(function, theta, h=1e-5):
    steps = h * torch.eye(len(theta)).double()
    rows = [(function(theta + e) - function(theta - e)) / (2 * h) for e in steps]
    return torch.stack([torch.as_tensor(row).double() for row in rows])


@pytest.mark.parametrize("theta", [[0.0, 0.0], [0.6, 0.4], [-0.5, -0.7]])
def test_gradient_is_that_of_the_likelihood_on_a_grid(theta):
    likelihood = on_grid(Ring(), theta)
    gradient, _ = likelihood.slope()
    expected = differences(lambda t: likelihood.at(t).objective, likelihood.theta)
    torch.testing.assert_close(gradient, expected, rtol=1e-5, atol=1e-6)


def test_gradient_from_draws_is_that_of_the_grid_within_its_error():
    exact, _ = on_grid(Ring(), [0.3, 0.2]).slope()
    found = []
    for seed in range(20):
        x = 1.5 * normal(2000, 2, seed=seed)
        log_proposal = -0.5 * (x / 1.5).square().sum(1) - math.log(2 * math.pi * 1.5**2)
        points = ProposalPoints(x, Ring().view(x), log_proposal)
        likelihood = Likelihood(
            Ring(), Ring().view(data()), points, torch.tensor([0.3, 0.2]).double()
        )
        found.append(likelihood.slope()[0])
    found = torch.stack(found)
    error = found.std(0) / math.sqrt(len(found))
    assert (error < 0.02).all()
    assert ((found.mean(0) - exact).abs() < 4 * error).all()


def test_log_probs_are_normalised():
    likelihood = on_grid(Ring(), [0.2, -0.1])
    area = (2 * SIDE / CELLS) ** 2
    everywhere = Likelihood(
        Ring(), likelihood.points.view, likelihood.points, likelihood.theta
    ).log_probs
    assert float(everywhere.exp().sum() * area) == pytest.approx(1.0, abs=1e-9)


def test_information_is_minus_the_curvature_of_a_linear_family():
    likelihood = on_grid(Linear(), [0.5, -0.2, 0.3])
    _, information = likelihood.slope()
    curvature = differences(lambda t: likelihood.at(t).slope()[0], likelihood.theta)
    torch.testing.assert_close(information, -curvature, rtol=1e-5, atol=1e-6)


def test_scores_are_gradients_row_by_row():
    view, theta = Ring().view(data(5)), torch.tensor([0.1, 0.2]).double()
    expected = torch.autograd.functional.jacobian(lambda t: Ring().log_density(view, t), theta)
    torch.testing.assert_close(scores(Ring(), view, theta), expected)


def test_a_climb_reaches_the_top_where_points_allow():
    reached = climb(on_grid(Ring(), [0.0, 0.0], count=200))
    gradient, information = reached.slope()
    assert float(gradient @ torch.linalg.solve(information, gradient)) < 1e-6
    assert reached.objective > on_grid(Ring(), [0.0, 0.0], count=200).objective


def test_a_climb_ends_where_points_lose_their_use():
    x = 0.7 * normal(3000, 2)
    log_proposal = -0.5 * (x / 0.7).square().sum(1) - math.log(2 * math.pi * 0.7**2)
    far = Linear().view(data() + 3.0)
    start = Likelihood(
        Linear(), far, ProposalPoints(x, Linear().view(x), log_proposal), torch.zeros(3).double()
    )
    reached = climb(start)
    assert reached.objective > start.objective
    assert 1.0 > reached.effective_points / start.effective_points >= KEPT
    gradient, _ = reached.slope()
    assert gradient.norm() > 0.5  # far from the top


def test_too_few_points_move_nothing():
    x = normal(50, 2)
    log_proposal = -0.5 * x.square().sum(1)
    start = Likelihood(
        Ring(), Ring().view(data()), ProposalPoints(x, Ring().view(x), log_proposal),
        torch.zeros(2).double(),
    )  # fmt: skip
    assert climb(start) is start


def test_points_are_kept_newest_first_until_they_are_enough():
    likelihood = on_grid(Ring(), [0.0, 0.0])
    everything = likelihood.effective_points
    half = likelihood.narrowed(0.5 * everything)
    count = len(half.points.x)
    assert 0.5 * everything <= half.effective_points < 0.51 * everything
    assert (half.points.x == likelihood.points.x[-count:]).all()
    assert likelihood.narrowed(2 * everything) is likelihood


def test_draws_of_several_proposals_are_averaged():
    family, theta = Ring(), torch.zeros(2).double()
    parts = []
    for seed, std in ((0, 1.5), (1, 2.5)):
        x = std * normal(20_000, 2, seed=seed)
        log_proposal = -0.5 * (x / std).square().sum(1) - math.log(2 * math.pi * std**2)
        parts.append(ProposalPoints(x, family.view(x), log_proposal))
    both = parts[0].joined(parts[1], 30_000)
    assert len(both.x) == 30_000 and (both.x[-20_000:] == parts[1].x).all()
    exact = on_grid(family, [0.0, 0.0]).weights.log_normalizer.value
    found = Likelihood(family, family.view(data()), both, theta).weights.log_normalizer
    assert found.value == pytest.approx(exact, abs=4 * found.stderr)
    assert found.stderr < 0.02
