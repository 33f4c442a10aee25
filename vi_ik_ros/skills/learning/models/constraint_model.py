# SPDX-License-Identifier: Apache-2.0
"""Algorithm 1: an exact Gaussian process of a constraint, from metrics and from mere failures."""

import dataclasses
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import log_ndtr

from vi_ik_ros.skills.learning.models.constraint_settings import ConstraintSettings
from vi_ik_ros.skills.learning.models.gaussian_process import (
    GaussianProcess,
    Standardisation,
    TrainingData,
)
from vi_ik_ros.skills.learning.models.hyperparameters import (
    Hyperparameters,
    usual_hyperparameters,
)
from vi_ik_ros.skills.learning.models.transferred_process import Process, TransferredProcess

_LOG_HALF = float(np.log(0.5))


@dataclass(frozen=True)
class ConstraintData:
    """What is known of one constraint.

    Attributes:
        safe: points with the metrics of kept constraints.
        failed: points of violations; outputs are metrics, NaN where none was measured.
    """

    safe: TrainingData
    failed: TrainingData


@dataclass(frozen=True)
class ConstraintHyperparameters:
    """Of the two processes of Algorithm 1; None where there was nothing to fit.

    Attributes:
        safe: fitted to what was kept.
        union: fitted to that and the artificial data.
    """

    safe: Hyperparameters | None = None
    union: Hyperparameters | None = None


@dataclass(frozen=True)
class ConstraintModel:
    """The probability that a constraint is kept, Eq. (5.7).

    Attributes:
        process: of the constraint; None as long as nothing is known.
        threshold: c, at most which it is feasible.
        data: that the process saw, artificial ones included.
        hyperparameters: that were used, for models of more data.
        settings: switches.
    """

    process: Process | None
    threshold: float
    data: TrainingData
    hyperparameters: ConstraintHyperparameters
    settings: ConstraintSettings

    def tightened(self, by: float) -> Self:
        """Return the same with a threshold lowered by more latent standard deviations."""
        tightening = self.settings.tightening + by
        settings = dataclasses.replace(self.settings, tightening=tightening)
        return dataclasses.replace(self, settings=settings)

    def log_probability(self, points: np.ndarray) -> np.ndarray:
        """Return log Pr[g <= c] (m,) at points (m, n_xi); log 1/2 if nothing is known."""
        if self.process is None:
            return np.full(len(points), _LOG_HALF)
        mean, variance = self.process.predict(points)
        threshold = self.threshold - self.settings.tightening * np.sqrt(variance)
        noise = self.process.noise_variance if self.settings.observation_noise else 0.0
        return log_ndtr((threshold - mean) / np.sqrt(variance + noise))


def learn_constraint(
    data: ConstraintData,
    columns: np.ndarray,
    known: ConstraintHyperparameters | None,
    settings: ConstraintSettings,
) -> ConstraintModel:
    """Carry out Algorithm 1.

    Args:
        data: of the constraint.
        columns: (n_xi,) bool, which parameters it depends on.
        known: hyper-parameters of an earlier model; None fits them.
        settings: switches.
    """
    usual = usual_hyperparameters(int(np.sum(columns)))
    num_safe, num_failed = len(data.safe.outputs), len(data.failed.outputs)
    if not num_safe and not num_failed:
        none = known or ConstraintHyperparameters()
        return ConstraintModel(None, 0.0, data.safe, none, settings)
    if not num_safe:
        return _only_failures(data.failed, columns, usual, settings)
    theta = None if known is None else known.safe or usual
    scaling = _standardisation(data.safe, settings)
    process = GaussianProcess(data.safe, columns, scaling, theta)
    safe = process.hyperparameters
    threshold = _threshold(process, data, scaling.scale, settings)
    if not num_failed and settings.positive_prior_mean <= 0.0:
        fitted = known or ConstraintHyperparameters(safe)
        return ConstraintModel(process, threshold, data.safe, fitted, settings)
    union = data.safe + _artificial(process, data.failed, threshold, scaling.scale, settings)
    scaling = _standardisation(union, settings, threshold)
    theta = None if known is None else known.union or safe
    process = GaussianProcess(union, columns, scaling, theta)
    fitted = known or ConstraintHyperparameters(safe, process.hyperparameters)
    return ConstraintModel(process, threshold, union, fitted, settings)


