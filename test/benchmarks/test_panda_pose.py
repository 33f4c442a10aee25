# SPDX-License-Identifier: Apache-2.0
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pinocchio as pin
import pytest
import yaml

from vi_ik_ros.benchmarks.panda_pose import in_time, panda_pose
from vi_ik_ros.benchmarks.panda_pose.chosen_starts import ChosenStarts, farthest_first
from vi_ik_ros.benchmarks.panda_pose.in_time import in_time_rows
from vi_ik_ros.benchmarks.warm_starts.figures import Outcome, figures, pose_errors
from vi_ik_ros.benchmarks.warm_starts.starts import KdTreeStarts, RandomStarts, Starts
from vi_ik_ros.kinematics.pose import matrix_to_pose
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.models.model import ConditionalModel, Samples


class UniformModel(ConditionalModel):
    """Uniform between limits, whatever the context."""

    family, context_size, num_components = "uniform", 7, 1

    def __init__(self, robot: RobotModel) -> None:
        self.lower, self.upper, self.num_dims = robot.lower, robot.upper, robot.nq

    def sample(self, contexts, num_samples, rngs) -> Samples:
        shape = (num_samples, self.num_dims)
        q = np.stack([rng.uniform(self.lower, self.upper, shape) for rng in rngs])
        return Samples(q, self.log_prob(q, contexts), np.zeros(q.shape[:2], np.uint32))

    def log_prob(self, q, contexts) -> np.ndarray:
        return np.full(q.shape[:2], -np.log(self.upper - self.lower).sum())

    def _widened(self, factor: float) -> "UniformModel":
        return self

    def options(self) -> dict:
        return {}

    def tensors(self) -> dict:
        return {}

    @classmethod
    def from_tensors(cls, options, tensors) -> "UniformModel":
        raise NotImplementedError


@dataclass(frozen=True)
class FakeStored:
    model: UniformModel
    document: dict
    digest: str = ""
    extras: dict = field(default_factory=dict)


@pytest.fixture(scope="module")
def panda() -> RobotModel:
    return RobotModel.load("panda")


@pytest.fixture(scope="module")
def report(panda: RobotModel):
    file = Path(share_dir()) / "config" / "objectives" / "panda_pose.yaml"
    context = [{"name": "flange", "kind": "pose", "size": 7, "objective": "flange"}]
    document = {"objectives": yaml.safe_load(file.read_text()), "context": context}
    document["training"] = {"seconds": 3.0}
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        stored = FakeStored(UniformModel(panda), document)
        patch.setattr(panda_pose, "_load", lambda model: (panda, stored))
        patch.setattr(panda_pose, "TREE_SIZE", 2000)
        patch.setattr(panda_pose, "TIMED", 2)
        patch.setattr(panda_pose, "RACED", 2)
        patch.setattr(panda_pose, "_fitted", lambda family, *_: stored)
        found = panda_pose.run(num_poses=6, families=["moe"], on_progress=lines.append)
    assert lines
    return found


def values(report, case: str) -> dict[str, float]:
    return {row.metric: row.value for row in report.rows if row.case == case}


def test_every_case_has_its_rows(report) -> None:
    cases = {row.case for row in report.rows}
    ours = {"raw", "SIR", "chosen", "wide", "served", "moe raw", "moe served"}
    assert cases == ours | {"random", "ready", "KD-2k", "moe"}
    assert values(report, "moe") == {"training time [s]": 3.0}
    assert all("10 ms" in metric for metric in values(report, "wide"))
    for case in cases - {"moe", "wide"}:
        row = values(report, case)
        assert row["converged rows that pinocchio refutes"] == 0
        assert 0 <= row["single start converges [%]"] <= 100
        assert 1 <= row["iterations of a converged start, median"] <= 60
    assert values(report, "served")["answered [%]"] == 100
    assert values(report, "raw")["median position error [mm]"] > 100  # a model that knows nothing
    assert report.bench == "panda-pose" and report.seeds == [20240601]


def test_chosen_draws_are_near_their_target_and_far_from_each_other(panda: RobotModel) -> None:
    rng = np.random.default_rng(0)
    T = panda.forward(rng.uniform(panda.lower, panda.upper, (3, 7)))
    starts = ChosenStarts(panda, UniformModel(panda)).propose(matrix_to_pose(T), 5, rng)
    others = UniformModel(panda).sample(np.empty((3, 7)), 50, rng.spawn(3)).q
    assert starts.shape == (3, 5, 7)
    chosen, any_ = (
        pose_errors(panda, q.reshape(-1, 7), np.repeat(T, q.shape[1], axis=0))[0].mean()
        for q in (starts, others)
    )
    assert chosen < any_


