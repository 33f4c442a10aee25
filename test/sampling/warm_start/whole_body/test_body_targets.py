# SPDX-License-Identifier: Apache-2.0

"""What a stored model's objectives ask of a whole body, and answers that are refined for it."""

import copy
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from vi_ik_ros.exceptions import RequestError
from vi_ik_ros.kinematics.pose import matrix_to_pose
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.models.model import ConditionalModel, Samples
from vi_ik_ros.sampling.warm_start.solver import SampleRequest, TargetStatus, WarmStartSolver
from vi_ik_ros.sampling.warm_start.whole_body.body_targets import BodyTargets

from .conftest import FEET, HAND

STANCE = np.array([0.02, 0.12, 0.0, 0.0, 0.0, 0.0, 1.0])


class NearReady(ConditionalModel):
    """Configurations near the ready one, whatever the context."""

    family = "near_ready"
    num_components = 1

    def __init__(self, robot: RobotModel, context_size: int) -> None:
        self.context_size, self.num_dims, self._ready = context_size, robot.nq, robot.ready
        self.width = 0.1

    def _widened(self, factor: float) -> "NearReady":
        narrower = copy.copy(self)
        narrower.width = factor * self.width
        return narrower

    def sample(self, contexts, num_samples, rngs) -> Samples:
        shape = (num_samples, self.num_dims)
        q = np.stack([self._ready + self.width * rng.uniform(-1, 1, shape) for rng in rngs])
        return Samples(q, np.zeros(q.shape[:2]), np.zeros(q.shape[:2], dtype=np.uint32))

    def log_prob(self, q, contexts) -> np.ndarray:
        return np.zeros(q.shape[:2])

    def options(self) -> dict[str, object]:
        return {}

    def tensors(self) -> dict[str, np.ndarray]:
        return {}

    @classmethod
    def from_tensors(cls, options, tensors) -> "NearReady":
        raise AssertionError("it is never stored")


@dataclass(frozen=True)
class Stored:
    model: ConditionalModel
    document: dict
    digest: str = "digest"
    extras: dict = field(default_factory=dict)


def document(name: str, talos: RobotModel) -> dict:
    """What `model.json` says of the objectives of a shipped file."""
    path = share_dir() / "config" / "objectives" / f"{name}.yaml"
    objectives = load_objectives(path, robot=talos)
    entries = [entry.describe(np.zeros(7), np.ones(7)) for entry in objectives.context_entries]
    return {"objectives": dict(objectives.document), "context": entries}


def context(T_world_hand: np.ndarray) -> np.ndarray:
    """Return the context row (1, 14) of a hand and the stance."""
    return np.concatenate([matrix_to_pose(T_world_hand), STANCE])[None]


@pytest.fixture(scope="module")
def hand(talos: RobotModel) -> dict:
    return document("talos_reach", talos)


@pytest.fixture(scope="module")
def solver(talos: RobotModel, hand: dict) -> WarmStartSolver:
    return WarmStartSolver(talos, Stored(NearReady(talos, 14), hand))


def test_tasks_are_those_of_the_file(talos: RobotModel, hand: dict) -> None:
    tasks = BodyTargets.of(talos, hand)
    assert tasks is not None and tasks.leading == 0
    assert [task.frame for task in tasks.body.tasks] == [HAND, *FEET]
    assert len(tasks.body.half_planes) == 8
    T = talos.forward(talos.ready, HAND)
    targets = tasks.targets(context(T))
    np.testing.assert_allclose(targets[0, 0], T, atol=1e-12)
    np.testing.assert_allclose(targets[0, 1:, :3, 3], [STANCE[:3], [-0.02, -0.09, 0]])


def test_without_a_context_every_target_is_fixed(talos: RobotModel) -> None:
    tasks = BodyTargets.of(talos, document("talos_stance", talos))
    assert tasks is not None and tasks.leading is None
    assert [task.position_only for task in tasks.body.tasks] == [False, False, True]
    np.testing.assert_allclose(tasks.fixed[2, :3, 3], [0.1, 0.5, 1.0])


@pytest.mark.parametrize(
    "change",
    [
        {"transform": {"type": "relative_position", "frame": HAND, "other": FEET[0]}},
        {"transform": {"type": "position", "frame": HAND, "axes": ["x"]}},
        {"priority": 1},
    ],
)
def test_tasks_that_the_refiner_does_not_know_are_left_to_the_model(
    talos: RobotModel, hand: dict, change: dict
) -> None:
    items = [dict(item) for item in hand["objectives"]["objectives"]]
    items[1] |= change
    assert BodyTargets.of(talos, hand | {"objectives": {"objectives": items}}) is None


