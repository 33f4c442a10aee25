# SPDX-License-Identifier: Apache-2.0
import dataclasses
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pinocchio as pin
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.warm_start.refine import Tolerance, reach_bound, refine, tip_errors

ROBOTS = ["panda", "racer5", "planar3", "kinova_j2s6", "tiago_arm", "ur10"]


def random_q(robot: RobotModel, count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(robot.lower, robot.upper, (count, robot.nq))


def errors_by_pinocchio(robot: RobotModel, T: np.ndarray, q: np.ndarray):
    found = robot.forward(q)
    position = np.linalg.norm(found[:, :3, 3] - T[:, :3, 3], axis=1)
    turns = np.swapaxes(T[:, :3, :3], 1, 2) @ found[:, :3, :3]
    return position, np.array([np.linalg.norm(pin.log3(R)) for R in turns])


@pytest.mark.parametrize("name", ROBOTS)
def test_errors_are_those_of_pinocchio(name: str) -> None:
    robot = RobotModel.load(name)
    T, q = robot.forward(random_q(robot, 200)), random_q(robot, 200, seed=1)
    position, orientation = tip_errors(robot.serial_chain(), T, q[:, robot.serial_chain().columns])
    expected = errors_by_pinocchio(robot, T, q)
    np.testing.assert_allclose(position, expected[0], atol=1e-12)
    np.testing.assert_allclose(orientation, expected[1], atol=1e-7)


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-3, 2.0, np.pi - 0.02, np.pi - 1e-7, np.pi])
def test_orientation_error_is_right_at_every_angle(panda: RobotModel, angle: float) -> None:
    q = random_q(panda, 3)
    for axis in np.concatenate([np.eye(3), [[0.6, 0.0, -0.8]]]):
        T = panda.forward(q)
        T[:, :3, :3] = pin.exp3(angle * axis) @ T[:, :3, :3]
        _, orientation = tip_errors(panda.serial_chain(), T, q)
        np.testing.assert_allclose(orientation, angle, atol=1e-7)


@pytest.mark.parametrize("name", ROBOTS)
def test_close_starts_converge_inside_the_limits(name: str) -> None:
    robot = RobotModel.load(name)
    solution, chain = random_q(robot, 300), robot.serial_chain()
    noise = np.random.default_rng(1).normal(0.0, 0.05, solution.shape)
    T = robot.forward(solution)
    result = refine(chain, T, (solution + noise)[:, chain.columns])
    assert result.converged.mean() > 0.98
    q = solution.copy()
    q[:, chain.columns] = result.q
    assert robot.within_limits(q, 0.0).all()
    assert (q[:, robot.continuous] >= -np.pi).all() and (q[:, robot.continuous] < np.pi).all()
    position, orientation = errors_by_pinocchio(robot, T, q)
    np.testing.assert_allclose(result.position_error, position, atol=1e-12)
    np.testing.assert_allclose(result.orientation_error, orientation, atol=1e-7)
    assert (position[result.converged] < 1e-4).all()
    assert (orientation[result.converged] < 1e-3).all()
    assert np.median(result.iterations[result.converged]) <= 4


def test_random_starts_converge_more_often_than_not(panda: RobotModel) -> None:
    T, starts = panda.forward(random_q(panda, 500)), random_q(panda, 500, seed=2)
    result = refine(panda.serial_chain(), T, starts)
    assert result.converged.mean() > 0.6
    assert result.iterations[result.converged].mean() < 12
    assert result.iterations.max() <= 60


def test_a_solution_takes_one_iteration_and_stays(panda: RobotModel) -> None:
    q = random_q(panda, 50)
    result = refine(panda.serial_chain(), panda.forward(q), q)
    assert result.converged.all() and (result.iterations == 1).all()
    np.testing.assert_array_equal(result.q, q)


def test_starts_outside_the_limits_come_back_inside(panda: RobotModel) -> None:
    result = refine(panda.serial_chain(), panda.forward(random_q(panda, 100)), np.full((100, 7), 9))
    assert panda.within_limits(result.q, 0.0).all()


@pytest.mark.parametrize(("name", "joint"), [("ur10", 5), ("xarm7", 0)])
@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_a_joint_with_room_for_a_turn_passes_its_limits(name: str, joint: int, side: float) -> None:
    robot = RobotModel.load(name)
    ready = np.tile(robot.ready, (20, 1))
    ready[:, joint] = side * np.linspace(2 * np.pi - 0.1, 2 * np.pi, 20)
    solution = ready.copy()
    solution[:, joint] += side * 0.2  # beyond the limits, but the same pose a turn back
    result = refine(robot.serial_chain(), robot.forward(solution), ready)
    assert result.converged.all() and robot.within_limits(result.q, 0.0).all()
    turns = np.round((result.q - solution)[:, joint] / (2 * np.pi))
    assert (turns == -side).mean() > 0.9  # the other joints of 7 may give way instead


def test_position_only_ignores_the_orientation(panda: RobotModel) -> None:
    q = random_q(panda, 200)
    T = panda.forward(q)
    T[:, :3, :3] = np.eye(3)
    result = refine(panda.serial_chain(), T, random_q(panda, 200, seed=1), position_only=True)
    assert result.converged.mean() > 0.9 and np.isnan(result.orientation_error).all()
    position, _ = errors_by_pinocchio(panda, T, result.q)
    assert (position[result.converged] < 1e-4).all()


