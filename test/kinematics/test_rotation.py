# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from vi_ik_ros.kinematics.pose import matrix_to_pose, pose_to_matrix
from vi_ik_ros.kinematics.rotation import (
    exp_so3,
    left_jacobian_so3,
    log_so3,
    matrix_from_quaternion,
    quaternion_from_matrix,
)

ANGLES = [0.0, 1e-12, 1e-7, 1e-3, 0.0099, 0.0101, 0.22, 0.23, 1.0, 3.0, np.pi - 1e-4, np.pi - 1e-9]


def vectors(angle: float) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    axes = torch.randn(40, 3, dtype=torch.float64, generator=generator)
    axes = torch.cat([axes, torch.eye(3, dtype=torch.float64), -torch.eye(3, dtype=torch.float64)])
    return angle * axes / axes.norm(dim=-1, keepdim=True)


@pytest.mark.parametrize("angle", ANGLES)
def test_exp_is_a_rotation_and_equals_scipy(angle):
    r = vectors(angle)
    R = exp_so3(r)
    torch.testing.assert_close(R @ R.mT, torch.eye(3).double().expand_as(R), rtol=0, atol=1e-14)
    torch.testing.assert_close(torch.linalg.det(R), torch.ones(len(R)).double(), rtol=0, atol=1e-14)
    np.testing.assert_allclose(R, Rotation.from_rotvec(r.numpy()).as_matrix(), rtol=0, atol=1e-14)


def test_exp_keeps_the_group_laws():
    r, s = vectors(1.1), vectors(2.3).flip(0)
    R, S = exp_so3(r), exp_so3(s)
    torch.testing.assert_close(exp_so3(-r), R.mT)
    torch.testing.assert_close(exp_so3(2 * r), R @ R)
    torch.testing.assert_close(R @ exp_so3(s) @ R.mT, exp_so3((R @ s[..., None])[..., 0]))
    torch.testing.assert_close(log_so3(S @ R @ S.mT), (S @ r[..., None])[..., 0])


@pytest.mark.parametrize("angle", ANGLES)
def test_log_inverts_exp(angle):
    r = vectors(angle)
    torch.testing.assert_close(log_so3(exp_so3(r)), r, rtol=0, atol=2e-8 * max(angle, 1e-6) + 1e-15)


def test_log_at_half_a_turn_gives_one_of_the_two_vectors():
    r = vectors(np.pi)
    found = log_so3(exp_so3(r))
    torch.testing.assert_close(exp_so3(found), exp_so3(r), rtol=0, atol=1e-14)
    torch.testing.assert_close(found.norm(dim=-1), torch.full((len(r),), np.pi).double())


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-3, 0.2236, 1.0, np.pi - 1e-6])
def test_gradients_are_finite_and_invert_each_other(angle):
    for r in vectors(angle)[:4]:
        d_exp = torch.autograd.functional.jacobian(exp_so3, r)
        d_log = torch.autograd.functional.jacobian(log_so3, exp_so3(r))
        product = torch.einsum("iab,abj->ij", d_log, d_exp)
        torch.testing.assert_close(product, torch.eye(3).double(), rtol=0, atol=1e-7)


@pytest.mark.parametrize("angle", [0.0, 1e-5, 0.2, 0.23, 2.5])
def test_left_jacobian_is_the_derivative_of_exp(angle):
    for r in vectors(angle)[:4]:
        d_exp = torch.autograd.functional.jacobian(exp_so3, r)
        spin = torch.einsum("abj,cb->acj", d_exp, exp_so3(r))  # dR R^T, skew in (a, c)
        omega = torch.stack([spin[2, 1], spin[0, 2], spin[1, 0]])
        torch.testing.assert_close(left_jacobian_so3(r), omega, rtol=0, atol=1e-13)


@pytest.mark.parametrize("angle", ANGLES)
def test_quaternions_round_trip_and_equal_scipy(angle):
    R = exp_so3(vectors(angle))
    quaternion = quaternion_from_matrix(R)
    torch.testing.assert_close(matrix_from_quaternion(quaternion), R, rtol=0, atol=1e-14)
    torch.testing.assert_close(matrix_from_quaternion(-3 * quaternion), R, rtol=0, atol=1e-14)
    assert (quaternion[..., 3] >= 0).all()
    np.testing.assert_allclose(Rotation.from_quat(quaternion.numpy()).as_matrix(), R, atol=1e-14)


def test_float32_stays_float32_and_is_as_exact_as_it_can_be():
    for angle in ANGLES:
        r = vectors(angle).float()
        assert exp_so3(r).dtype == log_so3(exp_so3(r)).dtype == torch.float32
        torch.testing.assert_close(exp_so3(log_so3(exp_so3(r))), exp_so3(r), rtol=0, atol=1e-6)


@pytest.mark.parametrize("angle", [1e4, 1e6, 1e9])
@pytest.mark.parametrize("function", [exp_so3, left_jacobian_so3])
def test_slopes_are_finite_after_many_turns(function, angle):
    r = (angle * torch.tensor([0.6, 0.0, -0.8])).requires_grad_()  # float32
    (slope,) = torch.autograd.grad(function(r).sum(), r)
    assert slope.isfinite().all()


@pytest.mark.parametrize("shape", [(), (5,), (2, 3), (0,)])
def test_poses_round_trip(shape):
    generator = np.random.default_rng(0)
    pose = generator.normal(size=(*shape, 7))
    pose[..., 3:] /= np.linalg.norm(pose[..., 3:], axis=-1, keepdims=True)
    pose[..., 3:] *= np.sign(pose[..., 6:])
    T = pose_to_matrix(pose)
    assert T.shape == (*shape, 4, 4)
    assert (T[..., 3, :] == [0, 0, 0, 1]).all()
    np.testing.assert_allclose(matrix_to_pose(T), pose, atol=1e-14)


def test_a_quaternion_is_in_the_order_x_y_z_w():
    T = pose_to_matrix(np.array([1, 2, 3, 0, 0, np.sqrt(0.5), np.sqrt(0.5)]))
    np.testing.assert_allclose(T[:3], [[0, -1, 0, 1], [1, 0, 0, 2], [0, 0, 1, 3]], atol=1e-15)
