# SPDX-License-Identifier: Apache-2.0
import coal
import numpy as np
import pinocchio as pin
import pytest
from scipy.special import ndtr

from vi_ik_ros.kinematics.pose import matrix_to_pose, pose_to_matrix
from vi_ik_ros.sampling.models.model import Samples
from vi_ik_ros.sampling.warm_start.obstacles import STD, ObstacleExpert
from vi_ik_ros.sampling.warm_start.refine import refine as refined
from vi_ik_ros.sampling.warm_start.solver import SampleRequest, TargetStatus, WarmStartSolver

from .conftest import BoxModel, FakeStored, entry

TABLE = {"type": "half_space", "point": [0.0, 0.0, -0.02], "normal": [0.0, 0.0, 1.0]}
BOX = {"type": "box", "pose": [0.45, -0.05, 0.15], "size": [0.2, 0.2, 0.3]}
BALL = {"type": "sphere", "center": [0.3, 0.35, 0.45], "radius": 0.1}
OBSTACLES = (TABLE, BOX, BALL)


@pytest.fixture(scope="module")
def scene(panda):
    """A target beside a box on a table, configurations that reach it, and what touches it."""
    pose = np.array([[0.45, 0.15, 0.35, 1.0, 0.0, 0.0, 0.0]])
    return pose, _Touching(panda)


class _Touching:
    """Whether a moving link touches the scene, shape by shape, as coal's plain collision says."""

    def __init__(self, robot) -> None:
        self.robot, self.model = robot, pin.buildModelFromXML(robot.urdf_text)
        kind = pin.GeometryType.COLLISION
        self.links = pin.buildGeomFromUrdfString(self.model, robot.urdf_text, kind)
        self.solids = [
            (coal.Box(20.0, 20.0, 20.0), np.array([0.0, 0.0, -10.02])),
            (coal.Box(*BOX["size"]), np.array(BOX["pose"])),
            (coal.Sphere(BALL["radius"]), np.array(BALL["center"])),
        ]

    def __call__(self, q: np.ndarray) -> np.ndarray:
        return np.array([self._row(row) for row in q], bool)

    def _row(self, q: np.ndarray) -> bool:
        data, placed = self.model.createData(), self.links.createData()
        values = dict(zip(self.robot.joint_names, q, strict=True)) | dict(self.robot.locked)
        q_pin = pin.neutral(self.model)
        for name, value in values.items():
            q_pin[self.model.joints[self.model.getJointId(name)].idx_q] = value
        pin.updateGeometryPlacements(self.model, data, self.links, placed, q_pin)
        pairs = zip(self.links.geometryObjects, placed.oMg, strict=True)
        return any(
            self._touch(link.geometry, T, solid, place)
            for link, T in pairs
            if link.parentJoint
            for solid, place in self.solids
        )

    @staticmethod
    def _touch(link, T, solid, place) -> bool:
        at = coal.Transform3s(T.rotation, T.translation)
        there = coal.Transform3s(np.eye(3), place)
        found = coal.CollisionResult()
        return bool(coal.collide(link, at, solid, there, coal.CollisionRequest(), found))


class WideModel(BoxModel):
    """Some solutions of one pose and noise about them: some touch, some do not."""

    family, num_dims, context_size, num_components = "wide", 7, 7, 1

    def __init__(self, robot, centers: np.ndarray) -> None:
        self.robot, self.centers = robot, centers

    def sample(self, contexts, num_samples, rngs):
        rows = [
            self.centers[rng.integers(len(self.centers), size=num_samples)]
            + rng.normal(0.0, 0.05, (num_samples, 7))
            for rng in rngs
        ]
        q = np.stack(rows).clip(self.robot.lower, self.robot.upper)
        return Samples(q, self.log_prob(q, contexts), np.zeros(q.shape[:2], np.uint32))

    def log_prob(self, q, contexts):
        return np.zeros(q.shape[:2])


@pytest.fixture(scope="module")
def solver(panda, scene) -> WarmStartSolver:
    pose, _ = scene
    rng = np.random.default_rng(0)
    starts = rng.uniform(panda.lower, panda.upper, (200, 7))
    found = refined(panda.serial_chain(), pose_to_matrix(pose)[0], starts, num_threads=1)
    stored = FakeStored(WideModel(panda, found.q[found.converged]), {"context": [entry("pose", 7)]})
    return WarmStartSolver(panda, stored, num_threads=1)


def ask(solver, pose, **fields):
    request = {"targets": pose, "num_samples": 60, "seed": 1, "distinct_tolerance": 0.0}
    return solver.solve(SampleRequest(**(request | fields)))