def test_tolerance_and_iteration_limit_are_kept(panda: RobotModel) -> None:
    q = random_q(panda, 100)
    T, starts = panda.forward(q), np.clip(q + 0.1, panda.lower, panda.upper)
    tight = refine(panda.serial_chain(), T, starts, tolerance=Tolerance(1e-10, 1e-9))
    assert (tight.position_error[tight.converged] < 1e-10).all() and tight.converged.mean() > 0.9
    short = refine(panda.serial_chain(), T, starts, max_iterations=2)
    assert short.iterations.max() == 2


def test_more_iterations_never_make_a_row_worse(panda: RobotModel) -> None:
    T, starts = panda.forward(random_q(panda, 100)), random_q(panda, 100, seed=3)
    sizes = []
    for limit in (1, 3, 10, 60):
        found = refine(panda.serial_chain(), T, starts, max_iterations=limit)
        weight = 0.3 * reach_bound(panda.serial_chain())
        sizes.append(np.hypot(found.position_error, weight * found.orientation_error))
    assert (np.diff(sizes, axis=0) <= 1e-9).all()


def test_threads_slices_and_neighbours_change_nothing(panda: RobotModel) -> None:
    T, starts = panda.forward(random_q(panda, 300)), random_q(panda, 300, seed=4)
    whole = refine(panda.serial_chain(), T, starts, num_threads=1)
    threads = refine(panda.serial_chain(), T, starts, num_threads=3)
    later = time.perf_counter() + 60.0
    slices = refine(panda.serial_chain(), T, starts, deadline=later)
    alone = refine(panda.serial_chain(), T[7], starts[7:8])
    for other in (threads, slices):
        for field in dataclasses.fields(whole):
            np.testing.assert_array_equal(getattr(whole, field.name), getattr(other, field.name))
    np.testing.assert_array_equal(alone.q[0], whole.q[7])


def test_deadline_leaves_rows_out(panda: RobotModel) -> None:
    T, starts = panda.forward(random_q(panda, 1)), random_q(panda, 1000)
    result = refine(panda.serial_chain(), T[0], starts, deadline=time.perf_counter() - 1.0)
    assert not result.converged.any() and (result.iterations == 0).all()


def test_stop_after_counts_converged_rows_in_order(panda: RobotModel) -> None:
    T, starts = panda.forward(random_q(panda, 1)), random_q(panda, 400, seed=5)
    whole = refine(panda.serial_chain(), T[0], starts)
    for deadline in (None, time.perf_counter() + 60.0):
        some = refine(panda.serial_chain(), T[0], starts, stop_after=5, deadline=deadline)
        fifth = np.flatnonzero(whole.converged)[4]
        assert some.converged.sum() == 5 and some.converged[fifth]
        assert (some.iterations[fifth + 1 :] == 0).all()


def test_continuous_joints_turn_through_pi() -> None:
    robot = RobotModel.load("kinova_j2s6")
    joint = int(np.flatnonzero(robot.continuous)[0])
    q = np.clip(robot.ready, robot.lower, robot.upper)[None].repeat(2, axis=0)
    q[:, joint] = [np.pi - 0.02, -np.pi + 0.02]
    result = refine(robot.serial_chain(), robot.forward(q), q[::-1])
    assert result.converged.all()
    np.testing.assert_allclose(result.q[:, joint], q[:, joint], atol=2e-2)


def test_a_locked_range_does_not_move(panda: RobotModel) -> None:
    chain = panda.serial_chain()
    q = random_q(panda, 50)
    lower, upper = chain.lower.copy(), chain.upper.copy()
    lower[2] = upper[2] = 0.3
    locked = dataclasses.replace(chain, lower=lower, upper=upper)
    q[:, 2] = 0.3
    result = refine(locked, panda.forward(q), np.clip(q + 0.1, lower, upper))
    assert (result.q[:, 2] == 0.3).all() and result.converged.mean() > 0.9


def test_no_posture_is_farther_than_the_reach_bound() -> None:
    for name in ROBOTS:
        robot = RobotModel.load(name)
        chain = robot.serial_chain()
        tip = robot.forward(random_q(robot, 500))[:, :3, 3]
        distance = np.linalg.norm(tip - chain.T_parent_joint[0, :3, 3], axis=1)
        assert distance.max() <= reach_bound(chain) + 1e-12


def test_wrong_shapes_are_named(panda: RobotModel) -> None:
    chain = panda.serial_chain()
    with pytest.raises(InvalidInput, match="joints of the chain"):
        refine(chain, np.eye(4), np.zeros((3, 6)))
    with pytest.raises(InvalidInput, match="targets"):
        refine(chain, np.zeros((2, 4, 4)), np.zeros((3, 7)))


@pytest.mark.slow
def test_compiles_where_nothing_can_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    program = (
        "from vi_ik_ros.compiled import compiled\n"
        "print(compiled('float64(float64)')(lambda x: x + 1.0)(1.0))\n"
    )
    environment = os.environ | {"NUMBA_CACHE_DIR": str(blocked / "below")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip() == "2.0", done.stderr
