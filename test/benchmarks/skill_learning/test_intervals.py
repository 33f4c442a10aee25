# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.benchmarks.skill_learning.measures.intervals import (
    mean_difference,
    median_ratio,
    paired,
    rate,
    wilcoxon_p,
)


def test_wilson_interval_of_a_rate():
    found = rate(np.array([True] * 8 + [False] * 2))
    assert (found.value, found.lower, found.upper) == pytest.approx((0.8, 0.490, 0.943), abs=1e-3)
    assert rate(np.ones(25)).upper == pytest.approx(1.0)
    assert rate(np.ones(25)).lower < 0.9


def test_pairs_stay_together():
    common = np.random.default_rng(0).normal(0.0, 100.0, 200)
    found = paired(common + 1.0, common, mean_difference)
    assert (found.lower, found.value, found.upper) == pytest.approx((1.0, 1.0, 1.0))


def test_interval_of_a_ratio_covers_it_and_shrinks_with_more_pairs():
    rng = np.random.default_rng(1)
    widths = []
    for n in (40, 640):
        found = paired(rng.exponential(0.5, n), rng.exponential(1.0, n), median_ratio)
        assert found.lower < 0.5 < found.upper
        widths.append(found.upper - found.lower)
    assert widths[1] < 0.5 * widths[0]


def test_wilcoxon_sees_a_shift_and_only_in_its_direction():
    rng = np.random.default_rng(2)
    less = rng.random(100)
    more = less + 0.2 * rng.random(100)
    assert wilcoxon_p(less, more) < 1e-6
    assert wilcoxon_p(more, less) > 0.99
    assert wilcoxon_p(less, less) == 1.0