def learn_from_earlier(
    earlier: ConstraintModel, data: ConstraintData, expected_ratio: float
) -> ConstraintModel:
    """Carry out Algorithm 1 with processes that begin with what was learned of a similar skill.

    Args:
        earlier: of the same constraint of the similar skill, where it was kept now and then.
        data: of the constraint.
        expected_ratio: of the difference's standard deviation to the earlier metric's.
    """
    settings, before = earlier.settings, earlier.process
    assert isinstance(before, GaussianProcess)
    process = TransferredProcess(before, data.safe, expected_ratio)
    safe, union, threshold = process.hyperparameters, data.safe, earlier.threshold
    if settings.threshold != "known":
        worst = data.safe.outputs.max(initial=-np.inf)
        threshold = max(threshold, float(worst) + settings.tiny * before.scale)
    if len(data.failed.outputs):
        union = union + _artificial(process, data.failed, threshold, before.scale, settings)
        process = TransferredProcess(before, union, expected_ratio)
    fitted = ConstraintHyperparameters(safe, process.hyperparameters)
    return ConstraintModel(process, threshold, union, fitted, settings)


def _only_failures(
    failed: TrainingData,
    columns: np.ndarray,
    theta: Hyperparameters,
    settings: ConstraintSettings,
) -> ConstraintModel:
    """Model failures alone: all +1, or in proportion to what they measured; threshold 0."""
    outputs = np.ones(len(failed.outputs))
    measured = np.maximum(failed.outputs, 0.0)
    largest = np.nanmax(measured, initial=0.0)
    if settings.failed_metrics != "artificial" and largest > 0.0:
        share = np.maximum(measured / largest, settings.artificial_least)
        outputs = np.where(np.isnan(share), 1.0, share)
    data = TrainingData(failed.points, outputs, failed.relative_noise)
    process = GaussianProcess(data, columns, Standardisation(), theta)
    return ConstraintModel(process, 0.0, data, ConstraintHyperparameters(), settings)


def _standardisation(
    data: TrainingData, settings: ConstraintSettings, prior_threshold: float | None = None
) -> Standardisation:
    """Return how metrics are scaled.

    A known threshold is a measure of scale by itself: metrics that are all alike and far from it
    would otherwise seem to stay there for all parameters.

    Args:
        data: to be scaled.
        settings: switches.
        prior_threshold: from which a positive prior mean is counted, if there is one.
    """
    usual = Standardisation.of(data.outputs, settings.smallest_scale)
    scale, offset = usual.scale, usual.offset
    if settings.threshold == "known":
        scale = max(scale, abs(offset))
    if prior_threshold is not None and settings.positive_prior_mean > 0.0:
        offset = prior_threshold + settings.positive_prior_mean * scale
    return Standardisation(offset, scale)


def _threshold(
    process: GaussianProcess, data: ConstraintData, scale: float, settings: ConstraintSettings
) -> float:
    """Return c, Eq. (5.5)."""
    if settings.threshold == "known":
        return 0.0
    worst = float(data.safe.outputs.max())
    if not len(data.failed.outputs):
        return worst + scale
    mean, variance = process.predict(data.safe.points)
    latent = float((mean + settings.threshold_margin * np.sqrt(variance)).max())
    return max(latent, worst + settings.tiny * scale)


def _artificial(
    process: Process,
    failed: TrainingData,
    threshold: float,
    scale: float,
    settings: ConstraintSettings,
) -> TrainingData:
    """Return failures with the metrics that are expected of them, Eq. (5.6)."""
    mean, variance = process.predict(failed.points)
    deviation = np.sqrt(variance)
    measured = failed.outputs
    known = np.isfinite(measured) & (settings.failed_metrics != "artificial")
    least, largest = settings.artificial_least * scale, settings.artificial_largest * scale
    bound = np.full(len(measured), threshold)
    if settings.failed_metrics == "at_least":
        bound = np.where(known, np.clip(measured, threshold, threshold + largest - least), bound)
    a = (bound - mean) / deviation
    log_density = -0.5 * a * a - 0.5 * np.log(2.0 * np.pi)
    expected = mean + deviation * np.exp(log_density - log_ndtr(-a))
    if settings.failed_metrics == "measured":
        expected = np.where(known, measured, expected)
    outputs = np.clip(expected, bound + least, threshold + largest)
    return TrainingData(failed.points, outputs, failed.relative_noise)
