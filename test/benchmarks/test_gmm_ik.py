# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest

from vi_ik_ros.benchmarks.gmm_ik import answers, gmm_ik, variants
from vi_ik_ros.benchmarks.gmm_ik.answers import ANSWERS, branches_covered
from vi_ik_ros.benchmarks.gmm_ik.planar_arm import REACH, errors, forward, refine
from vi_ik_ros.benchmarks.gmm_ik.variants import SOURCE, TURNED, VARIANTS, fit_variant


@pytest.fixture
def small(monkeypatch):
    """The whole benchmark on little."""
    for name, value in {"NUM_POINTS": 300, "NUM_TARGETS": 20, "QUICK_UPDATES": 3}.items():
        monkeypatch.setattr(gmm_ik, name, value)
    monkeypatch.setattr(gmm_ik, "MAIN", 12)
    monkeypatch.setattr(gmm_ik, "QUICK_SIZES", (8, 12))
    for table in (gmm_ik.TABLE, gmm_ik.SOURCES):
        for size in (8, 12):
            monkeypatch.setitem(table, size, table[101])
    monkeypatch.setattr(answers, "NUM_DRAWS", 5)


def test_every_variant_has_its_rows_beside_the_table(small):
    report = gmm_ik.run(quick=True)
    assert report.bench == "gmm-ik" and report.seeds == [0]
    cases = {row.case for row in report.rows}
    for variant in VARIANTS:
        assert {f"{variant.name}, {name}" for name in (*ANSWERS, "draws")} <= cases
    assert len(cases) == 2 + len(VARIANTS) * (len(ANSWERS) + 1)
    assert all(math.isfinite(row.value) for row in report.rows)
    table = [row for row in report.rows if row.metric == "mean error, M = 12 [m]"]
    assert [row.reference for row in table] == [0.1392] * len(VARIANTS)
    assert all(row.reference_source.startswith("Satici") for row in table)


def test_a_budget_ends_a_fit(small):
    theta = gmm_ik.draw(0).theta
    assert len(fit_variant(TURNED, theta, 8, 0, budget=0.0).log_likelihoods) == 1


def test_the_interval_of_two_runs_is_that_of_student():
    rows = gmm_ik._interval_rows("case", np.array([1.0, 3.0]))
    values = [row.value for row in rows]
    assert values == pytest.approx([2**0.5, 2.0 - 12.706, 2.0 + 12.706], abs=1e-3)


def test_the_nearest_row_is_a_training_row_near_the_target():
    theta = gmm_ik.draw(0).theta
    targets = forward(theta[:5]) + 1e-6
    np.testing.assert_array_equal(answers.nearest_row(theta, targets), theta[:5])


def test_targets_come_from_the_box_and_from_the_arm():
    data = gmm_ik.draw(3)
    positions = forward(data.theta)
    assert data.theta.shape == (2001, 3) and data.box.shape == data.reachable.shape == (200, 2)
    assert (data.box >= positions.min(0)).all() and (data.box <= positions.max(0)).all()
    assert np.linalg.norm(data.reachable, axis=1).max() <= REACH
    assert np.linalg.norm(data.box, axis=1).max() > REACH


def test_a_step_goes_towards_the_target_and_steps_reach_it():
    rng = np.random.default_rng(0)
    theta = rng.uniform(-2.5, 2.5, (200, 3))
    targets = forward(theta + 0.05 * rng.standard_normal((200, 3)))
    first, third = (errors(refine(theta, targets, n), targets) for n in (1, 3))
    assert np.median(first) < 0.1 * np.median(errors(theta, targets))
    assert np.median(third) < 1e-6


def test_out_of_reach_the_straight_arm_is_the_best():
    target = np.array([[3.0, 0.0]])
    theta = refine(np.array([[0.2, -0.3, 0.1]]), target, 200)
    assert errors(theta, target)[0] == pytest.approx(0.5, abs=1e-3)


def test_a_mirrored_posture_covers_the_other_branch():
    theta = np.array([[0.3, 0.8, 0.4]])
    targets = forward(theta)
    azimuth = math.atan2(targets[0, 1], targets[0, 0])
    mirrored = -theta + np.array([[2 * azimuth, 0.0, 0.0]])
    np.testing.assert_allclose(forward(mirrored), targets, atol=1e-12)
    assert branches_covered(theta[None], targets) == 50.0
    assert branches_covered(np.stack([theta[0], mirrored[0]])[None], targets) == 100.0


def test_the_turned_fit_is_better_than_the_source_on_the_same_rows(monkeypatch):
    data = gmm_ik.draw(0)
    monkeypatch.setattr(variants.unweighted_mixture, "MAX_UPDATES", 6)
    means = {}
    for variant in (SOURCE, TURNED):
        model = fit_variant(variant, data.theta, 41, 0, max_updates=6).model
        found = ANSWERS["SLSE"](model, data.reachable)
        means[variant] = errors(found, data.reachable).mean()
        chosen = ANSWERS["mean chosen by forward kinematics"](model, data.reachable)
        assert errors(chosen, data.reachable).mean() < means[variant]
    assert means[TURNED] < 0.5 * means[SOURCE]