def test_refined_answers_stand_and_reach(talos: RobotModel, solver: WarmStartSolver) -> None:
    wanted = talos.forward(talos.ready, HAND)
    wanted[:3, 3] += [0.05, 0.02, 0.1]
    request = SampleRequest(
        context=context(wanted), num_samples=5, seed=1, refine=True,
        avoid_self_collision=True, distinct_tolerance=0.01,
    )  # fmt: skip
    answer = solver.solve(request)
    assert answer.target_status[0] == TargetStatus.OK and answer.converged.all()
    assert answer.position_error.max() < 1e-4 and (answer.iterations > 1).all()
    assert talos.within_limits(answer.positions).all()
    T = talos.forward(answer.positions, HAND)
    np.testing.assert_allclose(T[:, :3, 3], np.tile(wanted[:3, 3], (5, 1)), atol=1e-4)
    left = talos.forward(answer.positions, FEET[0])[:, :3, 3]
    np.testing.assert_allclose(left, np.tile(STANCE[:3], (5, 1)), atol=1e-4)


def test_refined_bodies_come_from_a_narrower_model(
    talos: RobotModel, solver: WarmStartSolver
) -> None:
    hand = talos.forward(talos.ready, HAND)
    request = SampleRequest(context=context(hand), num_samples=4, seed=3, refine=True)
    usual = solver.solve(request).positions
    assert np.array_equal(usual, solver.solve(replace(request, temperature=0.5)).positions)
    assert not np.array_equal(usual, solver.solve(replace(request, temperature=1.0)).positions)


def test_rows_as_drawn_are_measured(talos: RobotModel, solver: WarmStartSolver) -> None:
    T = talos.forward(talos.ready, HAND)
    answer = solver.solve(SampleRequest(context=context(T), num_samples=3, seed=1))
    expected = talos.forward(answer.positions, HAND)[:, :3, 3] - T[:3, 3]
    np.testing.assert_allclose(answer.position_error, np.linalg.norm(expected, axis=1), atol=1e-9)
    assert not answer.converged.any() and not answer.iterations.any()


def test_what_is_out_of_reach_is_said(solver: WarmStartSolver) -> None:
    far = np.eye(4)
    far[:3, 3] = 9.0, 0.0, 1.0
    answer = solver.solve(SampleRequest(context=context(far), num_samples=1, seed=1, refine=True))
    assert answer.target_status[0] == TargetStatus.UNREACHABLE
    assert "best residual" in answer.target_msg[0]


def test_answers_stay_near_a_reference(talos: RobotModel, solver: WarmStartSolver) -> None:
    row = context(talos.forward(talos.ready, HAND))
    row[:, 7:9] = -0.02, 0.09  # feet as in the ready configuration
    request = SampleRequest(
        context=row, num_samples=2, seed=1, refine=True, distinct_tolerance=0.0,
        reference=talos.ready, reference_max_distance=0.3,
    )  # fmt: skip
    answer = solver.solve(request)
    assert answer.converged.all()
    assert np.abs(answer.positions - talos.ready).max() <= 0.3 + 1e-9


def test_refining_something_else_is_refused(talos: RobotModel) -> None:
    item = {
        "name": "hands",
        "transform": {"type": "distance"},
        "density": {"type": "normal_cdf", "lower": 0.0, "std": 0.01},
    }
    stored = Stored(NearReady(talos, 0), {"objectives": {"objectives": [item]}, "context": []})
    with pytest.raises(RequestError, match="refine"):
        WarmStartSolver(talos, stored).solve(SampleRequest(refine=True))


def test_a_model_without_a_context_is_refined_to_its_own_targets(talos: RobotModel) -> None:
    stored = Stored(NearReady(talos, 0), document("talos_stance", talos))
    request = SampleRequest(num_samples=4, seed=2, refine=True, distinct_tolerance=0.0)
    answer = WarmStartSolver(talos, stored).solve(request)
    assert answer.converged.all() and answer.position_error.max() < 1e-4
    gripper = talos.forward(answer.positions, HAND)[:, :3, 3]
    np.testing.assert_allclose(gripper, np.tile([0.1, 0.5, 1.0], (4, 1)), atol=1e-4)
