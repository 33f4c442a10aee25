# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.inference.divergences import (
    grid_divergences,
    one_sided_divergences,
    two_sided_divergences,
)
from vi_ik_ros.sampling.inference.estimates.importance_weights import Estimate

LOG_Z = 1.7
DIMS = [1, 2, 5]


class Pair:
    """Two normals in D dimensions, q given normalised and p times exp(LOG_Z)."""

    def __init__(self, num_dims: int, distance: float = 1.0) -> None:
        rng = np.random.default_rng(num_dims)
        factor = 0.4 * rng.normal(size=(num_dims, num_dims))
        self.cov_p = np.eye(num_dims) + factor @ factor.T
        self.mean_p = distance * np.ones(num_dims) / math.sqrt(num_dims)
        self.p = multivariate_normal(self.mean_p, self.cov_p)
        self.q = multivariate_normal(np.zeros(num_dims), np.eye(num_dims))

    def logs(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.atleast_1d(self.p.logpdf(x)) + LOG_Z, np.atleast_1d(self.q.logpdf(x))

    def draws(self, density, n: int, seed: int = 0) -> np.ndarray:
        return density.rvs(n, random_state=seed).reshape(n, -1)

    @property
    def bhattacharyya(self) -> float:
        middle = 0.5 * (self.cov_p + np.eye(len(self.cov_p)))
        distance = 0.125 * self.mean_p @ np.linalg.solve(middle, self.mean_p)
        logdet_p, logdet = (np.linalg.slogdet(cov)[1] for cov in (self.cov_p, middle))
        return math.exp(-distance - 0.5 * logdet + 0.25 * logdet_p)

    @property
    def reverse_kl(self) -> float:
        inverse = np.linalg.inv(self.cov_p)
        logdet = np.linalg.slogdet(self.cov_p)[1]
        quadratic = self.mean_p @ inverse @ self.mean_p
        return 0.5 * (np.trace(inverse) + quadratic - len(inverse) + logdet)


def grid_2d(half_width: float = 8.0, cells: int = 240) -> tuple[np.ndarray, float]:
    edge = (np.arange(cells) + 0.5) / cells * 2 * half_width - half_width
    return np.stack(np.meshgrid(edge, edge), -1), (2 * half_width / cells) ** 2


def agrees(estimate: Estimate, exact: float, sigmas: float = 4.0) -> bool:
    return abs(estimate.value - exact) <= sigmas * estimate.stderr + 1e-12


def test_grid_agrees_with_closed_forms():
    pair = Pair(2)
    points, cell = grid_2d()
    found = grid_divergences(*pair.logs(points), cell)
    assert found.log_normalizer == pytest.approx(LOG_Z, abs=1e-6)
    assert found.mass == pytest.approx(1.0, abs=1e-6)
    assert found.bhattacharyya == pytest.approx(pair.bhattacharyya, abs=1e-6)
    assert found.reverse_kl == pytest.approx(pair.reverse_kl, abs=1e-6)
    assert found.elbo == pytest.approx(LOG_Z - pair.reverse_kl, abs=1e-5)
    assert found.renyi_half == pytest.approx(-2 * math.log(pair.bhattacharyya), abs=1e-5)


def test_squared_hellinger_is_the_integral_that_names_it():
    pair = Pair(2)
    points, cell = grid_2d()
    p, q = np.exp(pair.p.logpdf(points)), np.exp(pair.q.logpdf(points))
    found = grid_divergences(*pair.logs(points), cell)
    assert found.squared_hellinger == pytest.approx(((p**0.5 - q**0.5) ** 2).sum() * cell)
    total_variation = 0.5 * np.abs(p - q).sum() * cell
    assert found.overlap == pytest.approx(1 - total_variation, abs=1e-6)


def test_bounds_between_the_figures_hold_for_mixtures():
    rng = np.random.default_rng(3)
    points, cell = grid_2d(cells=120)
    for _ in range(5):
        p, q = (
            sum(multivariate_normal(loc, 0.5 * np.eye(2)).pdf(points) for loc in locs) / 3
            for locs in rng.normal(0, 2, (2, 3, 2))
        )
        found = grid_divergences(np.log(p), np.log(q), cell)
        half = 0.5 * found.squared_hellinger
        assert half - 1e-9 <= 1 - found.overlap <= math.sqrt(half * (2 - half)) + 1e-9
        assert found.renyi_half <= found.reverse_kl + 1e-9


def test_equal_densities_are_at_distance_zero_and_disjoint_ones_far():
    points, cell = grid_2d()
    log_q = Pair(2).logs(points)[1]
    same = grid_divergences(log_q + 3.0, log_q, cell)
    figures = (same.bhattacharyya, same.overlap, 1 - same.reverse_kl, 1 - same.renyi_half)
    assert figures == pytest.approx([1.0] * 4, abs=1e-6)
    left = np.where(points[..., 0] < 0, 0.0, -np.inf)
    right = np.where(points[..., 0] < 0, -np.inf, -math.log(128.0))
    apart = grid_divergences(left, right, cell)
    assert (apart.bhattacharyya, apart.overlap) == (0.0, 0.0)
    assert apart.renyi_half == apart.reverse_kl == math.inf


def test_mass_outside_the_grid_is_reported_and_not_made_up_for():
    points, cell = grid_2d(half_width=1.0)
    pair = Pair(2)
    found = grid_divergences(*pair.logs(points), cell)
    inside = (norm.cdf(1) - norm.cdf(-1)) ** 2
    assert found.mass == pytest.approx(inside, abs=1e-4)
    assert found.overlap < found.bhattacharyya < math.sqrt(inside) + 1e-4  # Cauchy-Schwarz


def test_a_target_without_mass_is_refused():
    with pytest.raises(InvalidInput, match="log_target"):
        grid_divergences(np.full((2, 2), -np.inf), np.zeros((2, 2)), 1.0)


@pytest.mark.parametrize("num_dims", DIMS)
def test_draws_of_q_with_known_normalizer_agree_with_closed_forms(num_dims):
    pair = Pair(num_dims)
    logs = pair.logs(pair.draws(pair.q, 20_000))
    found = one_sided_divergences(*logs, Estimate(LOG_Z))
    assert agrees(found.bhattacharyya, pair.bhattacharyya)
    assert agrees(found.reverse_kl, pair.reverse_kl)
    assert found.bhattacharyya.stderr <= math.sqrt((1 - pair.bhattacharyya**2) / 20_000) * 1.05
    assert found.overlap.stderr <= 0.5 / math.sqrt(20_000)
    assert agrees(found.squared_hellinger, 2 - 2 * pair.bhattacharyya)
    assert agrees(found.renyi_half, -2 * math.log(pair.bhattacharyya))


@pytest.mark.parametrize("num_dims", DIMS)
def test_two_sided_estimate_needs_no_normalizer(num_dims):
    pair = Pair(num_dims)
    of_q, of_p = (pair.logs(pair.draws(density, 20_000, 5)) for density in (pair.q, pair.p))
    found = two_sided_divergences(of_q, of_p)
    assert agrees(found.bhattacharyya, pair.bhattacharyya)
    assert agrees(found.log_normalizer, LOG_Z)
    shifted = two_sided_divergences((of_q[0] + 9.0, of_q[1]), (of_p[0] + 9.0, of_p[1]))
    assert shifted.bhattacharyya.value == pytest.approx(found.bhattacharyya.value)
    assert shifted.overlap.value == pytest.approx(found.overlap.value)


def test_estimated_overlaps_agree_with_the_grid():
    pair = Pair(2, distance=2.0)
    points, cell = grid_2d()
    exact = grid_divergences(*pair.logs(points), cell).overlap
    of_q, of_p = (pair.logs(pair.draws(density, 20_000, 7)) for density in (pair.q, pair.p))
    assert agrees(one_sided_divergences(*of_q, Estimate(LOG_Z)).overlap, exact)
    assert agrees(two_sided_divergences(of_q, of_p).overlap, exact)


def test_standard_errors_are_the_spread_over_repeats():
    pair = Pair(2)
    one, two = [], []
    for seed in range(200):
        of_q, of_p = (
            pair.logs(pair.draws(density, 300, 1000 * i + seed))
            for i, density in enumerate((pair.q, pair.p))
        )
        one.append(one_sided_divergences(*of_q, Estimate(LOG_Z)))
        two.append(two_sided_divergences(of_q, of_p))
    for found, names in ((one, ("bhattacharyya", "overlap")), (two, ("log_normalizer", "overlap"))):
        for name in (*names, "bhattacharyya", "reverse_kl"):
            estimates = [getattr(figures, name) for figures in found]
            spread = np.std([estimate.value for estimate in estimates], ddof=1)
            claimed = np.mean([estimate.stderr for estimate in estimates])
            assert claimed == pytest.approx(spread, rel=0.25), name


def test_an_unsure_normalizer_shows_in_the_errors():
    pair = Pair(2)
    logs = pair.logs(pair.draws(pair.q, 5000))
    sure, unsure = (one_sided_divergences(*logs, Estimate(LOG_Z, e)) for e in (0.0, 0.1))
    step = 1e-4
    moved = one_sided_divergences(*logs, Estimate(LOG_Z + step))
    for name in ("bhattacharyya", "overlap", "reverse_kl"):
        slope = (getattr(moved, name).value - getattr(sure, name).value) / step
        expected = math.hypot(getattr(sure, name).stderr, 0.1 * slope)
        assert getattr(unsure, name).stderr == pytest.approx(expected, rel=1e-2)
