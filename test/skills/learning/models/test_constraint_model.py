# SPDX-License-Identifier: Apache-2.0
import dataclasses

import numpy as np
import pytest

from vi_ik_ros.skills.learning.models.constraint_model import (
    ConstraintData,
    ConstraintHyperparameters,
    learn_constraint,
)
from vi_ik_ros.skills.learning.models.constraint_settings import ConstraintSettings
from vi_ik_ros.skills.learning.models.gaussian_process import TrainingData
from vi_ik_ros.skills.learning.models.hyperparameters import Hyperparameters

LOG_HALF = np.log(0.5)
COLUMNS = np.array([True, True])
SOURCE = ConstraintSettings(
    threshold="estimated",
    failed_metrics="artificial",
    observation_noise=False,
    artificial_least=0.1,
)
SWITCHES = [
    ConstraintSettings(threshold=threshold, failed_metrics=metrics, observation_noise=noise)
    for threshold in ("known", "estimated")
    for metrics in ("artificial", "measured", "at_least")
    for noise in (True, False)
]


def constraint(points: np.ndarray) -> np.ndarray:
    return 1.5 * points[:, 0] + np.sin(3.0 * points[:, 1]) - 1.2


def hybrid_data(n: int = 30, seed: int = 0, metric_known: bool = True) -> ConstraintData:
    points = np.random.default_rng(seed).random((n, 2))
    metrics = constraint(points)
    safe = metrics <= 0.0
    # An error ends a primitive, so that a violation is measured just above its limit.
    failed = np.minimum(metrics[~safe], 0.02) if metric_known else np.full((~safe).sum(), np.nan)
    return ConstraintData(
        TrainingData.of(points[safe], metrics[safe]), TrainingData.of(points[~safe], failed)
    )


def nothing() -> TrainingData:
    return TrainingData.of(np.zeros((0, 2)), np.zeros(0))


