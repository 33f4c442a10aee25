# SPDX-License-Identifier: Apache-2.0
import time
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput, RobotError
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.warm_start.refine import Tolerance
from vi_ik_ros.sampling.warm_start.whole_body.body import Balance, FrameTask, WholeBody
from vi_ik_ros.sampling.warm_start.whole_body.refine import refine_whole_body

from .conftest import FEET, HAND, SIDES


def errors(robot: RobotModel, q: np.ndarray, name: str, target: np.ndarray) -> tuple:
    """Position [m] and orientation errors [rad] (N,) by pinocchio."""
    T = robot.forward(q, name)
    cosine = (np.einsum("nij,ij->n", T[:, :3, :3], target[:3, :3]) - 1) / 2
    distance = np.linalg.norm(T[:, :3, 3] - target[:3, 3], axis=1)
    return distance, np.arccos(np.clip(cosine, -1, 1))


def test_converged_rows_meet_every_task_inside_the_limits(
    talos: RobotModel, standing: WholeBody, targets: np.ndarray, starts: np.ndarray
) -> None:
    result = refine_whole_body(standing, targets, starts)
    assert result.converged.mean() > 0.6
    q = result.q[result.converged]
    assert talos.within_limits(result.q).all()
    for name, target in zip((*FEET, HAND), targets, strict=True):
        position, orientation = errors(talos, q, name, target)
        assert position.max() < 1e-4 and orientation.max() < 1e-3 + 1e-6
    middle = np.mean([talos.forward(q, name)[:, :2, 3] for name in FEET], axis=0)
    center = np.array([talos.center_of_mass(row)[:2] for row in q]) - middle
    assert (np.abs(center) <= [0.09 + 1e-9, 0.13 + 1e-9]).all()


def test_a_row_does_not_depend_on_its_neighbours(
    standing: WholeBody, targets: np.ndarray, starts: np.ndarray
) -> None:
    together = refine_whole_body(standing, targets, starts, num_threads=3)
    alone = refine_whole_body(standing, np.repeat(targets[None], 5, 0), starts[7:12])
    np.testing.assert_array_equal(together.q[7:12], alone.q)
    np.testing.assert_array_equal(together.iterations[7:12], alone.iterations)


def test_the_center_of_mass_moves_into_a_narrow_strip(
    talos: RobotModel, targets: np.ndarray
) -> None:
    strip = Balance(SIDES, np.array([0.03, -0.02, 0.05, -0.03]), FEET)
    body = WholeBody.build(talos, [FrameTask(name) for name in FEET], strip)
    assert refine_whole_body(body, targets[:2], talos.ready[None], max_iterations=1).balance < 0
    result = refine_whole_body(body, targets[:2], talos.ready[None])
    assert result.converged.all() and (result.balance >= 0).all()


def test_balance_is_free_of_the_feet_without_frames_to_measure_from(
    talos: RobotModel, targets: np.ndarray
) -> None:
    body = WholeBody.build(
        talos, [FrameTask(HAND, position_only=True)], Balance(SIDES[2:3], np.array([-0.3]))
    )
    result = refine_whole_body(body, targets[2:], talos.ready[None])
    assert result.converged.all() and np.isnan(result.orientation_error).all()
    assert talos.center_of_mass(result.q[0])[1] <= -0.3 + 1e-9


def test_what_is_out_of_reach_leaves_the_best_configuration(
    talos: RobotModel, standing: WholeBody, targets: np.ndarray
) -> None:
    far = targets.copy()
    far[2, 0, 3] += 5.0
    result = refine_whole_body(standing, far, talos.ready[None])
    start = refine_whole_body(standing, far, talos.ready[None], max_iterations=1)
    assert not result.converged.any() and result.iterations[0] > 1
    assert result.position_error[0, 2] < start.position_error[0, 2]


def test_tolerances_and_deadline_are_kept(
    standing: WholeBody, targets: np.ndarray, starts: np.ndarray
) -> None:
    loose = refine_whole_body(standing, targets, starts, tolerance=Tolerance(1e-2, 1e-1))
    tight = refine_whole_body(standing, targets, starts, tolerance=Tolerance(1e-9, 1e-8))
    both = loose.converged & tight.converged
    assert both.any() and tight.position_error[both].max() < 1e-9
    assert loose.iterations[both].sum() < tight.iterations[both].sum()
    late = refine_whole_body(standing, targets, starts, deadline=time.perf_counter() - 1)
    assert not late.converged.any() and not late.iterations.any()


@pytest.mark.parametrize("shape", [(34,), (2, 33)])
def test_other_shapes_are_refused(
    standing: WholeBody, targets: np.ndarray, shape: tuple[int, ...]
) -> None:
    with pytest.raises(InvalidInput, match=r"^q: "):
        refine_whole_body(standing, targets, np.zeros(shape))
    with pytest.raises(InvalidInput, match=r"^targets: "):
        refine_whole_body(standing, targets[:2], np.zeros((2, 34)))


def test_tasks_that_nothing_moves_are_refused(talos: RobotModel) -> None:
    with pytest.raises(RobotError, match="world"):
        WholeBody.build(talos, [FrameTask("world")])
    with pytest.raises(InvalidInput, match="tasks"):
        WholeBody.build(talos, [])


def test_equal_limits_hold_a_joint(
    standing: WholeBody, targets: np.ndarray, talos: RobotModel
) -> None:
    coordinates = standing.coordinates.copy()
    coordinates[6, :2] = 0.1
    held = replace(standing, coordinates=coordinates)
    result = refine_whole_body(held, targets, talos.ready[None])
    assert result.q[0, 6] == 0.1
