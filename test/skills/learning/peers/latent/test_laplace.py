# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from scipy.special import expit

from vi_ik_ros.skills.learning.peers.latent.laplace import LaplaceClassifier, SquaredExponential

KERNEL = SquaredExponential(0.4, 1.2)
X = np.array([[0.1, 0.2], [0.3, 0.5], [0.8, 0.4]])
NEW = np.array([[0.2, 0.3], [0.7, 0.5], [0.95, 0.95]])
SUCCESS = np.array([True, True, False])
MEAN = -0.5


def fitted():
    return LaplaceClassifier.fit(X, SUCCESS, KERNEL, MEAN)


def test_probability_is_near_the_brute_force_integral() -> None:
    both = np.concatenate([X, NEW])
    factor = np.linalg.cholesky(KERNEL(both, both) + 1e-10 * np.eye(6))
    h = MEAN + np.random.default_rng(0).standard_normal((400_000, 6)) @ factor.T
    weight = expit(np.where(SUCCESS, h[:, :3], -h[:, :3])).prod(axis=1)
    exact = weight @ expit(h[:, 3:]) / weight.sum()
    np.testing.assert_allclose(fitted().probability(NEW), exact, atol=0.02)


def test_mode_is_stationary() -> None:
    classifier = fitted()
    mode = MEAN + KERNEL(X, X) @ classifier.weights
    gradient = SUCCESS - expit(mode) - np.linalg.solve(KERNEL(X, X), mode - MEAN)
    np.testing.assert_allclose(gradient, 0.0, atol=1e-5)


def test_prediction_follows_from_mode_and_curvature() -> None:
    classifier = fitted()
    cross = KERNEL(X, NEW)
    p = expit(MEAN + KERNEL(X, X) @ classifier.weights)
    spread = np.linalg.inv(KERNEL(X, X) + np.diag(1.0 / (p * (1.0 - p))))
    mean, std = classifier.predict(NEW)
    np.testing.assert_allclose(mean, MEAN + cross.T @ (SUCCESS - p), atol=1e-6)
    expected = 1.2 - np.einsum("nm,nk,km->m", cross, spread, cross)
    np.testing.assert_allclose(std**2, expected, atol=1e-6)


def test_without_data_it_is_the_prior() -> None:
    classifier = LaplaceClassifier.fit(np.empty((0, 2)), np.empty(0, bool), KERNEL, MEAN)
    mean, std = classifier.predict(NEW)
    np.testing.assert_allclose(mean, MEAN)
    np.testing.assert_allclose(std**2, 1.2)


@pytest.mark.parametrize("prior_mean", [-7.0, 0.0])
def test_300_contradictory_duplicates_are_undecided(prior_mean) -> None:
    x = np.tile(X[:1], (300, 1))
    labels = np.arange(300) % 2 == 0
    strong = SquaredExponential(0.1, 36.0)
    probability = LaplaceClassifier.fit(x, labels, strong, prior_mean).probability(X[:1])
    assert probability[0] == pytest.approx(0.5, abs=0.03)
