# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pinocchio as pin
import pytest
import torch

from vi_ik_ros.exceptions import RobotError
from vi_ik_ros.kinematics.chains.chain import Chain
from vi_ik_ros.kinematics.robot_model import RobotModel


def pinocchio_pose(robot, q, frame):
    """T_root_frame by pinocchio alone, without RobotModel.forward."""
    model = robot.pinocchio_model
    data = model.createData()
    pin.framesForwardKinematics(model, data, robot.to_pinocchio(q))
    ids = [0 if name == "world" else model.getFrameId(name) for name in (robot.root, frame)]
    return data.oMf[ids[0]].actInv(data.oMf[ids[1]]).homogeneous


def test_forward_equals_pinocchio_in_every_frame(robot, draw):
    q = draw(robot, 3)
    T = Chain(robot, robot.frame_names).forward(torch.from_numpy(q))
    expected = [[pinocchio_pose(robot, row, name) for name in robot.frame_names] for row in q]
    np.testing.assert_allclose(T, expected, rtol=0, atol=1e-9)


def test_jacobian_equals_pinocchio(robot, draw):
    chain, q = Chain(robot, []), draw(robot, 2)
    for frame in robot.frame_names[:: max(1, len(robot.frame_names) // 8)]:
        J = chain.jacobian(torch.from_numpy(q), frame)
        expected = [robot.jacobian(row, frame) for row in q]
        np.testing.assert_allclose(J, expected, rtol=0, atol=1e-9)


def test_jacobian_of_a_fixed_base_equals_the_one_pinocchio_computes(robots, draw):
    for name in ("panda", "racer5", "planar10"):
        robot = robots[name]
        model, q = robot.pinocchio_model, draw(robot, 1)
        frame, axes = model.getFrameId(robot.tip), pin.ReferenceFrame.LOCAL_WORLD_ALIGNED
        expected = pin.computeFrameJacobian(model, model.createData(), q[0], frame, axes)
        J = Chain(robot, []).jacobian(torch.from_numpy(q), robot.tip)[0]
        np.testing.assert_allclose(J, expected, rtol=0, atol=1e-9)


def test_autograd_of_the_position_is_the_linear_jacobian(robot, draw):
    chain = Chain(robot, [robot.tip])
    q = torch.from_numpy(draw(robot, 2)).requires_grad_(True)
    p = chain.forward(q)[:, 0, :3, 3]
    rows = [torch.autograd.grad(p[:, i].sum(), q, retain_graph=True)[0] for i in range(3)]
    torch.testing.assert_close(
        torch.stack(rows, 1), chain.jacobian(q, robot.tip)[:, :3], rtol=0, atol=1e-9
    )


def test_autograd_of_the_rotation_is_the_angular_jacobian(robot, draw):
    chain = Chain(robot, [robot.tip])
    q = torch.from_numpy(draw(robot, 1)).requires_grad_(True)
    R = chain.forward(q)[0, 0, :3, :3]
    J = chain.jacobian(q, robot.tip)[0, 3:].detach()
    for i in range(3):
        for j in range(3):
            (row,) = torch.autograd.grad(R[i, j], q, retain_graph=True)
            expected = torch.linalg.cross(J.T, R[:, j].detach().expand(robot.nq, 3))[:, i]
            torch.testing.assert_close(row[0], expected, rtol=0, atol=1e-9)


def test_center_of_mass_equals_pinocchio(robot, draw):
    q = draw(robot, 3)
    found = Chain(robot, []).center_of_mass(torch.from_numpy(q))
    model = robot.pinocchio_model
    for row, com in zip(q, found, strict=True):
        p_world = pin.centerOfMass(model, model.createData(), robot.to_pinocchio(row))
        data = model.createData()
        pin.framesForwardKinematics(model, data, robot.to_pinocchio(row))
        root = 0 if robot.root == "world" else model.getFrameId(robot.root)
        np.testing.assert_allclose(com, data.oMf[root].actInv(p_world), rtol=0, atol=1e-9)
        np.testing.assert_allclose(com, robot.center_of_mass(row), rtol=0, atol=1e-9)


def test_center_of_mass_jacobian_equals_pinocchio(robots, draw):
    for name in ("panda", "racer5", "planar4", "tree"):
        robot = robots[name]
        model, q = robot.pinocchio_model, draw(robot, 2)
        found = Chain(robot, []).center_of_mass_jacobian(torch.from_numpy(q))
        for row, J in zip(q, found, strict=True):
            expected = pin.jacobianCenterOfMass(model, model.createData(), robot.to_pinocchio(row))
            order = [model.idx_vs[model.getJointId(joint)] for joint in robot.joint_names]
            np.testing.assert_allclose(J, expected[:, order], rtol=0, atol=1e-9)


def test_center_of_mass_jacobian_is_its_derivative(robot, draw):
    chain, q = Chain(robot, []), torch.from_numpy(draw(robot, 1))
    J = torch.autograd.functional.jacobian(lambda row: chain.center_of_mass(row[None])[0], q[0])
    torch.testing.assert_close(chain.center_of_mass_jacobian(q)[0], J, rtol=0, atol=1e-9)


def test_jacobian_and_center_can_be_differentiated_again(robots, draw):
    robot = robots["tree_floating"]
    chain, q = Chain(robot, []), torch.from_numpy(draw(robot, 1)).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda q: chain.jacobian(q, "z_hand"), (q,))
    assert torch.autograd.gradcheck(chain.center_of_mass_jacobian, (q,))


def test_float32_is_close_to_float64(robot, draw):
    q = torch.from_numpy(draw(robot, 50)).float()
    T = Chain(robot, [robot.tip], dtype=torch.float32).forward(q)
    assert T.dtype == torch.float32
    expected = Chain(robot, [robot.tip]).forward(q.double())
    torch.testing.assert_close(T.double(), expected, rtol=0, atol=2e-5)


def test_a_batch_is_its_rows(robots, draw):
    robot = robots["tree_floating"]
    chain, q = Chain(robot, robot.frame_names), torch.from_numpy(draw(robot, 5))
    single = torch.cat([chain.forward(row[None]) for row in q])
    torch.testing.assert_close(chain.forward(q), single, rtol=0, atol=1e-13)


def test_empty_batches_and_no_frames_keep_their_shapes(robots):
    robot = robots["panda"]
    q = torch.zeros(0, 7, dtype=torch.float64)
    assert Chain(robot, ["panda_link8", "panda_link3"]).forward(q).shape == (0, 2, 4, 4)
    assert Chain(robot, []).forward(torch.zeros(3, 7).double()).shape == (3, 0, 4, 4)
    assert Chain(robot, []).jacobian(q, "panda_link8").shape == (0, 6, 7)


def test_a_frame_that_nothing_moves_has_a_zero_jacobian(robots, draw):
    robot = robots["panda"]
    chain, q = Chain(robot, ["panda_link0"]), torch.from_numpy(draw(robot, 2))
    assert not chain.jacobian(q, "panda_link0").any()
    torch.testing.assert_close(chain.forward(q)[:, 0], torch.eye(4).double().expand(2, 4, 4))


def test_limits_and_continuous_joints_are_the_robots(tree_robot):
    chain = Chain(tree_robot, [], dtype=torch.float32)
    assert chain.continuous.tolist() == tree_robot.continuous.tolist()
    np.testing.assert_allclose(chain.lower, tree_robot.lower, rtol=1e-6)
    np.testing.assert_allclose(chain.upper, tree_robot.upper, rtol=1e-6)


@pytest.mark.parametrize("frames", [["panda_link9"], "panda_link8"])
def test_unknown_frames_are_refused(frames):
    with pytest.raises(RobotError, match="panda_link8"):
        Chain(RobotModel.load("panda"), frames)
