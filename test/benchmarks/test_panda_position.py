# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
import torch

from vi_ik_ros.benchmarks import panda_position
from vi_ik_ros.benchmarks.fit_cache import CachedFit
from vi_ik_ros.benchmarks.panda_position import PAPER, STD
from vi_ik_ros.benchmarks.point_target import MARGIN, PointTarget
from vi_ik_ros.sampling.inference.estimates.importance_weights import Estimate, uniform_weights
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def target():
    return panda_position.fingertip_target()


def around_ready(robot, num_components: int = 1) -> GaussianMixture:
    loc = np.tile(robot.ready, (num_components, 1))
    scale = np.tile(np.diag([0.1] * 6 + [1.2]), (num_components, 1, 1))
    weights = np.zeros(num_components)
    return GaussianMixture(weights, loc, scale, lower=robot.lower, upper=robot.upper)


def test_fingertip_is_where_it_was_measured(target):
    q = np.array([[0.0] * 7, [0, -0.785, 0, -2.356, 0, 1.571, 0.785]])
    expected = [[0.088, 0, 0.8276], [0.3070, 0, 0.4919]]
    np.testing.assert_allclose(target.positions(q), expected, atol=1e-4)


@pytest.mark.parametrize("std", [0.15, 0.08])
def test_normalizer_agrees_with_uniform_draws(std):
    """Of wide targets, which uniform draws can see."""
    rng = np.random.default_rng(1)
    target = panda_position.fingertip_target(std)
    robot = target.objectives.robot
    low, high = robot.lower - MARGIN, robot.upper + MARGIN
    log_p = target.log_density(rng.uniform(low, high, (100_000, 7)))
    plain = uniform_weights(log_p, float(np.prod(high - low)))
    ours = target.weights(60_000, rng)
    error = math.hypot(plain.log_normalizer.stderr, ours.log_normalizer.stderr)
    assert error < 0.08
    difference = plain.log_normalizer.value - ours.log_normalizer.value
    assert abs(difference) < 4 * error
    assert ours.effective_sample_size > plain.effective_sample_size


def test_a_model_equal_to_its_target_scores_one(target, monkeypatch):
    model = around_ready(target.objectives.robot, 2)
    monkeypatch.setattr(
        PointTarget,
        "log_density",
        lambda self, q: model.log_prob(q[None], np.zeros((1, 0)))[0] + 2.0,
    )
    rng = np.random.default_rng(0)
    judged = panda_position.judge(target, model, Estimate(2.0), 2000, rng, 1.0)
    assert judged.divergences.bhattacharyya.value == pytest.approx(1.0)
    assert judged.divergences.overlap.value == pytest.approx(1.0)
    assert judged.pareto_shape == 0.0
    assert judged.least_spread == pytest.approx(1.2, rel=0.1)
    assert judged.mean_error > 0.1


def test_every_case_has_its_rows_and_the_paper_beside_them(monkeypatch):
    def fit(objectives, family, settings):
        assert objectives.robot.nq == 7 and settings.time_limit == 2.0
        return CachedFit(around_ready(objectives.robot, settings.num_components), 0.5)

    monkeypatch.setattr(panda_position, "cached_fit", fit)
    monkeypatch.setattr(panda_position, "NUM_WEIGHTS", 600_000)
    monkeypatch.setattr(panda_position, "NUM_DRAWS", 60_000)
    report = panda_position.run(quick=True, budget=2.0, seeds=2)
    assert report.bench == "panda-position" and report.seeds == [0, 1]
    rows = {(row.case, row.metric): row for row in report.rows}
    assert len(rows) == len(report.rows)
    assert {row.case for row in report.rows} == {
        "normaliser",
        *(f"{family} K={k}" for family in ("gaussian", "banana") for k in (1, 3)),
    }
    bc = rows["banana K=1", "BC"]
    assert (bc.reference, bc.reference_source) == (0.091, PAPER) and 0.0 <= bc.value <= 1.0
    assert bc.stderr is not None and bc.stderr > 0.0
    assert rows["gaussian K=3", "BC"].reference is None
    own = rows["gaussian K=1", "mean position error [m]"].reference
    draws = STD * np.random.default_rng(0).normal(size=(20_000, 3))
    assert own == pytest.approx(np.linalg.norm(draws, axis=1).mean(), rel=0.02)
