# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.skills.learning.models.gaussian_process import (
    GaussianProcess,
    Standardisation,
    TrainingData,
)
from vi_ik_ros.skills.learning.models.hyperparameters import (
    Hyperparameters,
    fit_hyperparameters,
    log_posterior,
    usual_hyperparameters,
)

THETA = Hyperparameters(np.array([0.3, 0.7]), 1.7, 0.02)
COLUMNS = np.array([True, False, True])


def observations(n: int = 25, seed: int = 0) -> TrainingData:
    rng = np.random.default_rng(seed)
    points = rng.random((n, 3))
    outputs = np.sin(6.0 * points[:, 0]) + points[:, 2] ** 2 + 0.1 * rng.standard_normal(n)
    return TrainingData(points, outputs, rng.uniform(0.5, 10.0, n))


def of_gpytorch(data: TrainingData, scaling: Standardisation):
    """The same process from parts of GPyTorch, its priors those of BoTorch's legacy helpers."""
    torch = pytest.importorskip("torch")
    import gpytorch
    from gpytorch.kernels import MaternKernel, ScaleKernel
    from gpytorch.priors import GammaPrior

    class Model(gpytorch.models.ExactGP):
        def __init__(self, x, y, likelihood):
            super().__init__(x, y, likelihood)
            self.mean_module = gpytorch.means.ZeroMean()
            matern = MaternKernel(nu=2.5, ard_num_dims=2, lengthscale_prior=GammaPrior(3.0, 6.0))
            self.covar_module = ScaleKernel(matern, outputscale_prior=GammaPrior(2.0, 0.15))

        def forward(self, x):
            return gpytorch.distributions.MultivariateNormal(
                self.mean_module(x), self.covar_module(x)
            )

    x = torch.tensor(data.points[:, COLUMNS], dtype=torch.float64)
    y = torch.tensor((data.outputs - scaling.offset) / scaling.scale, dtype=torch.float64)
    noise = torch.tensor(THETA.noise_variance * data.relative_noise, dtype=torch.float64)
    likelihood = gpytorch.likelihoods.FixedNoiseGaussianLikelihood(noise)
    model = Model(x, y, likelihood).double()
    model.covar_module.base_kernel.lengthscale = torch.tensor(THETA.lengthscales)
    model.covar_module.outputscale = THETA.signal_variance
    return torch, gpytorch, model, likelihood, x, y


def test_posterior_is_that_of_gpytorch() -> None:
    data = observations()
    scaling = Standardisation.of(data.outputs, 1e-3)
    torch, gpytorch, model, _, _, _ = of_gpytorch(data, scaling)
    points = np.random.default_rng(1).random((50, 3))
    model.eval()
    with torch.no_grad(), gpytorch.settings.fast_computations(False, False, False):
        posterior = model(torch.tensor(points[:, COLUMNS]))
        expected_mean = scaling.offset + scaling.scale * posterior.mean.numpy()
        expected_variance = scaling.scale**2 * posterior.variance.numpy()
    mean, variance = GaussianProcess(data, COLUMNS, scaling, THETA).predict(points)
    np.testing.assert_allclose(mean, expected_mean, atol=1e-8)
    np.testing.assert_allclose(variance, expected_variance, atol=1e-8)


def test_log_posterior_is_that_of_gpytorch() -> None:
    data = observations()
    scaling = Standardisation.of(data.outputs, 1e-3)
    torch, gpytorch, model, likelihood, x, y = of_gpytorch(data, scaling)
    from gpytorch.priors import GammaPrior

    model.train()
    with torch.no_grad():
        mll = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
        expected = len(y) * mll(model(x), y).item()  # it divides by n, priors included
        noise = torch.tensor(THETA.noise_variance)
        expected += GammaPrior(1.1, 0.05).log_prob(noise).item()
    inputs = data.points[:, COLUMNS]
    squares = (inputs.T[:, :, None] - inputs.T[:, None, :]) ** 2
    log_theta = np.log([*THETA.lengthscales, THETA.signal_variance, THETA.noise_variance])
    value, _ = log_posterior(log_theta, squares, y.numpy(), data.relative_noise)
    assert value == pytest.approx(expected, abs=1e-6)  # GPyTorch keeps its priors in float32


def test_gradient_of_log_posterior_is_that_of_differences() -> None:
    data = observations()
    inputs = data.points[:, COLUMNS]
    squares = (inputs.T[:, :, None] - inputs.T[:, None, :]) ** 2
    log_theta = np.log([0.3, 0.7, 1.7, 0.02])
    arguments = squares, data.outputs, data.relative_noise
    _, gradient = log_posterior(log_theta, *arguments)
    step = 1e-5
    numeric = [
        (
            log_posterior(log_theta + step * axis, *arguments)[0]
            - log_posterior(log_theta - step * axis, *arguments)[0]
        )
        / (2.0 * step)
        for axis in np.eye(4)
    ]
    np.testing.assert_allclose(gradient, numeric, rtol=1e-5, atol=1e-5)


def test_fit_is_better_than_where_it_began_and_finds_the_irrelevant_input() -> None:
    rng = np.random.default_rng(3)
    inputs = rng.random((60, 2))
    y = np.sin(8.0 * inputs[:, 0]) + 0.1 * rng.standard_normal(60)
    fitted = fit_hyperparameters(inputs, y, np.ones(60))
    squares = (inputs.T[:, :, None] - inputs.T[:, None, :]) ** 2
    usual = np.log([0.5, 0.5, 1.0, 0.01])
    assert fitted.log_posterior > log_posterior(usual, squares, y, np.ones(60))[0]
    assert fitted.lengthscales[1] > 2.0 * fitted.lengthscales[0]
    assert 0.003 < fitted.noise_variance < 0.03  # 0.1 squared, within what 60 samples tell


def test_without_inputs_it_is_the_mean_of_what_it_saw() -> None:
    data = TrainingData.of(np.random.default_rng(0).random((40, 3)), np.arange(40.0) % 2.0)
    none = np.zeros(3, dtype=bool)
    process = GaussianProcess(data, none, Standardisation.of(data.outputs, 1e-3))
    mean, _ = process.predict(np.random.default_rng(1).random((5, 3)))
    np.testing.assert_allclose(mean, 0.5, atol=1e-6)


def test_noisier_observations_count_less() -> None:
    points, outputs = np.zeros((2, 1)), np.array([1.0, -1.0])
    theta = usual_hyperparameters(1)
    data = TrainingData(points, outputs, np.array([1.0, 10.0]))
    process = GaussianProcess(data, np.ones(1, dtype=bool), Standardisation(), theta)
    mean, _ = process.predict(points[:1])
    assert mean[0] == pytest.approx((10.0 - 1.0) / 11.0, abs=0.02)
