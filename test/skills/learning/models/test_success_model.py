# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.skills.learning.models.constraint_model import (
    ConstraintData,
    ConstraintModel,
    learn_constraint,
)
from vi_ik_ros.skills.learning.models.constraint_settings import ConstraintSettings
from vi_ik_ros.skills.learning.models.gaussian_process import TrainingData
from vi_ik_ros.skills.learning.models.success_model import SuccessModel, pooled

POINTS = np.random.default_rng(5).random((20, 3))
ACTIVITY = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 1]], dtype=bool)  # the second factor twice


def factor(columns: list[int], seed: int) -> ConstraintModel:
    points = np.random.default_rng(seed).random((12, 3))
    metrics = points[:, columns].sum(1) - 0.5 * len(columns)
    safe = metrics <= 0.0
    data = ConstraintData(
        TrainingData.of(points[safe], metrics[safe]),
        TrainingData.of(points[~safe], metrics[~safe]),
    )
    return learn_constraint(data, np.isin(np.arange(3), columns), None, ConstraintSettings())


@pytest.fixture(scope="module")
def model() -> SuccessModel:
    return SuccessModel((factor([0], 0), factor([1], 1), factor([1, 2], 2)), ACTIVITY)


def test_each_factor_counts_once(model: SuccessModel) -> None:
    each = sum(one.log_probability(POINTS) for one in model.factors)
    np.testing.assert_allclose(model.log_probability(POINTS), each)
    np.testing.assert_allclose(model.log_up_to(model.log_factors(POINTS))[-1], each)


def test_primitive_has_the_factors_that_are_active_in_it(model: SuccessModel) -> None:
    factors = model.log_factors(POINTS)
    expected = [factors[0], factors[1], factors[1] + factors[2]]
    np.testing.assert_allclose(model.log_primitives(factors), expected)


def test_factor_ignores_parameters_that_it_does_not_depend_on(model: SuccessModel) -> None:
    moved = POINTS.copy()
    moved[:, 2] = 1.0 - moved[:, 2]
    np.testing.assert_array_equal(model.log_factors(moved)[:2], model.log_factors(POINTS)[:2])


def test_without_factors_success_is_certain() -> None:
    empty = SuccessModel((), np.zeros((2, 0), dtype=bool))
    np.testing.assert_array_equal(empty.log_probability(POINTS), 0.0)


def test_pooling_two_equal_experts_changes_nothing() -> None:
    probability = np.linspace(0.01, 0.99, 20)
    np.testing.assert_allclose(pooled(np.log(probability), probability, 0.3), np.log(probability))


def test_pooling_is_the_normalised_product_of_powers() -> None:
    p, q, share = np.array([0.2, 0.9, 0.5]), np.array([0.6, 0.7, 0.01]), 0.3
    yes, no = p ** (1 - share) * q**share, (1 - p) ** (1 - share) * (1 - q) ** share
    np.testing.assert_allclose(np.exp(pooled(np.log(p), q, share)), yes / (yes + no))


@pytest.mark.parametrize("p", [0.0, 1e-300, 1.0])
@pytest.mark.parametrize("q", [0.0, 1.0])
def test_pooling_certain_experts_stays_finite(p: float, q: float) -> None:
    with np.errstate(divide="ignore"):
        log_p = np.maximum(np.log([p]), -700.0)
    assert np.isfinite(pooled(log_p, np.array([q]), 0.5)).all()


def test_expert_is_multiplied_in(model: SuccessModel) -> None:
    doubting = SuccessModel(model.factors, ACTIVITY, lambda points: np.full(len(points), 1e-3), 0.5)
    points = np.random.default_rng(6).random((2000, 3))
    before, after = model.log_probability(points), doubting.log_probability(points)
    likely = (before > np.log(0.5)) & (before < np.log(0.999))
    assert likely.any()
    assert (after[likely] < before[likely] - 0.5).all()
