# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.skills.learning.models.gaussian_process import (
    GaussianProcess,
    Standardisation,
    TrainingData,
)
from vi_ik_ros.skills.learning.models.hyperparameters import Hyperparameters, kernel
from vi_ik_ros.skills.learning.models.transferred_process import TransferredProcess

COLUMNS = np.array([True, False, True])
THETA = Hyperparameters(np.array([0.3, 0.6]), 1.5, 0.01)
SCALING = Standardisation(0.4, 2.0)


def waves(points: np.ndarray) -> np.ndarray:
    return 0.4 + 2.0 * np.sin(5.0 * points[:, 0]) * points[:, 2]


def earlier(seed: int, num: int = 30) -> tuple[TrainingData, GaussianProcess]:
    points = np.random.default_rng(seed).random((num, 3))
    data = TrainingData.of(points, waves(points))
    return data, GaussianProcess(data, COLUMNS, SCALING, THETA)


def own(seed: int, num: int, change: float) -> TrainingData:
    points = np.random.default_rng([seed, 1]).random((num, 3))
    difference = change * 2.0 * np.cos(3.0 * points[:, 0])
    return TrainingData.of(points, waves(points) + difference)


def test_is_the_posterior_of_both_functions_at_once() -> None:
    before, process = earlier(0)
    data = own(0, 8, 0.3)
    found = TransferredProcess(process, data, 0.3)
    every = np.concatenate([before.points, data.points])[:, COLUMNS]
    is_own = np.arange(len(every)) >= len(before.points)
    points = np.random.default_rng(5).random((20, 3))

    def joint(a, b, both):
        difference = kernel(a, b, found.hyperparameters)
        return SCALING.scale**2 * (kernel(a, b, THETA) + both * difference)

    covariance = joint(every, every, np.outer(is_own, is_own))
    covariance += SCALING.scale**2 * THETA.noise_variance * np.eye(len(every))
    cross = joint(every, points[:, COLUMNS], is_own[:, None])
    y = np.concatenate([before.outputs, data.outputs]) - SCALING.offset
    mean = SCALING.offset + cross.T @ np.linalg.solve(covariance, y)
    signal = SCALING.scale**2 * (THETA.signal_variance + found.hyperparameters.signal_variance)
    variance = signal - np.einsum("ij,ij->j", cross, np.linalg.solve(covariance, cross))
    np.testing.assert_allclose(found.predict(points)[0], mean, atol=1e-7)
    np.testing.assert_allclose(found.predict(points)[1], variance, atol=1e-7)


def test_without_data_the_earlier_mean_is_less_sure() -> None:
    _, process = earlier(0)
    none = TrainingData.of(np.zeros((0, 3)), np.zeros(0))
    points = np.random.default_rng(5).random((20, 3))
    found, before = TransferredProcess(process, none, 0.3).predict(points), process.predict(points)
    np.testing.assert_array_equal(found[0], before[0])
    added = found[1] - before[1]
    expected = 0.3**2 * SCALING.scale**2 * THETA.signal_variance
    assert added == pytest.approx(np.full(20, added[0]))
    assert added[0] == pytest.approx(expected, rel=0.5)


@pytest.mark.parametrize("seed", range(3))
def test_data_tell_how_large_the_difference_is(seed: int) -> None:
    _, process = earlier(seed)
    sizes = [
        TransferredProcess(process, own(seed, 15, change), 0.3).hyperparameters.signal_variance
        for change in (0.0, 1.0)
    ]
    assert sizes[0] < 0.3**2 * THETA.signal_variance < sizes[1]


def test_own_data_count_in_full_where_nothing_was_tried_before() -> None:
    before = TrainingData.of(0.2 * np.random.default_rng(0).random((10, 3)), np.zeros(10))
    process = GaussianProcess(before, COLUMNS, SCALING, THETA)
    far = np.full((1, 3), 0.9)
    found = TransferredProcess(process, TrainingData.of(far, np.array([3.0])), 0.1)
    mean, variance = found.predict(far)
    assert mean[0] == pytest.approx(3.0, abs=0.1)
    assert variance[0] < process.noise_variance
