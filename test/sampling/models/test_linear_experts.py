# SPDX-License-Identifier: Apache-2.0
import numpy as np
import torch

from vi_ik_ros.sampling.models.linear_experts.network import LinearExperts
from vi_ik_ros.sampling.models.linear_experts.options import ExpertsOptions
from vi_ik_ros.sampling.models.mixture_of_experts import MixtureOfExperts

OPTIONS = ExpertsOptions(
    (("pose", 7), ("vector", 1)), (-1.0, -2.0, -3.0), (1.0, 2.0, 3.0), 1.2, num_components=4
)


def make() -> LinearExperts:
    rng = np.random.default_rng(0)
    shapes = OPTIONS.tensor_shapes().items()
    return LinearExperts(OPTIONS, {n: 0.5 * rng.standard_normal(shape) for n, shape in shapes})


def test_training_and_serving_evaluate_the_same_function():
    experts = make()
    model = MixtureOfExperts(OPTIONS, experts.tensors())
    rng = np.random.default_rng(1)
    contexts, x = rng.standard_normal((6, 8)), rng.standard_normal((6, 9, 3))
    with torch.no_grad():
        mixture = experts(torch.from_numpy(contexts).float())
        trained = mixture.log_prob(torch.from_numpy(x).float())
    np.testing.assert_allclose(model.log_prob(x, contexts), trained.numpy(), rtol=1e-4, atol=1e-4)


def test_what_goes_in_comes_out():
    experts = make()
    again = LinearExperts(OPTIONS, experts.tensors())
    for name, value in again.tensors().items():
        np.testing.assert_allclose(value, experts.tensors()[name], atol=1e-6)
    blank = LinearExperts.zeros(OPTIONS)
    blank.load_state_dict(experts.state_dict())
    assert all((blank.tensors()[n] == value).all() for n, value in experts.tensors().items())


def test_the_chart_is_the_identity_and_every_parameter_is_trained():
    experts = make()
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    limits = experts.limits
    for mapped in (limits.to_unlimited(x), limits.to_limited(x)):
        assert torch.equal(mapped, x)
        (slope,) = torch.autograd.grad(mapped.sum(), x)
        assert torch.equal(slope, torch.ones_like(x))
    assert (limits.log_derivative(x) == 0).all()
    contexts = torch.randn(5, 8, generator=torch.Generator().manual_seed(1))
    experts(contexts).log_prob(x[:, None].detach()).sum().backward()
    assert all(p.grad is not None and (p.grad != 0).any() for p in experts.parameters())
