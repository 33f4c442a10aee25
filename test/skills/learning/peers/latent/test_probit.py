# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from scipy.special import log_ndtr, ndtr

from vi_ik_ros.skills.learning.peers.latent.probit import hazard, shrinkage, tilted_moments


@pytest.mark.parametrize("noise", [0.0, 0.3])
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("mean", [-1.0, 0.2, 1.5])
def test_moments_are_those_of_weighted_draws(noise, sign, mean) -> None:
    variance, threshold = 0.8, 0.4
    draws = mean + np.sqrt(variance) * np.random.default_rng(0).standard_normal(1_000_000)
    if noise:
        weight = ndtr(sign * (threshold - draws) / np.sqrt(noise))
    else:
        weight = (sign * (threshold - draws) > 0.0).astype(float)
    found = tilted_moments(
        np.array([mean]), np.array([variance]), np.array([sign]), threshold=threshold, noise=noise
    )
    new_mean = weight @ draws / weight.sum()
    new_variance = weight @ (draws - new_mean) ** 2 / weight.sum()
    assert np.exp(found.log_normalizer[0]) == pytest.approx(weight.mean(), rel=0.01)
    assert mean + found.shift[0] == pytest.approx(new_mean, abs=0.01)
    assert 1.0 / (1.0 / variance + found.precision_gain[0]) == pytest.approx(new_variance, rel=0.01)


@pytest.mark.parametrize("b", [-1e8, -1e4, -300.0])
def test_far_left_tail_follows_its_series(b) -> None:
    assert hazard(np.array(b)) == pytest.approx(-b + 1.0 / -b, rel=1e-9)
    assert shrinkage(np.array(b)) == pytest.approx(b**-2 * (1.0 - 6.0 * b**-2), rel=1e-6)


def test_series_and_formula_meet() -> None:
    below, above = shrinkage(np.array([-50.001, -49.999]))
    assert below == pytest.approx(above, rel=1e-4)
    assert below < above


def test_far_right_tail_changes_nothing() -> None:
    found = tilted_moments(
        np.array([0.0]), np.array([1.0]), np.array([1.0]), threshold=1e5, noise=0.0
    )
    for value in (found.log_normalizer, found.shift, found.precision_gain):
        assert value[0] == 0.0


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_numbers_stay_finite_however_surprising_the_label(sign) -> None:
    mean = np.concatenate([-np.logspace(8, -8, 50), np.logspace(-8, 8, 50)])
    found = tilted_moments(mean, np.full(100, 1e-4), np.full(100, sign), threshold=0.0, noise=0.0)
    for value in (found.log_normalizer, found.shift, found.precision_gain, found.hazard):
        assert np.isfinite(value).all()
    assert (found.precision_gain >= 0.0).all()
    np.testing.assert_allclose(found.log_normalizer, log_ndtr(-sign * mean / 1e-2))


def test_shrinkage_is_a_share_and_grows() -> None:
    shares = shrinkage(np.linspace(-49.0, 20.0, 2000))
    assert ((shares > 0.0) & (shares <= 1.0)).all()
    assert (np.diff(shares) >= -1e-12).all()
