# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from scipy.stats import multivariate_normal

from vi_ik_ros.benchmarks.learn_objectives.density_estimates import (
    best_gaussian_mixture,
    best_kernel_density,
    gaussian_mixture,
    kernel_density,
)


def two_clusters(count, seed=0):
    rng = np.random.default_rng(seed)
    right = rng.random(count) < 0.7
    spread = np.where(right[:, None], [0.5, 0.2], [0.2, 0.4])
    centre = np.where(right[:, None], [2.0, 0.0], [-2.0, 1.0])
    return centre + spread * rng.standard_normal((count, 2))


def true_log_prob(q):
    right = multivariate_normal([2.0, 0.0], np.diag([0.25, 0.04])).pdf(q)
    left = multivariate_normal([-2.0, 1.0], np.diag([0.04, 0.16])).pdf(q)
    return np.log(0.7 * right + 0.3 * left)


def test_one_component_is_the_moments_and_the_ridge():
    q = two_clusters(200)
    mixture = gaussian_mixture(q, 1, 0.1, np.random.default_rng(0))
    covariance = np.cov(q.T, bias=True) + 0.1 * np.eye(2)
    expected = multivariate_normal(q.mean(0), covariance).logpdf(q)
    np.testing.assert_allclose(mixture.log_prob(q), expected)


def test_the_mixture_that_made_the_rows_is_found():
    mixture = best_gaussian_mixture(two_clusters(400), np.random.default_rng(0), components=(1, 2))
    assert len(mixture.loc) == 2
    fresh = two_clusters(2000, seed=1)
    assert (true_log_prob(fresh) - mixture.log_prob(fresh)).mean() == pytest.approx(0.0, abs=0.03)


def test_expectation_maximisation_raises_the_likelihood():
    q = two_clusters(100)
    one, two = (gaussian_mixture(q, k, 1e-4, np.random.default_rng(1)) for k in (1, 2))
    assert two.log_prob(q).mean() > one.log_prob(q).mean() + 0.5


def test_densities_integrate_to_one():
    q = two_clusters(30)
    line = np.linspace(-6.0, 6.0, 300)
    grid = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
    volume = (line[1] - line[0]) ** 2
    for density in (kernel_density(q, 0.1), gaussian_mixture(q, 3, 0.03, np.random.default_rng(0))):
        assert np.exp(density.log_prob(grid)).sum() * volume == pytest.approx(1.0, abs=1e-3)


def test_a_kernel_width_comes_from_the_rows():
    narrow, wide = (best_kernel_density(scale * two_clusters(60)) for scale in (0.1, 1.0))
    assert narrow.scale_tril[0, 0, 0] < wide.scale_tril[0, 0, 0]
