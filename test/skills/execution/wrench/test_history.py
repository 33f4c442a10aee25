# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest

from vi_ik_ros.skills.execution.wrench.history import CumulativeHistory

RATE, CONTROL_RATE = 170.0, 50.0


@pytest.fixture
def filled():
    """A history with random samples and filtered values, and both as arrays."""
    rng = np.random.default_rng(0)
    samples, values = 5.0 + rng.normal(size=(900, 6)), -20.0 + rng.normal(size=(300, 6))
    times = (1 + np.arange(len(samples))) / RATE
    history = CumulativeHistory(1.0 / RATE, 1.0 / CONTROL_RATE, memory=2.0)
    for k, value in enumerate(values):
        block = slice(3 * k, 3 * k + 3)
        history.add_samples(times[block].tolist(), samples[block].tolist())
        history.add_filtered(tuple(value.tolist()))
    return history, times, samples, values


@pytest.mark.parametrize(("window", "count"), [(0.294, 50), (0.0, 1), (0.0235, 4), (2.0, 340)])
def test_means_are_those_of_the_last_samples(filled, window, count):
    history, _, samples, _ = filled
    for axis in range(6):
        expected = samples[-count:, axis].mean()
        assert history.mean(axis, window) == pytest.approx(expected, abs=1e-9)
    norm = np.linalg.norm(samples[-count:, :3].mean(axis=0))
    assert history.mean_norm(window) == pytest.approx(norm, abs=1e-9)


@pytest.mark.parametrize(("window", "count"), [(1.0, 50), (0.02, 1), (2.0, 100)])
def test_deviations_are_those_of_the_last_control_periods(filled, window, count):
    history, _, _, values = filled
    for axis in range(6):
        expected = values[-count:, axis].std()
        assert history.std(axis, window) == pytest.approx(expected, abs=1e-5)


def test_means_between_two_times(filled):
    history, times, samples, _ = filled
    begin, end = times[700] + 1e-4, times[800]
    expected = samples[701:801, 3].mean()
    assert history.mean_between(3, begin, end) == pytest.approx(expected, abs=1e-9)
    assert history.mean_between(3, end, end + 100.0) == pytest.approx(samples[801:, 3].mean())
    assert math.isnan(history.mean_between(3, end, begin))
    assert math.isnan(history.mean_between(3, times[-1], 1e9))


def test_it_never_forgets_within_its_memory_and_forgets_beyond_it():
    samples = np.random.default_rng(1).normal(size=2000)
    history = CumulativeHistory(1.0 / RATE, 1.0 / CONTROL_RATE, memory=0.1)
    most_samples, most_values = 17, 5
    for k, x in enumerate(samples.tolist(), start=1):
        history.add_samples([k / RATE], [[x] * 6])
        history.add_filtered((x,) * 6)
        expected = samples[max(0, k - most_samples) : k].mean()
        assert history.mean(4, 0.1) == pytest.approx(expected, abs=1e-9)
        expected = samples[max(0, k - most_values) : k].std()
        assert history.std(4, 0.1) == pytest.approx(expected, abs=1e-5)
    assert math.isnan(history.mean_between(4, 0.0, 1960 / RATE))


def test_before_a_window_is_full_it_holds_what_there_is():
    history = CumulativeHistory(1.0 / RATE, 1.0 / CONTROL_RATE, memory=2.0)
    answers = [history.mean(0, 1.0), history.std(0, 1.0), history.mean_norm(1.0)]
    assert all(math.isnan(answer) for answer in answers)
    history.add_samples([0.1, 0.2], [[1.0] * 6, [4.0] * 6])
    history.add_filtered((7.0,) * 6)
    assert history.mean(5, 1.0) == 2.5 and history.std(5, 1.0) == 0.0
    assert history.mean_between(0, -9.0, 0.15) == 1.0
    history.clear()
    assert math.isnan(history.mean(0, 1.0)) and math.isnan(history.std(0, 1.0))
