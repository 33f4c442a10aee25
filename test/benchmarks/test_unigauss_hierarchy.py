# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
import torch

from vi_ik_ros.benchmarks.unigauss_hierarchy import optional_tasks, unigauss_hierarchy
from vi_ik_ros.benchmarks.unigauss_hierarchy.optional_tasks import (
    COMBINATIONS,
    OptionalTasks,
    link_ends,
    log_choice,
)
from vi_ik_ros.benchmarks.unigauss_hierarchy.unigauss_hierarchy import (
    draw_rows,
    masses,
    shares,
    words,
)
from vi_ik_ros.sampling.inference.estimates.importance_weights import Estimate
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture


@pytest.fixture(scope="module")
def tasks():
    return OptionalTasks()


@pytest.fixture(scope="module")
def grid(tasks):
    return tasks.on_grid(65)


@pytest.mark.parametrize("kept", COMBINATIONS, ids=words)
def test_the_formulae_of_the_grid_are_those_of_the_experts(tasks, kept):
    q = np.random.default_rng(0).uniform(-3.1, 3.1, (40, 3))
    product = tasks.combinations()[kept]
    shared, terms = tasks.log_terms(q)
    expected = product.log_density(torch.from_numpy(q)).numpy()
    np.testing.assert_allclose(shared + log_choice(terms, kept), expected, atol=1e-9)


def test_the_combinations_add_up_to_the_whole(tasks):
    q = np.random.default_rng(1).uniform(-1.0, 2.0, (40, 3))
    shared, terms = tasks.log_terms(q)
    parts = [shared + log_choice(terms, kept) for kept in COMBINATIONS]
    whole = tasks.product.annealed(1.0).log_density(torch.from_numpy(q)).numpy()
    np.testing.assert_allclose(np.logaddexp.reduce(parts), whole, atol=1e-9)


def test_links_end_where_they_should():
    ends = link_ends(np.array([[math.pi / 2, -math.pi / 2, 0.0]]))
    np.testing.assert_allclose(ends[0], [[0, 1], [1, 1], [1.5, 1]], atol=1e-12)


def test_the_grid_is_fine_enough(tasks, grid):
    finer = tasks.on_grid(75)
    for kept in COMBINATIONS:
        tolerance = 0.02 if grid.log_masses[kept] > -20 else 0.3  # a sharp far tail
        assert finer.log_masses[kept] == pytest.approx(grid.log_masses[kept], abs=tolerance)
    for name, share in grid.reached.items():
        assert finer.reached[name] == pytest.approx(share, abs=0.03)


def test_tasks_that_exclude_each_other_have_no_mass(grid):
    share = shares({kept: Estimate(value) for kept, value in grid.log_masses.items()})
    assert sum(one.value for one in share.values()) == pytest.approx(100.0)
    for kept, one in share.items():
        if kept[0] and kept[1]:
            assert one.value < 1e-6
        else:
            assert one.value > 1.0
    assert grid.reached["wrist_left_and_wrist_right"] < 1e-6
    assert grid.reached["tip"] > 0.98


def test_errors_of_shares_follow_from_those_of_masses():
    kept = COMBINATIONS[:2]
    value = shares(dict(zip(kept, (Estimate(0.0, 0.1), Estimate(0.0)), strict=True)))
    assert value[kept[0]].value == pytest.approx(50.0)
    assert value[kept[0]].stderr == pytest.approx(2.5)  # 100 s (1 - s) 0.1
    assert value[kept[1]].stderr == pytest.approx(2.5)


def test_masses_come_out_whatever_the_model(tasks, grid):
    kept = (True, False, True)
    product = tasks.combinations()[kept]
    robot = tasks.product.chain
    loc = np.array([[1.85, -0.99, -1.74]])  # the wrist at the left point, by hand
    scale = 0.08 * np.eye(3)[None]
    lower, upper = robot.lower.numpy(), robot.upper.numpy()
    model = GaussianMixture(np.zeros(1), loc, scale, lower=lower, upper=upper)
    elbo, sampled = masses(product, model, 40_000)
    assert abs(sampled.value - grid.log_masses[kept]) < 5 * sampled.stderr + 0.02
    assert elbo.value < sampled.value


def test_draws_are_counted(tasks):
    lower, upper = np.full(3, -3.1), np.full(3, 3.1)
    loc = np.array([[1.85, -0.99, -1.74]])
    narrow = 1e-3 * np.eye(3)[None]
    model = GaussianMixture(np.zeros(1), loc, narrow, lower=lower, upper=upper)
    rows = draw_rows("case", tasks, [model], {"wrist_left": 0.5, "wrist_right": 0.1}, 50)
    assert [row.value for row in rows] == [100.0, 0.0]
    assert [row.reference for row in rows] == [50.0, 10.0]


def test_every_combination_has_its_rows(monkeypatch):
    for name, value in {"QUICK_STEPS": 2, "QUICK_COMPONENTS": 2, "QUICK_CELLS": 20}.items():
        monkeypatch.setattr(unigauss_hierarchy, name, value)
    monkeypatch.setattr(unigauss_hierarchy, "QUICK_DRAWS", 500)
    monkeypatch.setattr(
        unigauss_hierarchy, "fit_natural_gradient", lambda product, settings: Fitted(product)
    )
    report = unigauss_hierarchy.run(quick=True)
    assert report.bench == "unigauss-hierarchy" and report.seeds == [0]
    cases = {row.case for row in report.rows}
    assert {words(kept) for kept in COMBINATIONS} < cases and len(cases) == 10
    assert all(row.reference is not None for row in report.rows)


class Fitted:
    """A fit that saw nothing."""

    def __init__(self, product):
        self._chain = product.chain

    def model(self):
        lower, upper = self._chain.lower.numpy(), self._chain.upper.numpy()
        loc, scale = np.array([[1.85, -0.99, -1.74]]), 0.3 * np.eye(3)[None]
        return GaussianMixture(np.zeros(1), loc, scale, lower=lower, upper=upper)


def test_the_arm_is_as_long_as_the_formulae_say(tasks):
    assert optional_tasks.LINKS == (1.0, 1.0, 0.5)
    q = np.random.default_rng(0).uniform(-1, 1, (3, 3))
    T = tasks.product.chain.forward(torch.from_numpy(q))[:, tasks.product.chain.frames.index("tip")]
    np.testing.assert_allclose(T[:, :2, 3].numpy(), link_ends(q)[:, 2], atol=1e-12)
