# SPDX-License-Identifier: Apache-2.0
"""Frames, centres of mass and Jacobians of the refiner's tree equal pinocchio's."""

import numpy as np
import pytest

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.warm_start.whole_body import layout, motion, tasks
from vi_ik_ros.sampling.warm_start.whole_body.body import Balance, FrameTask, WholeBody

UP = Balance(np.eye(3), np.zeros(3))
ROBOTS = {
    "talos": ("left_sole_link", "gripper_left_base_link", "torso_2_link"),
    "kinova_j2s6": ("j2s6s200_end_effector",),  # continuous joints
    "planar_bimanual": ("left_hand", "right_hand"),
}


class Arrays:
    """The tree of one robot, moved by the loops' own functions, without compiling them."""

    def __init__(self, robot: RobotModel, frames: tuple[str, ...], balance: Balance = UP) -> None:
        self.body = WholeBody.build(robot, [FrameTask(name) for name in frames], balance)
        self.c, self.b = self.body.coordinates.copy(), self.body.bodies.copy()
        self.f, self.num_base = self.body.frames.copy(), robot.tree.num_base

    def move(self, q: np.ndarray) -> None:
        self.c[:, layout.Q] = q
        motion.place_base.py_func(self.c, self.b, self.num_base > 0)
        motion.move_joints.py_func(self.c, self.b, self.body.parents, self.num_base)
        motion.gather_masses.py_func(self.b, self.body.parents)
        motion.place_frames.py_func(self.b, self.f, self.body.carriers)

    def center(self) -> np.ndarray:
        planes = self.body.half_planes.copy()
        tasks.plane_slacks.py_func(self.b, self.f, planes)
        return -planes[:, layout.SLACK]


@pytest.fixture(params=ROBOTS, scope="module")
def robot(request: pytest.FixtureRequest) -> RobotModel:
    return RobotModel.load(request.param)


@pytest.fixture
def q(robot: RobotModel) -> np.ndarray:
    return np.random.default_rng(1).uniform(robot.lower, robot.upper, (3, robot.nq))


def test_frames_and_center_equal_pinocchio(robot: RobotModel, q: np.ndarray) -> None:
    arrays = Arrays(robot, ROBOTS[robot.name])
    for row in q:
        arrays.move(row)
        for name, placed in zip(ROBOTS[robot.name], arrays.f[:, layout.PLACED :], strict=True):
            np.testing.assert_allclose(
                placed.reshape(3, 4), robot.forward(row, name)[:3], atol=1e-9
            )
        np.testing.assert_allclose(arrays.center(), robot.center_of_mass(row), atol=1e-9)


def test_frame_jacobians_equal_pinocchio(robot: RobotModel, q: np.ndarray) -> None:
    arrays, frames = Arrays(robot, ROBOTS[robot.name]), ROBOTS[robot.name]
    J = np.zeros((6 * len(frames), robot.nq))
    for row in q:
        arrays.move(row)
        tasks.frame_jacobian.py_func(arrays.c, arrays.f, arrays.body.moves, 1.0, J)
        expected = np.concatenate([robot.jacobian(row, name) for name in frames])
        np.testing.assert_allclose(J, expected, atol=1e-9)


def test_center_jacobian_is_the_derivative(robot: RobotModel, q: np.ndarray) -> None:
    arrays, J = Arrays(robot, ROBOTS[robot.name]), np.zeros((3, robot.nq))
    arrays.move(q[0])
    body = arrays.body
    tasks.center_jacobian.py_func(arrays.c, arrays.b, arrays.f, body.moves, arrays.num_base, J)
    steps = 1e-6 * np.eye(robot.nq)
    ends = [[robot.center_of_mass(q[0] + sign * step) for sign in (1, -1)] for step in steps]
    expected = np.array([(ahead - behind) / 2e-6 for ahead, behind in ends]).T
    np.testing.assert_allclose(J, expected, atol=1e-7)


def test_center_may_be_measured_from_frames() -> None:
    talos, feet = RobotModel.load("talos"), ("left_sole_link", "right_sole_link")
    arrays = Arrays(talos, ("torso_2_link",), Balance(np.eye(3), np.zeros(3), feet))
    q = np.random.default_rng(2).uniform(talos.lower, talos.upper)

    def center(row: np.ndarray) -> np.ndarray:
        arrays.move(row)
        return arrays.center()

    middle = np.mean([talos.forward(q, name)[:3, 3] for name in feet], axis=0)
    np.testing.assert_allclose(center(q), talos.center_of_mass(q) - middle, atol=1e-9)
    J, body = np.zeros((3, talos.nq)), arrays.body
    tasks.center_jacobian.py_func(arrays.c, arrays.b, arrays.f, body.moves, 6, J)
    steps = 1e-6 * np.eye(talos.nq)
    expected = np.array([(center(q + step) - center(q - step)) / 2e-6 for step in steps]).T
    np.testing.assert_allclose(J, expected, atol=1e-7)
