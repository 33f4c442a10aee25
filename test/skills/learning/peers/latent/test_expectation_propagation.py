# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import multivariate_normal

from vi_ik_ros.skills.learning.models.hyperparameters import Hyperparameters, kernel
from vi_ik_ros.skills.learning.peers.latent.expectation_propagation import Observations, propagate

THETA = Hyperparameters(np.array([0.4, 0.6]), 1.3, 0.05)
X = np.array([[0.1, 0.2], [0.3, 0.5], [0.8, 0.4]])
NEW = np.array([[0.25, 0.3], [0.9, 0.9]])


def observed(signs, noise=0.05):
    values = np.array([-0.4, 0.3, 0.1])
    signs = np.array(signs)
    return Observations(signs, np.where(signs == 0, values, 0.0), threshold=0.5, noise=noise)


def weighted_draws(seen, n=400_000):
    """Draws of the prior at X and NEW, with the likelihood of what was seen."""
    both = np.concatenate([X, NEW])
    factor = np.linalg.cholesky(kernel(both, both, THETA) + 1e-10 * np.eye(5))
    g = np.random.default_rng(0).standard_normal((n, 5)) @ factor.T
    weight = np.ones(n)
    for i, sign in enumerate(seen.signs):
        if sign == 0:
            residual = (seen.values[i] - g[:, i]) ** 2 / seen.noise
            weight *= np.exp(-0.5 * residual) / np.sqrt(2.0 * np.pi * seen.noise)
        else:
            weight *= ndtr(sign * (seen.threshold - g[:, i]) / np.sqrt(seen.noise))
    return g, weight


@pytest.mark.parametrize("signs", [[0, -1, -1], [0, 1, -1], [-1, -1, -1], [0, 0, -1]])
def test_posterior_is_near_that_of_weighted_draws(signs) -> None:
    seen = observed(signs)
    found = propagate(kernel(X, X, THETA), seen)
    g, weight = weighted_draws(seen)
    share = weight / weight.sum()
    mean = share @ g
    variance = share @ (g - mean) ** 2
    np.testing.assert_allclose(found.mean, mean[:3], atol=0.02)
    np.testing.assert_allclose(found.variance, variance[:3], rtol=0.1)
    new_mean, new_std = found.predict(kernel(X, NEW, THETA), THETA.signal_variance)
    np.testing.assert_allclose(new_mean, mean[3:], atol=0.02)
    np.testing.assert_allclose(new_std**2, variance[3:], rtol=0.1)
    assert found.log_evidence == pytest.approx(np.log(weight.mean()), abs=0.04)


def test_hard_threshold_agrees_with_rejection_sampling() -> None:
    seen = observed([-1, -1, -1], noise=1e-10)
    found = propagate(kernel(X, X, THETA), seen)
    g, weight = weighted_draws(seen)
    kept = g[weight > 0.5, :3]
    assert len(kept) > 10_000
    np.testing.assert_allclose(found.mean, kept.mean(axis=0), atol=0.02)
    np.testing.assert_allclose(found.variance, kept.var(axis=0), rtol=0.1)
    assert found.log_evidence == pytest.approx(np.log(len(kept) / len(g)), abs=0.02)


@pytest.mark.parametrize("signs", [[0, -1, -1], [0, 1, -1], [-1, -1, -1]])
def test_every_label_has_the_moments_of_its_cut_cavity(signs) -> None:
    seen = observed(signs)
    found = propagate(kernel(X, X, THETA), seen)
    for i in np.flatnonzero(seen.signs):
        precision = 1.0 / found.variance[i] - found.precision[i]
        centre = (found.mean[i] / found.variance[i] - found.shift[i]) / precision
        g = np.linspace(-10.0, 10.0, 20_001)
        cut = ndtr(seen.signs[i] * (seen.threshold - g) / np.sqrt(seen.noise))
        weight = cut * np.exp(-0.5 * precision * (g - centre) ** 2)
        mean = weight @ g / weight.sum()
        assert found.mean[i] == pytest.approx(mean, abs=1e-6)
        variance = weight @ (g - mean) ** 2 / weight.sum()
        assert found.variance[i] == pytest.approx(variance, rel=1e-6)


def test_values_alone_are_plain_regression() -> None:
    seen = observed([0, 0, 0])
    covariance = kernel(X, X, THETA)
    found = propagate(covariance, seen)
    noisy = covariance + seen.noise * np.eye(3)
    cross = kernel(X, NEW, THETA)
    mean, std = found.predict(cross, THETA.signal_variance)
    solved = np.linalg.solve(noisy, cross)
    np.testing.assert_allclose(mean, solved.T @ seen.values, rtol=1e-9)
    np.testing.assert_allclose(std**2, 1.3 - (cross * solved).sum(0), rtol=1e-9)
    exact = multivariate_normal(np.zeros(3), noisy).logpdf(seen.values)
    assert found.log_evidence == pytest.approx(exact, rel=1e-9)


def test_one_label_is_exact() -> None:
    seen = Observations(np.array([-1]), np.zeros(1), threshold=0.5, noise=0.05)
    found = propagate(np.array([[1.3]]), seen)
    assert found.log_evidence == pytest.approx(np.log(ndtr(-0.5 / np.sqrt(1.35))), rel=1e-8)


def test_combined_sites_agree_with_folding_values_into_the_prior() -> None:
    seen = observed([0, -1, -1])
    covariance = kernel(X, X, THETA)
    found = propagate(covariance, seen)
    cross = kernel(X, NEW, THETA)
    mean, std = found.predict(cross, THETA.signal_variance)
    inverse = np.linalg.inv(covariance)
    posterior = np.linalg.inv(inverse + np.diag(found.precision))
    np.testing.assert_allclose(posterior @ found.shift, found.mean, atol=1e-10)
    np.testing.assert_allclose(mean, cross.T @ inverse @ found.mean, atol=1e-10)
    shrunk = inverse @ (covariance - posterior) @ inverse
    expected = 1.3 - np.einsum("nm,nk,km->m", cross, shrunk, cross)
    np.testing.assert_allclose(std**2, expected, atol=1e-10)


def test_duplicates_with_opposite_labels_are_undecided() -> None:
    x = np.tile(X[:1], (200, 1))
    signs = np.where(np.arange(200) % 2, 1, -1)
    seen = Observations(signs, np.zeros(200), threshold=0.0, noise=1e-4)
    found = propagate(kernel(x, x, THETA), seen)
    assert np.isfinite(found.log_evidence)
    np.testing.assert_allclose(found.mean, 0.0, atol=1e-2)