def test_the_farthest_row_comes_next_and_none_twice() -> None:
    q = np.array([[0.0], [3.0], [1.0], [-3.1], [0.0]])
    assert farthest_first(q, 4, np.array([False])).tolist() == [0, 3, 1, 2]
    assert farthest_first(q, 3, np.array([True])).tolist() == [0, 3, 2]  # 3 is next to -3.1
    assert sorted(farthest_first(np.zeros((4, 2)), 4, np.zeros(2, bool))) == [0, 1, 2, 3]


def test_more_starts_in_the_same_time_find_more(panda: RobotModel, monkeypatch) -> None:
    class Repeated(Starts):
        """One and the same start."""

        name = "one"

        def propose(self, poses, num_starts, rng) -> np.ndarray:
            return np.tile(panda.ready, (len(poses), num_starts, 1))

    monkeypatch.setattr(in_time, "BUDGET", 0.003)
    T = panda.forward(np.random.default_rng(3).uniform(panda.lower, panda.upper, (6, 7)))
    cases = [RandomStarts(panda), Repeated()]
    found = in_time_rows(panda, cases, matrix_to_pose(T), T, np.random.default_rng(0))
    rows = {(row.case, row.metric.rsplit(" ", 1)[-1]): row for row in found}
    many, one, ratio = rows["random", "thread"], rows["one", "thread"], rows["random", "[ratio]"]
    assert one.value <= 1 and many.value > 5
    assert ratio.value == pytest.approx(many.value / one.value) and ratio.stderr > 0


def test_resampling_by_the_target_density_helps(report) -> None:
    assert (
        values(report, "SIR")["iterations of a converged start, mean"]
        < values(report, "raw")["iterations of a converged start, mean"]
    )


def test_the_tree_returns_the_nearest_first(panda: RobotModel) -> None:
    rng = np.random.default_rng(0)
    tree = KdTreeStarts(panda, 3000, rng)
    poses = matrix_to_pose(panda.forward(rng.uniform(panda.lower, panda.upper, (5, 7))))
    flipped = poses * np.array([1, 1, 1, -1, -1, -1, -1])
    q = tree.propose(poses, 4, rng)
    np.testing.assert_array_equal(q, tree.propose(flipped, 4, rng))
    found = matrix_to_pose(panda.forward(q.reshape(-1, 7))).reshape(5, 4, 7)
    turn = np.minimum(
        np.linalg.norm(found[..., 3:] - poses[:, None, 3:], axis=2),
        np.linalg.norm(found[..., 3:] + poses[:, None, 3:], axis=2),
    )
    distance = np.hypot(np.linalg.norm((found - poses[:, None])[..., :3], axis=2), 0.6 * turn)
    assert (np.diff(distance, axis=1) >= 0).all()


def test_pose_errors_are_right_at_small_and_large_angles(panda: RobotModel) -> None:
    q = panda.ready[None]
    for angle in (1e-9, 1e-4, 1.0, 3.0):
        T = panda.forward(q)
        T[0, :3, :3] = T[0, :3, :3] @ pin.exp3(np.array([0.0, angle, 0.0]))
        T[0, 0, 3] += 0.25
        position, orientation = pose_errors(panda, q, T)
        assert position[0] == pytest.approx(0.25) and orientation[0] == pytest.approx(angle)


def test_a_row_that_pinocchio_refutes_does_not_count(panda: RobotModel) -> None:
    rng = np.random.default_rng(0)
    q = rng.uniform(panda.lower, panda.upper, (3, 2, 7))
    T = panda.forward(q[:, 0])  # right for the first of two starts, wrong for the second
    times = np.ones(1)
    outcome = Outcome(
        case="x",
        q=q,
        converged=np.ones((3, 2), bool),
        iterations=np.full((3, 2), 5),
        query_one=times,
        query_all=times,
        valid=np.ones((1, 2)),
        distinct_in_time=times,
    )
    rows = {row.metric: row.value for row in figures(panda, outcome, T, rng)}
    assert rows["converged rows that pinocchio refutes"] == 3
    assert rows["single start converges [%]"] == 50.0