@pytest.mark.parametrize("refine", [False, True])
def test_no_row_touches_an_obstacle(solver, scene, refine):
    pose, touching = scene
    before = ask(solver, pose, refine=refine)
    assert touching(before.positions).mean() > 0.05  # there is something to avoid
    answer = ask(solver, pose, refine=refine, obstacles=OBSTACLES)
    assert answer.counts[0] == 60 and answer.target_status[0] == TargetStatus.OK
    assert not touching(answer.positions).any()


def test_what_survives_is_what_coal_says(solver, scene):
    pose, touching = scene
    answer = ask(solver, pose, obstacles=OBSTACLES, num_samples=20)
    rng = np.random.default_rng([1, 0])
    draws = solver._model.sample(pose, 60, [rng]).q[0]
    assert answer.checked[0] == 60
    assert answer.survived[0] == 60 - touching(draws).sum()


@pytest.mark.parametrize("refine", [False, True])
def test_a_margin_is_kept_and_weights_are_those_of_the_expert(solver, scene, refine):
    pose, _ = scene
    margin = 0.03
    answer = ask(solver, pose, refine=refine, obstacles=OBSTACLES, obstacle_margin=margin)
    solids = solver._obstacles(SampleRequest(obstacles=OBSTACLES))
    room = solids._distance(answer.positions) - margin
    assert len(room) and (room > 0.0).all()
    np.testing.assert_allclose(answer.log_weight, np.log(ndtr(room / STD)), atol=1e-4)
    weight = np.exp(answer.log_weight)
    assert 0.0 < answer.ess[0] <= answer.survived[0] <= answer.checked[0]
    assert (weight <= 1.0).all() and (weight >= 0.5).all()


def test_draws_follow_the_weights(panda, scene, monkeypatch):
    # Half of the draws lie in front of an obstacle, at a weight of 0.6; the others are free.
    centers = np.stack([panda.ready, panda.ready])
    centers[:, 0] = -1.0, 1.0
    stored = FakeStored(WideModel(panda, centers), {"context": [entry("pose", 7)]})
    solver = WarmStartSolver(panda, stored)
    expert = ObstacleExpert(lambda q: np.where(q[:, 0] < 0.0, 0.0025335, 1.0), 0.0)
    monkeypatch.setattr(solver, "_obstacles", lambda request: expert)
    answer = ask(solver, scene[0], num_samples=4_000)
    share = (answer.positions[:, 0] < 0.0).mean()
    assert share == pytest.approx(0.3 / 0.8, abs=0.025)  # three standard deviations
    assert set(np.exp(answer.log_weight).round(3)) == {0.6, 1.0}


def test_the_density_stays_that_of_the_model(solver, scene):
    pose, _ = scene
    answer = ask(solver, pose, obstacles=OBSTACLES)
    assert np.array_equal(answer.log_prob, np.zeros(60))


def test_without_obstacles_nothing_changes_and_nothing_is_counted(solver, scene):
    pose, _ = scene
    answer = ask(solver, pose)
    assert not answer.checked.any() and not answer.survived.any() and not answer.ess.any()
    assert not answer.log_weight.any()


def test_a_batch_equals_single_calls(solver, scene, panda):
    pose, _ = scene
    other = matrix_to_pose(panda.forward(solver._model.centers[:1] + 0.1))
    both = ask(solver, np.concatenate([pose, other]), obstacles=OBSTACLES)
    one = ask(solver, pose, obstacles=OBSTACLES)
    assert np.array_equal(both.positions[: both.counts[0]], one.positions)
    assert (both.checked[0], both.survived[0]) == (one.checked[0], one.survived[0])


def test_a_target_inside_an_obstacle_says_why_it_has_no_rows(solver, scene):
    pose, _ = scene
    ball = {"type": "sphere", "center": pose[0, :3].tolist(), "radius": 0.2}
    for refine in (False, True):
        answer = ask(solver, pose, refine=refine, obstacles=(ball,), num_samples=5)
        assert not (refine and answer.converged.any())
        assert refine or answer.counts[0] == 0
        assert answer.target_status[0] != TargetStatus.OK
        assert "rows kept off the obstacles" in answer.target_msg[0]


def test_a_timeout_is_kept_among_obstacles(solver, scene):
    pose, _ = scene
    ask(solver, pose, obstacles=OBSTACLES, num_samples=1)  # reads the geometry
    many = tuple(BALL | {"center": [0.3, 0.4, 0.01 * i]} for i in range(100))
    answer = ask(solver, pose, refine=True, num_samples=5_000, obstacles=many, timeout=0.1)
    assert answer.target_status[0] == TargetStatus.TIMEOUT
