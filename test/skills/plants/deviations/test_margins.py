# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pinocchio as pin
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.collisions.collision import SelfCollision
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.skills.plants.deviations.margins import Margins, Needed, margins, way


@pytest.fixture(scope="module")
def racer5() -> RobotModel:
    return RobotModel.load("racer5")


def moved(robot, q, *shifts) -> np.ndarray:
    """Poses of the flange, shifted in the base."""
    poses = np.repeat(robot.forward(q)[None], len(shifts), axis=0)
    poses[:, :3, 3] += np.array(shifts)
    return poses


def found(robot, starts, poses) -> Margins:
    return margins(robot, np.array(starts), poses)


def reached_by_pinocchio(robot, start, pose) -> np.ndarray:
    """The configuration that plain Newton steps end at."""
    model, data = robot.pinocchio_model, robot.pinocchio_model.createData()
    frame, q = model.getFrameId(robot.tip), start.copy()
    for _ in range(40):
        pin.framesForwardKinematics(model, data, q)
        error = pin.log6(data.oMf[frame].actInv(pin.SE3(pose))).vector
        q += 0.5 * np.linalg.pinv(pin.computeFrameJacobian(model, data, q, frame)) @ error
    return q


def test_the_start_itself_has_its_own_margins(racer5):
    q = racer5.ready
    room = found(racer5, [q], racer5.forward(q)[None])
    assert room.joint[0] == pytest.approx(np.minimum(q - racer5.lower, racer5.upper - q).min())
    least = np.linalg.svd(racer5.jacobian(q), compute_uv=False)[-1]
    assert room.singular_value[0] == pytest.approx(least, abs=1e-8)
    assert room.clearance[0] == pytest.approx(SelfCollision(racer5).distance(q[None])[0], abs=1e-6)
    assert room.reached[0] == 1.0


def test_joint_margins_are_those_that_pinocchio_finds(racer5):
    start = racer5.ready
    poses = moved(racer5, start, [0.03, 0, 0], [0, 0.03, 0.01], [-0.03, 0, -0.02])
    ends = np.array([reached_by_pinocchio(racer5, start, pose) for pose in poses])
    least = np.minimum(ends - racer5.lower, racer5.upper - ends).min()
    assert found(racer5, [start], poses).joint[0] == pytest.approx(least, abs=1e-6)


def test_more_poses_never_leave_more_room(racer5):
    q = racer5.ready
    few = found(racer5, [q], moved(racer5, q, [0.02, 0, 0]))
    more = found(racer5, [q], moved(racer5, q, [0.02, 0, 0], [0.0, 0.06, 0.0]))
    for name in ("joint", "singular_value", "clearance"):
        assert getattr(more, name)[0] <= getattr(few, name)[0] + 1e-12


def test_a_pose_beyond_a_limit_is_not_reached(racer5):
    q = racer5.ready.copy()
    q[0] = racer5.upper[0] - 0.02
    sideways = racer5.jacobian(q)[:3, 0] / np.linalg.norm(racer5.jacobian(q)[:3, 0])
    room = found(racer5, [q], moved(racer5, q, 0.03 * sideways, -0.03 * sideways))
    assert room.joint[0] < 0.0 and room.reached[0] == 0.5
    assert room.room(Needed())[0] < 0.0


def test_a_pose_out_of_reach_leaves_no_room(racer5):
    room = found(racer5, [racer5.ready], moved(racer5, racer5.ready, [2.0, 0.0, 0.0]))
    assert room.reached[0] == 0.0 and room.room(Needed())[0] <= 0.0


def test_a_straight_wrist_is_told_by_its_singular_value(racer5):
    q = racer5.ready.copy()
    q[4] = 0.01
    assert found(racer5, [q], racer5.forward(q)[None]).singular_value[0] < 0.01


def test_the_best_start_has_most_of_what_is_scarcest():
    numbers = [[0.2, 0.06, 0.15], [0.1, 0.3, 0.1], [0.05, 0.05, 0.05], [1.0, 1.0, 1.0]]
    room = Margins(*np.array(numbers))
    assert room.best(Needed()) == 0  # equal in what is scarcest, but freer than the third
    np.testing.assert_allclose(room.room(Needed()), [2.0, 1.2, 2.0])


def test_starts_without_enough_are_refused_with_what_the_best_has():
    room = Margins(np.array([0.2]), np.array([0.01]), np.array([0.05]), np.array([1.0]))
    with pytest.raises(InvalidInput, match=r"singular value 0\.010.*expected one with 0\.05 rad"):
        room.best(Needed())
    with pytest.raises(InvalidInput, match="got none"):
        Margins(*np.zeros((4, 0))).best(Needed())


def test_a_need_of_nothing_is_refused():
    with pytest.raises(InvalidInput, match="clearance"):
        Needed(clearance=0.0)


def test_a_way_goes_straight_and_ends_where_it_should(racer5):
    a, b = racer5.forward(racer5.ready), racer5.forward(racer5.ready + 0.1)
    T = way(a, b, num=5)
    np.testing.assert_allclose(T[-1], b, atol=1e-12)
    steps = np.diff(np.vstack([a[None, :3, 3], T[:, :3, 3]]), axis=0)
    np.testing.assert_allclose(steps, np.repeat(steps[:1], 5, axis=0), atol=1e-12)
