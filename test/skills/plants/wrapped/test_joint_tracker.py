# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.skills.plants.wrapped.joint_tracker import JointTracker


@pytest.fixture(scope="module")
def racer5() -> RobotModel:
    return RobotModel.load("racer5")


def test_joints_follow_a_path_of_the_flange_without_leaving_it(racer5):
    goal = racer5.ready + [0.3, -0.2, 0.25, 0.4, -0.3, 1.0]
    tracker = JointTracker(racer5, racer5.ready)
    for part in np.linspace(0.0, 1.0, 200):
        off = tracker.follow(racer5.forward(racer5.ready + part * (goal - racer5.ready)))
        assert max(off) < 1e-8
    np.testing.assert_allclose(tracker.q, goal, atol=1e-7)


def test_what_is_out_of_reach_is_missed_by_the_distance(racer5):
    tracker = JointTracker(racer5, racer5.ready)
    T = racer5.forward(racer5.ready)
    T[0, 3] += 1.0
    distance, _ = tracker.follow(T)
    assert 0.3 < distance < 1.5


def test_a_stretched_wrist_is_singular(racer5):
    q = racer5.ready.copy()
    assert JointTracker(racer5, q).least_singular_value() > 0.1
    q[4] = 0.0
    assert JointTracker(racer5, q).least_singular_value() < 1e-6


def test_a_joint_beyond_its_limit_is_named(racer5):
    q = racer5.ready.copy()
    assert JointTracker(racer5, q).beyond_limit() is None
    q[1] = 2.5
    assert "joint_2 at 2.5000 rad" in (JointTracker(racer5, q).beyond_limit() or "")
