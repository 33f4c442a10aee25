# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch
from matplotlib.image import imread

from vi_ik_ros.benchmarks.figures.planar import planar_inverse as picture
from vi_ik_ros.benchmarks.planar_inverse import planar_inverse, run
from vi_ik_ros.benchmarks.planar_inverse.bench import Scale
from vi_ik_ros.benchmarks.planar_inverse.fits import KeptFit, planar_objectives
from vi_ik_ros.benchmarks.planar_inverse.measures.exact import find_truth, measure
from vi_ik_ros.benchmarks.planar_inverse.measures.source import (
    biased,
    find_point,
    hull,
    measure_as_source,
)
from vi_ik_ros.benchmarks.planar_inverse.measures.two_samples import Draws
from vi_ik_ros.benchmarks.planar_inverse.planar_arm import STD, PlanarArm, PosteriorDraws
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.models.model import Samples

ARM = PlanarArm(4)
TARGET = np.array([2.45, 0.3])  # near the end of the reach, as most points are
INSIDE = np.array([2.1, 1.0])


@pytest.fixture(scope="module")
def posterior() -> PosteriorDraws:
    return PosteriorDraws.of(ARM, 200_000, np.random.default_rng(0))


@pytest.mark.parametrize("num_joints", [4, 10])
def test_the_arm_is_the_robot_of_its_name(num_joints):
    arm, rng = PlanarArm(num_joints), np.random.default_rng(0)
    q = arm.prior(5, rng)
    product = planar_objectives(num_joints, STD).product
    assert isinstance(planar_objectives(num_joints, STD).robot, RobotModel)
    state = product.state(torch.from_numpy(q).float())
    tips = product.expert("tip").transform(state)
    np.testing.assert_allclose(arm.tips(q), tips, atol=1e-5)
    step = 1e-6 * np.eye(num_joints)
    found = (arm.tips(q[0] + step) - arm.tips(q[0] - step)) / 2e-6
    np.testing.assert_allclose(arm.jacobians(q)[0], found.T, atol=1e-7)


def test_a_newton_step_meets_the_target_but_for_curvature(posterior):
    q = posterior.within(TARGET, 0.02, np.random.default_rng(1))[:500]
    targets = np.broadcast_to(TARGET, (len(q), 2))
    before = np.linalg.norm(ARM.tips(q) - targets, axis=1)
    after = np.linalg.norm(ARM.tips(ARM.newton_step(q, targets)) - targets, axis=1)
    assert np.median(after) < 0.05 * np.median(before)


def test_exact_draws_reach_the_target_and_follow_the_prior(posterior):
    rng = np.random.default_rng(2)
    exact = posterior.exact(TARGET, 100, rng)
    assert np.linalg.norm(ARM.tips(exact) - TARGET, axis=1).max() <= 1.001e-3
    whole = ARM.prior(2_000_000, rng)
    rejected = whole[np.linalg.norm(ARM.tips(whole) - TARGET, axis=1) < 0.01]
    assert len(rejected) > 200
    error = 4 * rejected.std(0) / len(rejected) ** 0.5 + 0.005
    assert (np.abs(rejected.mean(0) - exact.mean(0)) < error).all()
    assert abs(Draws(exact[:1000]).unbiased(rejected[:1000])["source"]) < 2e-3


def test_draws_within_a_radius_are_those_of_rejection(posterior):
    rng = np.random.default_rng(3)
    near = posterior.within(TARGET, 0.05, rng)
    whole = ARM.prior(500_000, rng)
    rejected = whole[np.linalg.norm(ARM.tips(whole) - TARGET, axis=1) < 0.05]
    assert np.linalg.norm(ARM.tips(near) - TARGET, axis=1).max() <= 0.05 + 1e-12
    assert abs(Draws(near[:1000]).unbiased(rejected[:1000])["source"]) < 2e-3


def test_the_truth_scores_zero_and_the_prior_does_not(posterior):
    rng = np.random.default_rng(4)
    truth = find_truth(posterior, TARGET, 300, rng)
    assert truth is not None
    own, prior = measure(ARM, truth, truth.again), measure(ARM, truth, ARM.prior(300, rng))
    assert abs(own.unbiased) < 2e-3 < 0.01 < prior.unbiased
    assert own.told_apart < 60 < 75 < prior.told_apart
    assert own.wasserstein < 0.03 < prior.wasserstein


