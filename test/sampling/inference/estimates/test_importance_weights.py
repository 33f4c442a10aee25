# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
from scipy.stats import norm

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.inference.estimates.importance_weights import (
    Estimate,
    ImportanceWeights,
    defensive_weights,
    uniform_weights,
)


def agrees(estimate: Estimate, exact: float) -> bool:
    return abs(estimate.value - exact) <= 4.0 * estimate.stderr


@pytest.mark.parametrize("num_dims", [1, 2, 3])
def test_normalizer_of_uniform_and_of_defensive_draws(num_dims):
    """p~ = e^1.7 N(1, 0.7^2 I), q = N(0, I)."""
    rng, n, volume = np.random.default_rng(0), 40_000, 14.0**num_dims

    def log_target(x: np.ndarray) -> np.ndarray:
        return norm.logpdf(x, 1.0, 0.7).sum(1) + 1.7

    x = rng.uniform(-7, 7, (n, num_dims))
    uniform = uniform_weights(log_target(x), volume)
    assert agrees(uniform.log_normalizer, 1.7)
    both = np.concatenate([x[: n // 2], rng.normal(size=(n // 2, num_dims))])
    inside, log_model = (np.abs(both) < 7).all(1), norm.logpdf(both).sum(1)
    defensive = defensive_weights(log_target(both), log_model, inside, volume)
    assert agrees(defensive.log_normalizer, 1.7)
    assert defensive.log_normalizer.stderr < uniform.log_normalizer.stderr
    highest = log_target(np.ones((1, num_dims)))[0]
    assert defensive.log_weights.max() <= highest + math.log(2 * volume)  # bounded


def test_a_target_that_no_draw_meets_is_refused():
    with pytest.raises(InvalidInput, match="log_weights"):
        uniform_weights(np.full(10, -np.inf), 1.0).log_normalizer  # noqa: B018


def test_the_defensive_draws_find_a_mode_that_q_misses():
    """q alone sees half of the mass; the mixture sees all of it."""
    rng, n = np.random.default_rng(2), 20_000
    x = np.concatenate([rng.normal(-5, 1, n // 2), rng.uniform(-10, 10, n // 2)])
    log_p, log_q = np.logaddexp(norm.logpdf(x, -5), norm.logpdf(x, 5)), norm.logpdf(x, -5)
    alone = ImportanceWeights((log_p - log_q)[: n // 2]).log_normalizer
    assert alone.value == pytest.approx(0.0, abs=0.01) and alone.stderr < 0.01
    found = defensive_weights(log_p, log_q, np.abs(x) < 10, 20.0).log_normalizer
    assert agrees(found, math.log(2))


def test_effective_sample_size_is_between_one_and_all():
    assert ImportanceWeights(np.full(50, -800.0)).effective_sample_size == pytest.approx(50)
    one = ImportanceWeights(np.array([0.0] + [-1e3] * 49))
    assert one.effective_sample_size == pytest.approx(1) and one.largest_share == 1.0
    half = ImportanceWeights(np.repeat([0.0, -np.inf], 25))
    assert half.effective_sample_size == pytest.approx(25)


@pytest.mark.parametrize("shape", [0.2, 0.5, 1.0])
def test_pareto_shape_is_that_of_the_tail(shape):
    rng = np.random.default_rng(4)
    log_weights = shape * rng.exponential(size=40_000)  # P(w > t) = t^(-1 / shape)
    assert ImportanceWeights(log_weights).pareto_shape == pytest.approx(shape, abs=0.2)


def test_pareto_shape_tells_a_narrow_proposal_from_a_wide_one():
    x = np.random.default_rng(6).normal(size=10_000)
    shapes = [
        ImportanceWeights(norm.logpdf(std * x) - norm.logpdf(std * x, scale=std)).pareto_shape
        for std in (0.25, 1.5)
    ]
    assert shapes[1] < 0.5 < 0.7 < shapes[0]  # the tail's own shape is 1 - std^2 = 0.94
    assert ImportanceWeights(np.zeros(100)).pareto_shape == 0.0
    assert math.isnan(ImportanceWeights(np.zeros(10)).pareto_shape)
