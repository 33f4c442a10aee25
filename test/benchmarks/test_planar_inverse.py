# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from vi_ik_ros.benchmarks.planar_inverse import planar_inverse, run
from vi_ik_ros.benchmarks.planar_inverse.fits import planar_objectives
from vi_ik_ros.benchmarks.planar_inverse.measures import (
    _unbiased,
    find_truth,
    hull,
    measure,
    source_kernel,
)
from vi_ik_ros.benchmarks.planar_inverse.planar_arm import STD, PlanarArm, PosteriorDraws
from vi_ik_ros.benchmarks.planar_inverse.planar_inverse import Scale
from vi_ik_ros.kinematics.robot_model import RobotModel

ARM = PlanarArm(4)
TARGET = np.array([2.45, 0.3])  # near the end of the reach, as most points are


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
    assert abs(_unbiased(rejected, exact[: len(rejected)], source_kernel)) < 2e-3


def test_draws_within_a_radius_are_those_of_rejection(posterior):
    rng = np.random.default_rng(3)
    near = posterior.within(TARGET, 0.05, rng)
    whole = ARM.prior(500_000, rng)
    rejected = whole[np.linalg.norm(ARM.tips(whole) - TARGET, axis=1) < 0.05]
    assert np.linalg.norm(ARM.tips(near) - TARGET, axis=1).max() <= 0.05 + 1e-12
    assert abs(_unbiased(rejected[:1000], near[:1000], source_kernel)) < 2e-3


def test_the_truth_scores_zero_and_the_prior_does_not(posterior):
    rng = np.random.default_rng(4)
    truth = find_truth(posterior, TARGET, 300, rng)
    assert truth is not None
    own, prior = measure(ARM, truth, truth.again), measure(ARM, truth, ARM.prior(300, rng))
    assert abs(own.unbiased) < 2e-3 < 0.01 < prior.unbiased
    assert own.biased < prior.biased
    assert own.resimulation < 1e-6 < 1e-3 < prior.resimulation
    assert own.resimulation_refined < 1e-8


def test_a_point_that_the_prior_does_not_reach_has_no_truth(posterior):
    assert find_truth(posterior, np.array([-2.0, 0.0]), 100, np.random.default_rng(0)) is None


def test_hull_of_a_square(monkeypatch):
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    tips = np.repeat(corners, 100, axis=0)
    monkeypatch.setattr(PlanarArm, "tips", lambda self, q: tips)
    area, perimeter = hull(ARM, np.zeros((400, 4)), np.array([0.5, 0.5]))
    assert area == pytest.approx(1.0) and perimeter == pytest.approx(4.0)


def test_a_short_run_gives_every_row_and_keeps_its_fits(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(planar_inverse, "QUICK", Scale(2, 100, 100_000))
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
