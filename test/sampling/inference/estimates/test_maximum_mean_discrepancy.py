# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch

from vi_ik_ros.sampling.inference.estimates.maximum_mean_discrepancy import (
    gaussian,
    inverse_multiquadrics,
    median_distance,
    squared_distances,
    squared_mmd,
)


def normal(loc: float, n: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return loc + torch.randn(n, 1, generator=generator, dtype=torch.float64)


def mean_gaussian_kernel(shift: float) -> float:
    """E exp(-d^2 / 2) of d ~ N(shift, 2)."""
    return math.exp(-0.5 * shift**2 / 3) / math.sqrt(3)


@pytest.mark.parametrize("shift", [0.0, 0.5, 2.0])
def test_unbiased_estimate_of_two_normals_meets_the_closed_form(shift):
    kernel = gaussian(1.0)
    values = [
        squared_mmd(normal(0.0, 100, 2 * i), normal(shift, 100, 2 * i + 1), kernel, unbiased=True)
        for i in range(200)
    ]
    found = torch.stack(values)
    expected = 2 * mean_gaussian_kernel(0.0) - 2 * mean_gaussian_kernel(shift)
    assert float(found.mean()) == pytest.approx(expected, abs=4 * float(found.std()) / 200**0.5)


def test_biased_estimate_exceeds_the_unbiased_one_by_the_diagonal():
    x, y, kernel = normal(0.0, 50, 0), normal(1.0, 50, 1), gaussian(1.0)
    biased = squared_mmd(x, y, kernel, unbiased=False)
    unbiased = squared_mmd(x, y, kernel, unbiased=True)
    within = kernel(squared_distances(x, x)).sum() + kernel(squared_distances(y, y)).sum()
    diagonal = 2 / 50 - (within - 100) / 50 / 49 / 50
    assert float(biased - unbiased) == pytest.approx(float(diagonal), rel=1e-9)


def test_biased_estimate_of_a_set_against_itself_is_zero():
    x = normal(0.0, 30, 0)
    assert float(squared_mmd(x, x, gaussian(1.0), unbiased=False)) == pytest.approx(0.0, abs=1e-12)


def test_multiquadrics_at_zero_are_the_sum_of_a_to_the_a():
    assert float(inverse_multiquadrics()(torch.zeros(()))) == pytest.approx(5.50, abs=0.005)


def test_median_distance():
    assert median_distance(torch.tensor([[0.0], [1.0], [3.0]])) == 2.0
