# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.inference import hamiltonian_monte_carlo as hmc

torch.set_num_threads(1)


class Normal:
    """A correlated normal whose coordinates differ in scale by a factor 20."""

    loc = torch.tensor([1.0, -2.0, 30.0], dtype=torch.float64)
    scale = torch.tensor([0.5, 1.0, 10.0], dtype=torch.float64)
    corr = torch.tensor([[1, 0.8, 0], [0.8, 1, -0.3], [0, -0.3, 1]], dtype=torch.float64)
    precision = torch.linalg.inv(corr)
    evaluations = 0

    def log_density(self, q, context=None):
        self.evaluations += 1
        shift = 0.0 if context is None else context
        z = (q - self.loc - shift) / self.scale
        return -0.5 * (z @ self.precision * z).sum(1)


class Banana:
    """x0 = z0 + 0.5 (z1^2 - 1), x1 = z1, z standard normal; unit Jacobian."""

    @staticmethod
    def straightened(q):
        return torch.stack([q[..., 0] - 0.5 * (q[..., 1] ** 2 - 1.0), q[..., 1]], -1)

    def log_density(self, q, context=None):
        return -0.5 * self.straightened(q).square().sum(-1)


class HalfNormal:
    """Zero, not a number in the gradient, or both, where q is negative."""

    def log_density(self, q, context=None):
        return torch.where(q[:, 0] > 0.0, -0.5 * q[:, 0] ** 2, -math.inf) + 0.0 * q[:, 0].sqrt()


def start(num_dims: int, chains: int = 300, seed: int = 0) -> tuple[torch.Tensor, torch.Generator]:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(chains, num_dims, generator=generator, dtype=torch.float64), generator


def sample(target, q, generator, *, scale=None, warm_up=60, steps=60, context=None):
    state = hmc.init(target, q, context=context)
    draws, rates = [], []
    for index in range(warm_up + steps):
        settings = hmc.HamiltonianSettings(8, scale, adapt=index < warm_up)
        state, info = hmc.step(
            state, target=target, settings=settings, generator=generator, context=context
        )
        if index >= warm_up:
            draws.append(state.q)
            rates.append(info.acceptance_rate)
    return torch.stack(draws), sum(rates) / len(rates), state


def test_moments_of_a_correlated_normal():
    target = Normal()
    draws, rate, _ = sample(target, *start(3), scale=target.scale, steps=40)
    z = ((draws - target.loc) / target.scale).flatten(0, 1)
    torch.testing.assert_close(z.mean(0), torch.zeros(3).double(), atol=0.05, rtol=0)
    torch.testing.assert_close(z.T.cov(), target.corr, atol=0.06, rtol=0)
    assert rate == pytest.approx(0.8, abs=0.07)


def test_a_banana_straightened_is_a_standard_normal():
    draws, rate, _ = sample(Banana(), *start(2))
    z = Banana.straightened(draws).flatten(0, 1)
    torch.testing.assert_close(z.mean(0), torch.zeros(2).double(), atol=0.05, rtol=0)
    torch.testing.assert_close(z.T.cov(), torch.eye(2).double(), atol=0.06, rtol=0)
    assert float((z**4).mean()) == pytest.approx(3.0, abs=0.25)
    assert rate == pytest.approx(0.8, abs=0.07)


def test_steps_far_too_long_cost_acceptance_and_no_correctness():
    """Without the accept step the variance would be that of another density."""
    target = Banana()
    q, generator = start(2)
    state = hmc.init(target, q, step_size=1.2)
    settings = hmc.HamiltonianSettings(2)
    rates, kept = [], []
    for index in range(200):
        state, info = hmc.step(state, target=target, settings=settings, generator=generator)
        rates.append(info.acceptance_rate)
        kept += [Banana.straightened(state.q)] if index >= 50 else []
    assert sum(rates) / 200 < 0.7
    torch.testing.assert_close(torch.cat(kept).T.cov(), torch.eye(2).double(), atol=0.08, rtol=0)


@pytest.mark.parametrize("first", [1e-3, 20.0])
def test_any_first_step_size_is_adapted(first):
    state = hmc.init(Banana(), start(2)[0], step_size=first)
    generator = torch.Generator().manual_seed(1)
    for _ in range(120):
        state, info = hmc.step(
            state,
            target=Banana(),
            settings=hmc.HamiltonianSettings(5, adapt=True),
            generator=generator,
        )
    assert 0.1 < info.step_size < 2.0
    assert 0.6 < info.acceptance_rate < 0.95


def test_samples_of_the_target_stay_samples_of_the_target():
    z, generator = start(2, chains=20_000)
    banana = torch.stack([z[:, 0] + 0.5 * (z[:, 1] ** 2 - 1.0), z[:, 1]], -1)
    state = hmc.init(Banana(), banana, step_size=0.6)
    for _ in range(5):
        state, info = hmc.step(
            state, target=Banana(), settings=hmc.HamiltonianSettings(4), generator=generator
        )
    after = Banana.straightened(state.q)
    assert 0.5 < info.acceptance_rate < 0.99
    torch.testing.assert_close(after.mean(0), torch.zeros(2).double(), atol=0.03, rtol=0)
    torch.testing.assert_close(after.T.cov(), torch.eye(2).double(), atol=0.05, rtol=0)


def test_short_steps_are_always_accepted():
    q, generator = start(2)
    state = hmc.init(Banana(), q, step_size=1e-3)
    _, info = hmc.step(
        state, target=Banana(), settings=hmc.HamiltonianSettings(20), generator=generator
    )
    assert info.acceptance_rate > 0.9999 and bool(info.accepted.all())


def test_chains_never_enter_where_the_density_is_zero():
    q, generator = start(1)
    draws, _, _ = sample(HalfNormal(), q.abs(), generator)
    assert float(draws.min()) > 0.0
    assert float(draws.mean()) == pytest.approx(math.sqrt(2 / math.pi), abs=0.03)


def test_divergence_is_counted_and_not_followed():
    q, generator = start(3)
    state = hmc.init(Normal(), q, step_size=1e3)
    after, info = hmc.step(
        state, target=Normal(), settings=hmc.HamiltonianSettings(50), generator=generator
    )
    assert info.num_diverged == len(q) and not info.accepted.any()
    assert torch.equal(after.q, q) and after.step == 1


def test_contexts_give_every_chain_its_own_target():
    q, generator = start(3)
    context = torch.linspace(-5, 5, len(q)).double()[:, None] * torch.tensor([1.0, 0.0, 0.0])
    draws, _, _ = sample(Normal(), q + context, generator, scale=Normal.scale, context=context)
    torch.testing.assert_close(
        (draws - context).mean((0, 1)) / Normal.scale, Normal.loc / Normal.scale, atol=0.05, rtol=0
    )


def test_a_step_costs_its_leapfrog_steps_and_is_repeatable():
    target = Normal()
    q, _ = start(3)
    state, settings = hmc.init(target, q), hmc.HamiltonianSettings(7, adapt=True)
    before = target.evaluations
    results = [
        hmc.step(
            state, target=target, settings=settings, generator=torch.Generator().manual_seed(4)
        )[0]
        for _ in range(2)
    ]
    assert target.evaluations - before == 2 * 7
    assert torch.equal(results[0].q, results[1].q)
    assert results[0].step_size == results[1].step_size
    density = target.log_density(results[0].q)
    torch.testing.assert_close(results[0].log_density, density)


def test_priorities_are_refused():
    target = Normal()
    target.bound = False
    with pytest.raises(InvalidInput, match="priority"):
        hmc.init(target, start(3)[0])
