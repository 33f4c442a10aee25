# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch

from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.inference.natural_steps.quadratic_forms import QuadraticForms
from vi_ik_ros.sampling.inference.natural_steps.sample_pool import SamplePool, effective_sizes
from vi_ik_ros.sampling.inference.natural_steps.stein_estimate import stein_estimate
from vi_ik_ros.sampling.inference.natural_steps.weight_table import WeightTable
from vi_ik_ros.sampling.inference.target import evaluate

D = 6


class Quadratic:
    """log p~ = -(x - c)^T H (x - c) / 2."""

    def __init__(self):
        A = torch.randn(D, D, generator=torch.Generator().manual_seed(5)).double()
        self.H = A @ A.T + torch.eye(D)
        self.c = torch.linspace(-1, 1, D).double()

    def log_density(self, q, context=None):
        return -0.5 * ((q - self.c) @ self.H * (q - self.c)).sum(1)


class Cubic:
    """log p~ = x_0^3 + x_0 x_1^2, whose expected Hessian follows the mean."""

    def log_density(self, q, context=None):
        return q[:, 0] ** 3 + q[:, 0] * q[:, 1] ** 2


def components(num_components=1, spread=3.0):
    generator = torch.Generator().manual_seed(2)
    A = torch.randn(num_components, D, D, generator=generator).double()
    scale_tril = torch.linalg.cholesky(0.2 * A @ A.mT + 0.1 * torch.eye(D))
    loc = spread * torch.randn(num_components, D, generator=generator).double()
    log_weights = torch.log_softmax(torch.randn(num_components, generator=generator).double(), 0)
    return GaussianComponents(log_weights, loc, scale_tril)


def pooled(target, q, counts, seed=0):
    """Draw so many points of each component."""
    generator = torch.Generator().manual_seed(seed)
    counts = torch.tensor(counts)
    owners = torch.arange(len(counts)).repeat_interleave(counts)
    noise = torch.randn(len(owners), D, generator=generator, dtype=torch.float64)
    x = q.sample(noise, owners)
    log_own = q.log_prob(x)
    drew = GaussianComponents(counts.double().log(), q.loc, q.scale_tril)
    return SamplePool.empty(q).joined(x, evaluate(target, x), drew, log_own, 0), log_own


def estimate(target, q, counts, *, shrinkage=0.0, seed=0, exponent=1.0, order=1.0):
    pool, log_own = pooled(target, q, counts, seed)
    return stein_estimate(pool, q, log_own, exponent=exponent, order=order, shrinkage=shrinkage)


def exact_curvature(target, q):
    precision = torch.linalg.inv(q.scale_tril @ q.scale_tril.mT)
    return q.scale_tril.mT @ (target.H - precision) @ q.scale_tril


def test_a_quadratic_is_exact_with_hardly_more_points_than_dimensions():
    target, q = Quadratic(), components()
    found = estimate(target, q, [D + 2])
    torch.testing.assert_close(found.curvature, exact_curvature(target, q), rtol=1e-6, atol=1e-6)
    gradient = (q.scale_tril.mT @ (target.H @ (target.c - q.loc[0]))[None, :, None])[..., 0]
    torch.testing.assert_close(found.gradient, gradient, rtol=1e-6, atol=1e-6)


def test_the_regression_is_far_less_noisy_than_the_plain_product():
    target, q = Quadratic(), components()
    exact = exact_curvature(target, q)

    def error(shrinkage):
        runs = (estimate(target, q, [60], shrinkage=shrinkage, seed=s) for s in range(10))
        return sum(float((run.curvature - exact).norm()) for run in runs) / 10

    plain, regression = error(1e9), error(0.5)
    assert plain > 0.2 * float(exact.norm())
    assert regression < 0.2 * plain


def test_the_expected_hessian_of_a_cubic_is_found():
    q = components()
    found = estimate(Cubic(), q, [200_000])
    H = torch.zeros(D, D).double()
    x, y = q.loc[0, :2]
    H[0, 0], H[1, 1], H[0, 1], H[1, 0] = 6 * x, 2 * x, 2 * y, 2 * y
    precision = torch.linalg.inv(q.scale_tril[0] @ q.scale_tril[0].T)
    expected = -q.scale_tril[0].T @ (H + precision) @ q.scale_tril[0]
    torch.testing.assert_close(found.curvature[0], expected, rtol=0.02, atol=0.1)


