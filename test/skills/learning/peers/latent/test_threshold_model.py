# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.skills.learning.peers.latent.threshold_model import (
    HybridData,
    ThresholdModel,
    ThresholdSettings,
    log_evidence,
    tuned,
)

LOGS = np.log([0.3, 0.2, 1.4, 0.05, 0.5])


def hybrid(n=14, seed=0):
    """A slope that is feasible on the left; its metric is seen only there."""
    rng = np.random.default_rng(seed)
    x = rng.random((n, 2))
    metric = 2.0 * x[:, 0] + 0.3 * x[:, 1] - 1.0 + 0.03 * rng.standard_normal(n)
    success = metric <= 0.0
    return HybridData.of(x, success, np.where(success, metric, np.nan)), success


def test_gradient_is_that_of_the_evidence() -> None:
    data, _ = hybrid()
    _, gradient = log_evidence(LOGS, data)
    step = 1e-5 * np.eye(len(LOGS))
    numeric = [log_evidence(LOGS + e, data)[0] - log_evidence(LOGS - e, data)[0] for e in step]
    np.testing.assert_allclose(gradient, np.array(numeric) / 2e-5, rtol=1e-4, atol=1e-5)


def test_tuning_beats_its_starts() -> None:
    data, success = hybrid(30)
    settings = tuned(data)
    assert 0.05 <= settings.kernel.lengthscales.min() <= settings.kernel.lengthscales.max() <= 0.3
    probability = np.exp(ThresholdModel(data, settings).log_probability(data.x))
    assert np.mean((probability > 0.5) == success) >= 0.9


def test_threshold_lies_above_every_success() -> None:
    data, _ = hybrid()
    settings = ThresholdSettings.from_logs(LOGS)
    seen = data.observations(settings)
    assert seen.threshold == pytest.approx(data.values.max() + settings.margin)


@pytest.mark.parametrize("label", [True, False])
def test_labels_of_one_kind_tune_nothing(label) -> None:
    x = np.random.default_rng(0).random((8, 2))
    data = HybridData.of(x, np.full(8, label), np.full(8, np.nan))
    assert tuned(data).margin == tuned(HybridData.of(x[:1], np.array([label]), np.nan)).margin


def test_failures_lower_the_probability_near_them() -> None:
    x = np.array([[0.2, 0.2], [0.25, 0.2]])
    data = HybridData.of(x, np.zeros(2, dtype=bool), np.full(2, np.nan))
    model = ThresholdModel(data, tuned(data))
    near, far = np.exp(model.log_probability(np.array([[0.22, 0.2], [0.9, 0.9]])))
    assert near < 0.4 < far


def test_success_without_a_metric_is_a_label() -> None:
    metrics = np.array([-0.3, np.nan, np.nan])
    data = HybridData.of(np.eye(3), np.array([True, True, False]), metrics)
    assert data.signs.tolist() == [0, 1, -1]