def test_the_source_measures_draws_near_a_point_better_than_those_of_the_prior(posterior):
    rng = np.random.default_rng(5)
    point = find_point(posterior, posterior, INSIDE, 100, rng)
    exact, prior = (measure_as_source(ARM, point, q) for q in (point.exact, ARM.prior(100, rng)))
    assert point.known and exact.biased < prior.biased
    assert exact.resimulation < 1e-5 < 1e-3 < prior.resimulation
    assert exact.resimulation_refined < 1e-8
    # Above zero, though both are draws of one distribution.
    assert 1e-3 < biased(point.near, point.again) < exact.biased


def test_a_classifier_sees_what_is_another_distribution():
    rng = np.random.default_rng(6)
    truth = Draws(rng.standard_normal((1000, 3)))
    assert truth.told_apart(rng.standard_normal((1000, 3))) == pytest.approx(50, abs=6)
    shifted = rng.standard_normal((1000, 3)) + [1.0, 0.0, 0.0]
    assert truth.told_apart(shifted) > 60
    assert truth.wasserstein(shifted) == pytest.approx(1 / 3, abs=0.1)


def test_a_point_that_the_prior_does_not_reach_has_no_truth(posterior):
    far, rng = np.array([-2.0, 0.0]), np.random.default_rng(0)
    assert find_truth(posterior, far, 100, rng) is None
    point = find_point(posterior, posterior, far, 100, rng)
    assert not point.known
    assert np.isnan(measure_as_source(ARM, point, ARM.prior(10, rng)).biased)


def test_hull_of_a_square(monkeypatch):
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    tips = np.repeat(corners, 100, axis=0)
    monkeypatch.setattr(PlanarArm, "tips", lambda self, q: tips)
    area, perimeter = hull(ARM, np.zeros((400, 4)), np.array([0.5, 0.5]))
    assert area == pytest.approx(1.0) and perimeter == pytest.approx(4.0)


def test_a_short_run_gives_every_row_and_keeps_its_fits(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(planar_inverse, "QUICK", Scale(2, 100, 100_000, 4, 20_000))
    monkeypatch.setattr(planar_inverse, "CASES", ("cvae",))
    monkeypatch.setattr("vi_ik_ros.sampling.training.scores.NUM_CONTEXTS", 100)
    lines: list[str] = []
    report = run(quick=True, budget=0.5, on_progress=lines.append)
    cases = {row.case for row in report.rows}
    assert cases == {"4 joints, exact draws", "4 joints, cvae"}
    assert all(np.isfinite(row.value) for row in report.rows)
    stored = {row.metric: row.reference for row in report.rows if row.case.endswith("cvae")}
    assert stored["e_posterior of the source [-]"] == 0.01485
    assert stored["e_resim [m^2]"] == 7.65e-5
    assert any("cvae" in line for line in lines)
    lines.clear()
    again = run(quick=True, budget=0.5, on_progress=lines.append)
    assert again.rows == report.rows and not any("cvae" in line for line in lines)


def test_the_picture_shows_the_truth_beside_two_models(monkeypatch, tmp_path):
    class Prior:
        """A model that ignores the point."""

        def __init__(self, num_joints):
            self.num_joints = num_joints

        def sample(self, contexts, num_samples, rngs):
            drawn = PlanarArm(self.num_joints).prior(num_samples, rngs[0])
            return Samples(drawn[None], np.full((1, num_samples), np.nan), np.zeros((1, 1)))

    families = []

    def fitted(num_joints, family, seed, limit, on_progress):
        families.append((num_joints, family))
        return KeptFit(Prior(num_joints), 0.0, 0)

    monkeypatch.setattr(picture, "fitted_case", fitted)
    monkeypatch.setattr(picture, "QUICK_POOL", 100_000)
    paths = picture.draw(tmp_path, quick=True)
    assert families == [(joints, family) for joints in (10, 6) for family in ("inn", "cvae")]
    assert [path.name for path in paths] == ["planar_inverse.png", "planar_inverse_6.png"]
    for path in paths:
        pixels = imread(path)
        assert pixels.shape[1] > 2 * pixels.shape[0] and pixels.std() > 0.01
