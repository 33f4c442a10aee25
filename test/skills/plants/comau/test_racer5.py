# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pinocchio as pin
import pytest

from vi_ik_ros.kinematics.share import share_dir

H = np.pi / 2
# origin [m], rpy [rad], axis, lower, upper [rad], velocity [rad/s], effort [Nm], mass moved [kg]
JOINTS = [
    ((0, 0, 0.24), (-H, 0, 0), (0, 1, 0), -2.97, 2.97, 6.28, 216, 5.13),
    ((0.05, -0.13, 0), (0, 0, -H), (0, 0, 1), -1.48, 2.36, 5.24, 178, 8.24),
    ((0.37, 0, 0), (-H, 0, -H), (0, 1, 0), -2.71, 1.57, 5.76, 82, 3.32),
    ((0.05, 0, 0), (H, 0, 0), (0, -1, 0), -3.49, 3.49, 8.73, 34, 5.23),
    ((0, 0.38, 0), (-H, 0, 0), (0, -1, 0), -2.18, 2.18, 8.73, 23, 0.98),
    ((0, 0, 0.08), (0, 0, 2 * H), (0, 0, -1), -47.12, 47.12, 13.96, 18, 0.07),
]


@pytest.fixture(scope="module")
def model() -> pin.Model:
    return pin.buildModelFromUrdf(str(share_dir() / "urdf" / "racer5.urdf"))


@pytest.mark.parametrize("number", range(1, 7))
def test_every_joint_is_that_of_the_table(model, number):
    origin, rpy, axis, lower, upper, velocity, effort, mass = JOINTS[number - 1]
    placement = model.jointPlacements[number]
    np.testing.assert_allclose(placement.translation, origin, atol=1e-12)
    np.testing.assert_allclose(placement.rotation, pin.rpy.rpyToMatrix(*rpy), atol=1e-12)
    data = model.joints[number].createData()
    model.joints[number].calc(data, pin.neutral(model), np.zeros(model.nv))
    np.testing.assert_allclose(data.S[3:].ravel(), axis, atol=1e-12)
    i = number - 1
    limits = (model.lowerPositionLimit[i], model.upperPositionLimit[i], model.velocityLimit[i])
    assert (*limits, model.effortLimit[i]) == (lower, upper, velocity, effort)
    assert model.inertias[number].mass == pytest.approx(mass)


def test_all_axes_have_the_makers_signs_where_the_arm_points_up(model):
    data = model.createData()
    pin.forwardKinematics(model, data, pin.neutral(model))
    axes = [data.oMi[i + 1].rotation @ JOINTS[i][2] for i in range(6)]
    signs = [(0, 0, -1), (0, 1, 0), (0, -1, 0), (0, 0, -1), (0, 1, 0), (0, 0, -1)]
    np.testing.assert_allclose(axes, signs, atol=1e-12)


def test_the_test_pose_is_above_the_table_and_points_down(model):
    data = model.createData()
    q = np.array([0, 0, -H, 0, H, 0])
    pin.framesForwardKinematics(model, data, q)
    flange = data.oMf[model.getFrameId("flange")]
    np.testing.assert_allclose(flange.translation, [0.43, 0.0, 0.71], atol=1e-12)
    np.testing.assert_allclose(flange.rotation[:, 2], [0, 0, -1], atol=1e-12)


def test_the_last_three_axes_meet_and_the_reach_is_that_of_the_maker(model):
    data = model.createData()
    reach = 0.05 + 0.37 + np.hypot(0.05, 0.38)
    pin.seed(0)
    for _ in range(200):
        pin.forwardKinematics(model, data, pin.randomConfiguration(model))
        centre = data.oMi[5].translation
        for joint in (4, 5, 6):
            axis = data.oMi[joint].rotation @ JOINTS[joint - 1][2]
            apart = centre - data.oMi[joint].translation
            assert np.linalg.norm(np.cross(apart, axis)) < 1e-12
        assert np.linalg.norm(centre - [0.0, 0.0, 0.37]) <= reach + 1e-9
    assert reach == pytest.approx(0.803, abs=5e-4)
