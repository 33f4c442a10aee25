# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from vi_ik_ros.sampling.inference.conditional import joint_mixture


def pairs(num_rows: int = 4000) -> torch.Tensor:
    """Rows (y, x) of two linear experts: (2 y + 1, 0) around y = -1, (-y, y / 2) around 1."""
    generator = torch.Generator().manual_seed(0)
    side = torch.rand(num_rows, 1, generator=generator, dtype=torch.float64) < 0.3
    noise = torch.randn(num_rows, 3, generator=generator, dtype=torch.float64)
    y = torch.where(side, -1.0, 1.0) + 0.2 * noise[:, :1]
    first, second = torch.cat([2 * y + 1, 0 * y], 1), torch.cat([-y, 0.5 * y], 1)
    return torch.cat([y, torch.where(side, first, second) + 0.05 * noise[:, 1:]], 1)


def fit(rows, num_components, updates, seed=0):
    components = joint_mixture.init(rows, num_components, torch.Generator().manual_seed(seed))
    likelihoods = []
    for _ in range(updates):
        components, info = joint_mixture.step(components, rows)
        likelihoods.append(info.log_likelihood)
    return components, likelihoods


@pytest.mark.parametrize("seed", range(3))
def test_the_likelihood_never_falls(seed):
    _, likelihoods = fit(pairs(), 6, 40, seed)
    gains = torch.tensor(likelihoods).diff()
    assert gains.min() > -1e-5  # shares below 1e-4 are not counted
    assert likelihoods[-1] > likelihoods[0] + 0.05


def test_linear_experts_and_their_gates_are_recovered():
    components, _ = fit(pairs(), 2, 30)
    found = joint_mixture.condition(components, 1)
    order = found.gate.loc[:, 0].argsort()
    close = {"atol": 0.03, "rtol": 0}
    expected = torch.tensor([[[2.0], [0.0]], [[-1.0], [0.5]]]).double()
    torch.testing.assert_close(found.matrix[order], expected, **close)
    expected = torch.tensor([[1.0, 0.0], [0.0, 0.0]]).double()
    torch.testing.assert_close(found.offset[order], expected, **close)
    spread = 0.05 * torch.eye(2).double().expand(2, 2, 2)
    torch.testing.assert_close(found.scale_tril[order], spread, atol=0.005, rtol=0)
    torch.testing.assert_close(
        found.gate.log_weights[order].exp(), torch.tensor([0.3, 0.7]).double(), **close
    )
    torch.testing.assert_close(
        found.gate.loc[order, 0], torch.tensor([-1.0, 1.0]).double(), **close
    )
    assert found.gate.scale_tril.flatten().tolist() == pytest.approx([0.2, 0.2], abs=0.02)


def test_conditioning_divides_the_joint_by_the_marginal():
    components, rows = fit(pairs(), 3, 10)[0], pairs()[:50]
    found = joint_mixture.condition(components, 1)
    y, x = rows[:, :1], rows[:, 1:]
    log_joint = torch.logsumexp(components.log_weights + components.log_prob(rows), 1)
    log_gate = found.gate.log_weights + found.gate.log_prob(y)
    mean = torch.einsum("kdf,nf->nkd", found.matrix, y) + found.offset
    expert = torch.distributions.MultivariateNormal(mean, scale_tril=found.scale_tril)
    log_conditional = torch.logsumexp(
        torch.log_softmax(log_gate, 1) + expert.log_prob(x[:, None]), 1
    )
    expected = log_joint - torch.logsumexp(log_gate, 1)
    torch.testing.assert_close(log_conditional, expected, atol=1e-6, rtol=1e-6)