@pytest.mark.parametrize("settings", SWITCHES)
@pytest.mark.parametrize("metric_known", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_training_points_are_classified(
    settings: ConstraintSettings, metric_known: bool, seed: int
) -> None:
    data = hybrid_data(seed=seed, metric_known=metric_known)
    clean = Hyperparameters(np.array([0.3, 0.3]), 2.0, 1e-4)
    theta = ConstraintHyperparameters(clean, clean)
    model = learn_constraint(data, COLUMNS, theta, settings)
    assert (model.log_probability(data.safe.points) >= LOG_HALF).all()
    assert (model.log_probability(data.failed.points) < LOG_HALF).all()


@pytest.mark.parametrize("settings", [SOURCE, ConstraintSettings()])
def test_fitted_model_tells_feasible_from_infeasible(settings: ConstraintSettings) -> None:
    model = learn_constraint(hybrid_data(40), COLUMNS, None, settings)
    fresh = np.random.default_rng(9).random((400, 2))
    right = (model.log_probability(fresh) > LOG_HALF) == (constraint(fresh) <= 0.0)
    assert right.mean() > 0.9


def test_without_data_it_is_undecided() -> None:
    data = ConstraintData(nothing(), nothing())
    model = learn_constraint(data, COLUMNS, None, SOURCE)
    np.testing.assert_allclose(model.log_probability(np.zeros((3, 2))), LOG_HALF)


@pytest.mark.parametrize("settings", SWITCHES)
def test_failures_alone_are_avoided_most_where_they_were(settings: ConstraintSettings) -> None:
    failed = TrainingData.of(np.array([[0.2, 0.2], [0.3, 0.1]]), np.array([0.4, np.nan]))
    model = learn_constraint(ConstraintData(nothing(), failed), COLUMNS, None, settings)
    at, far = model.log_probability(np.array([[0.2, 0.2], [1.0, 1.0]]))
    assert at < far <= LOG_HALF


def test_without_failures_the_estimated_threshold_is_optimistic() -> None:
    data = ConstraintData(hybrid_data().safe, nothing())
    model = learn_constraint(data, COLUMNS, None, SOURCE)
    metrics = data.safe.outputs
    assert model.threshold == pytest.approx(metrics.max() + metrics.std(ddof=1))


def test_estimated_threshold_is_above_every_success() -> None:
    data = hybrid_data()
    model = learn_constraint(data, COLUMNS, None, SOURCE)
    least = data.safe.outputs.max() + SOURCE.tiny * data.safe.outputs.std(ddof=1)
    assert model.threshold >= least


def test_artificial_metrics_stay_within_their_range_of_the_threshold() -> None:
    data = hybrid_data(metric_known=False)
    model = learn_constraint(data, COLUMNS, None, SOURCE)
    added = model.data.outputs[len(data.safe.outputs) :]
    scale = data.safe.outputs.std(ddof=1)
    assert len(added) == len(data.failed.outputs)
    assert (added >= model.threshold + SOURCE.artificial_least * scale - 1e-12).all()
    assert (added <= model.threshold + SOURCE.artificial_largest * scale + 1e-12).all()


def test_artificial_metric_is_the_mean_of_the_truncated_normal() -> None:
    data = hybrid_data(metric_known=False)
    generous = dataclasses.replace(SOURCE, artificial_least=1e-9, artificial_largest=1e3)
    model = learn_constraint(data, COLUMNS, None, generous)
    only_safe = learn_constraint(ConstraintData(data.safe, nothing()), COLUMNS, None, generous)
    assert only_safe.process is not None
    mean, variance = only_safe.process.predict(data.failed.points[:1])
    draws = mean + np.sqrt(variance) * np.random.default_rng(0).standard_normal(2_000_000)
    kept = draws[draws > model.threshold]
    added = model.data.outputs[len(data.safe.outputs)]
    assert added == pytest.approx(kept.mean(), abs=5.0 * kept.std() / np.sqrt(len(kept)))


def test_measured_metrics_are_taken_as_they_are() -> None:
    data = hybrid_data()
    far = np.full(len(data.failed.outputs), 0.7)
    data = ConstraintData(data.safe, TrainingData.of(data.failed.points, far))
    settings = ConstraintSettings(failed_metrics="measured")
    model = learn_constraint(data, COLUMNS, None, settings)
    np.testing.assert_array_equal(model.data.outputs[len(data.safe.outputs) :], 0.7)


def test_metrics_that_were_cut_off_are_lower_bounds() -> None:
    data = hybrid_data()
    settings = ConstraintSettings(failed_metrics="at_least")
    model = learn_constraint(data, COLUMNS, None, settings)
    assert (model.data.outputs[len(data.safe.outputs) :] > data.failed.outputs).all()


def test_observation_noise_makes_probabilities_less_certain() -> None:
    data = hybrid_data()
    noisy = TrainingData.of(
        data.safe.points,
        data.safe.outputs + 0.2 * np.random.default_rng(0).standard_normal(len(data.safe.outputs)),
    )
    data = ConstraintData(noisy, data.failed)
    fresh = np.random.default_rng(1).random((100, 2))
    with_noise, latent = (
        learn_constraint(
            data, COLUMNS, None, dataclasses.replace(SOURCE, observation_noise=switch)
        ).log_probability(fresh)
        for switch in (True, False)
    )
    assert (np.abs(np.exp(with_noise) - 0.5) <= np.abs(np.exp(latent) - 0.5) + 1e-12).all()


def test_positive_prior_mean_takes_the_unexplored_for_infeasible() -> None:
    corner = TrainingData.of(np.random.default_rng(0).random((8, 2)) * 0.1, np.full(8, -0.5))
    theta = Hyperparameters(np.array([0.2, 0.2]), 1.0, 1e-3)
    for failed in (nothing(), TrainingData.of(np.array([[0.3, 0.0]]), np.array([np.nan]))):
        data = ConstraintData(corner, failed)
        far = np.array([[1.0, 1.0]])
        models = [
            learn_constraint(
                data,
                COLUMNS,
                ConstraintHyperparameters(theta, theta),
                ConstraintSettings(positive_prior_mean=mean),
            )
            for mean in (0.0, 2.0)
        ]
        assert models[1].log_probability(far) < np.log(0.1) < models[0].log_probability(far)
        assert (models[1].log_probability(corner.points) > np.log(0.9)).all()


def test_tightening_lowers_probabilities() -> None:
    data, fresh = hybrid_data(), np.random.default_rng(2).random((50, 2))
    loose = learn_constraint(data, COLUMNS, None, SOURCE)
    tight = learn_constraint(data, COLUMNS, None, dataclasses.replace(SOURCE, tightening=1.0))
    change = tight.log_probability(fresh) - loose.log_probability(fresh)
    assert (change <= 0.0).all()
    assert change.min() < -0.1


@pytest.mark.parametrize("settings", [SOURCE, ConstraintSettings()])
def test_duplicates_with_contradictory_labels_are_undecided(settings: ConstraintSettings) -> None:
    points = np.repeat([[0.2, 0.3], [0.7, 0.6]], 75, axis=0)
    data = ConstraintData(
        TrainingData.of(points, np.full(150, -0.1)), TrainingData.of(points, np.full(150, np.nan))
    )
    model = learn_constraint(data, COLUMNS, None, settings)
    probability = np.exp(model.log_probability(points[[0, -1]]))
    assert (np.abs(probability - 0.5) < 0.4).all()


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_a_constraint_that_fails_by_chance_has_the_share_of_its_successes(share: float) -> None:
    rng = np.random.default_rng(3)
    points = rng.random((80, 2))
    is_safe = rng.permutation(80) < 80 * share
    timeouts = np.full((~is_safe).sum(), 0.001)  # cut off when time is up, far above successes
    data = ConstraintData(
        TrainingData.of(points[is_safe], rng.normal(-0.3, 0.03, is_safe.sum())),
        TrainingData.of(points[~is_safe], timeouts),
    )
    model = learn_constraint(data, COLUMNS, None, ConstraintSettings())
    assert np.exp(model.log_probability(points)).mean() == pytest.approx(share, abs=0.2)


def test_tightened_is_a_lower_threshold() -> None:
    settings = ConstraintSettings(tightening=0.25)
    model = learn_constraint(hybrid_data(40), COLUMNS, None, settings).tightened(0.5)
    points = np.random.default_rng(9).random((50, 2))
    direct = dataclasses.replace(model, settings=ConstraintSettings(tightening=0.75))
    np.testing.assert_array_equal(model.log_probability(points), direct.log_probability(points))