def test_log_q_is_that_of_the_whole_mixture():
    """Against automatic differentiation, of components that overlap."""
    target, q = Quadratic(), components(3, spread=0.3)
    pool, log_own = pooled(target, q, [4000, 4000, 4000])
    found = stein_estimate(pool, q, log_own, exponent=0.7, order=1.0, shrinkage=0.0)
    x = pool.x[pool.x.shape[0] // 3 :][:4000].requires_grad_()  # those of the second component
    r = 0.7 * target.log_density(x) - torch.logsumexp(q.log_weights + q.log_prob(x), 1)
    (slope,) = torch.autograd.grad(r.sum(), x)
    expected = q.scale_tril[1].T @ slope.mean(0)
    noise = (slope @ q.scale_tril[1]).std(0) / 4000**0.5
    assert ((found.gradient[1] - expected).abs() < 6 * noise + 0.02 * expected.abs()).all()
    assert float(found.mean_reward[1]) == pytest.approx(float(r.mean().detach()), rel=0.05)


def test_points_of_others_count():
    """A component that drew little itself learns from one on top of it."""
    q = components()
    pair = GaussianComponents(
        torch.full((2,), 0.5).double().log(), q.loc.repeat(2, 1), q.scale_tril.repeat(2, 1, 1)
    )
    found = estimate(Quadratic(), pair, [2, 98])
    torch.testing.assert_close(found.effective_sizes, torch.full((2,), 100.0).double())
    torch.testing.assert_close(found.curvature[0], found.curvature[1])


def test_the_reward_of_a_smaller_order_is_a_higher_power_mean():
    q = components()
    first, half = (estimate(Quadratic(), q, [5000], order=order) for order in (1.0, 0.5))
    torch.testing.assert_close(first.reward, first.mean_reward)
    torch.testing.assert_close(half.mean_reward, first.mean_reward)
    assert float(half.reward) > float(first.reward) + 0.1
    pool, log_own = pooled(Quadratic(), q, [5000])
    ratio = pool.log_target - log_own[:, 0]
    expected = 2 * (torch.logsumexp(0.5 * ratio, 0) - math.log(5000))
    assert float(half.reward) == pytest.approx(float(expected), rel=1e-9)


def test_pools_forget_and_keep_their_proposal():
    target, q = Quadratic(), components(3)
    pool, log_own = pooled(target, q, [10, 20, 30])
    moved = GaussianComponents(q.log_weights, q.loc + 0.1, q.scale_tril)
    x = moved.sample(torch.randn(12, D).double(), torch.arange(3).repeat_interleave(4))
    own = moved.log_prob(torch.cat([pool.x, x]))
    drew = GaussianComponents(torch.full((3,), 4.0).double().log(), moved.loc, moved.scale_tril)
    both = pool.joined(x, evaluate(target, x), drew, own, 1)
    counts = torch.tensor([10.0, 20.0, 30.0]).double()
    at = torch.cat([q.log_prob(both.x) + counts.log(), own + drew.log_weights], 1)
    torch.testing.assert_close(both.log_proposal, torch.logsumexp(at, 1), rtol=1e-9, atol=1e-9)
    young = both.since(1)
    assert torch.equal(young.x, x) and len(young.sources.loc) == 3
    torch.testing.assert_close(young.log_proposal, torch.logsumexp(own[60:] + drew.log_weights, 1))
    again = SamplePool.from_tensors(both.tensors())
    assert all(torch.equal(v, again.tensors()[k]) for k, v in both.tensors().items())


def test_effective_sizes_count_equal_weights():
    weights = torch.tensor([[0.0, 5.0], [0.0, -800.0], [0.0, -800.0]]).double()
    torch.testing.assert_close(effective_sizes(weights), torch.tensor([3.0, 1.0]).double())
    assert torch.equal(effective_sizes(weights[:0]), torch.zeros(2).double())


def test_quadratic_forms_agree_with_whitening():
    q = components(4)
    forms = QuadraticForms.of(q, q.loc.mean(0))
    x = torch.randn(1500, D, generator=torch.Generator().manual_seed(0)).double()
    torch.testing.assert_close(forms.log_prob(x), q.log_prob(x), rtol=1e-9, atol=1e-9)
    at = x[:10].requires_grad_()
    (slope,) = torch.autograd.grad(q.log_prob(at)[:, 2].sum(), at)
    found = forms.selected(slice(2, 3)).slope(x[None, :10].detach())
    torch.testing.assert_close(found[0], slope)


def test_tables_hold_what_matters():
    weights = torch.tensor([[0.9, 0.0], [0.0, 1e-12], [0.1, 0.5], [0.0, 0.5], [0.0, 0.0]]).double()
    table = WeightTable.of(weights)
    assert table.rows.shape == (2, 2)
    assert table.rows.tolist() == [[0, 2], [2, 3]]
    torch.testing.assert_close(table.weights, torch.tensor([[0.9, 0.1], [0.5, 0.5]]).double())
    assert table.groups(1) == [slice(0, 2_000_000)]
    assert table.groups(2_000_000) == [slice(0, 1), slice(1, 2)]
