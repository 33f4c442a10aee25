# SPDX-License-Identifier: Apache-2.0
"""A real trainer node, real trainings, and a real sampler beside it."""

import itertools
import math
import os
import time
from pathlib import Path

import numpy as np
import pytest
import rclpy
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.msg import Demonstrations, ModelInfo, ObjectiveSet, TrainingStatus
from vi_ik_ros.nodes.qos import latched, requests
from vi_ik_ros.nodes.sampler_node import SamplerNode
from vi_ik_ros.nodes.trainer_node import TrainerNode
from vi_ik_ros.nodes.training.objective_messages import document_from_msg, objectives_to_msg
from vi_ik_ros.sampling.experts.yaml_document import read_yaml
from vi_ik_ros.srv import LearnObjectives, SampleConfigurations

pytestmark = pytest.mark.usefixtures("warm_workers")
TIMEOUT = 60.0  # [s]
LINE = read_yaml(Path(__file__).parents[2] / "config" / "objectives" / "planar2_line.yaml")
FINAL = range(TrainingStatus.DONE, TrainingStatus.FAILED + 1)
NUMBERS = itertools.count()


class Cell:
    """A trainer, samplers on the same store, and a user, spun while something is awaited."""

    def __init__(self, root: Path, num_samplers: int = 0) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=int(os.environ["ROS_DOMAIN_ID"]))
        self.space = f"/cell_{os.getpid()}_{next(NUMBERS)}"
        self.executor = SingleThreadedExecutor(context=self.context)
        store = {"model_store": str(root / "models")}
        self.trainer = self.add(TrainerNode, work_directory=str(root / "trainer"), nice=0, **store)
        topic = {"models_topic": f"{self.space}/trainer/models", "check_period": 3600.0}
        for index in range(num_samplers):
            self.add(
                SamplerNode, f"{self.space}/at_{index}", default_model="line", **topic, **store
            )
        self.user = Node("user", context=self.context, namespace=self.space)
        self.executor.add_node(self.user)
        self.statuses: list[TrainingStatus] = []
        self.infos: dict[str, ModelInfo] = {}
        self.hear(TrainingStatus, "trainer/status", self.statuses.append, latched(16))
        self.hear(
            ModelInfo, "trainer/models", lambda m: self.infos.update({m.name: m}), latched(256)
        )
        self._out = self.user.create_publisher(ObjectiveSet, "trainer/objectives", requests())
        self.until(lambda: self._out.get_subscription_count() and self.statuses)

    def add(self, kind, namespace=None, **parameters):
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        node = kind(
            context=self.context,
            namespace=namespace or self.space,
            parameter_overrides=overrides,
        )
        self.executor.add_node(node)
        return node

    def hear(self, kind, topic, callback, qos) -> None:
        self.user.create_subscription(kind, topic, callback, qos)

    def until(self, condition) -> None:
        end = time.monotonic() + TIMEOUT
        while not condition():
            assert time.monotonic() < end, f"it did not happen: {self.statuses[-1:]}"
            self.executor.spin_once(timeout_sec=0.05)

    def call(self, kind, name, request):
        client = self.user.create_client(kind, name)
        self.until(client.service_is_ready)
        future = client.call_async(request)
        self.until(future.done)
        return future.result()

    def publish(self, stamp=1, document=LINE, model="line", **options) -> None:
        message = objectives_to_msg(document, model=model, stamp=Time(sec=stamp), **options)
        self._out.publish(message)

    def of(self, stamp) -> list[TrainingStatus]:
        return [status for status in self.statuses if status.set_stamp.sec == stamp]

    def train(self, stamp=1, **told) -> TrainingStatus:
        self.publish(stamp, **told)
        return self.ends(stamp)

    def serves(self, sampler: int, digest: str) -> None:
        self.until(lambda: self.sample(sampler).model_digest == digest)

    def ends(self, stamp: int) -> TrainingStatus:
        self.until(lambda: self.of(stamp) and self.of(stamp)[-1].state in FINAL)
        return self.of(stamp)[-1]

    def sample(self, sampler=0, **fields) -> SampleConfigurations.Response:
        request = SampleConfigurations.Request(num_samples=20, seed=1, **fields)
        return self.call(SampleConfigurations, f"at_{sampler}/sampler/sample", request)

    def close(self) -> None:
        self.trainer.close()
        self.executor.shutdown()
        self.context.try_shutdown()


@pytest.fixture
def make_cell(tmp_path):
    cells = []

    def make(num_samplers: int = 0) -> Cell:
        if cells:
            cells[-1].close()
        cells.append(Cell(tmp_path, num_samplers))
        return cells[-1]

    yield make
    cells[-1].close()


@pytest.mark.slow
def test_published_objectives_become_samples_of_two_samplers(make_cell):
    cell = make_cell(num_samplers=2)
    first = cell.train(family="gaussian", num_components=6, steps=60)
    assert (first.state, first.error_code) == (TrainingStatus.DONE, TrainingStatus.NONE)
    assert first.family == "gaussian" and first.device == "cpu" and first.progress == 1.0
    assert first.num_components > 0 and math.isfinite(first.score)
    cell.until(lambda: "line" in cell.infos)
    assert cell.infos["line"].digest == first.digest
    for sampler in (0, 1):
        cell.serves(sampler, first.digest)
        q = np.array(cell.sample(sampler).positions).reshape(-1, 2)
        y = RobotModel.load("planar2").forward(q)[:, 1, 3]
        assert np.abs(y - 1.0).mean() < 0.3
    second = cell.train(stamp=2, family="gaussian", num_components=9, steps=60, force=True)
    assert second.state == TrainingStatus.DONE and second.digest != first.digest
    for sampler in (0, 1):
        cell.serves(sampler, second.digest)
    states = [status.state for status in cell.of(1)]
    assert sorted(states) == states, "a status that is repeated comes before the next state"


@pytest.mark.slow
def test_status_and_diagnostics_come_while_it_trains_and_cancel_ends_it(make_cell):
    cell, diagnostics = make_cell(), []
    cell.hear(DiagnosticArray, "/diagnostics", diagnostics.append, 10)
    cell.publish(family="gaussian", num_components=10, steps=10**6)
    cell.until(lambda: cell.of(1) and cell.of(1)[-1].state == TrainingStatus.TRAINING)
    before, began = len(cell.statuses), time.monotonic()
    cell.until(lambda: cell.statuses[-1].step > 10 and time.monotonic() > began + 1.0)
    assert len(cell.statuses) - before >= 2.0 * (time.monotonic() - began) - 1.0
    status = cell.statuses[-1]
    assert 0.0 < status.progress < 1.0 and status.elapsed > 0.0 and status.seconds_left > 0.0
    assert status.figure_names and len(status.figure_names) == len(status.figure_values)
    answer = cell.call(Trigger, "trainer/cancel", Trigger.Request())
    assert answer.success and answer.message == "cancelled line"
    cell.until(lambda: cell.of(1)[-1].state == TrainingStatus.CANCELLED)
    answer = cell.call(Trigger, "trainer/cancel", Trigger.Request())
    assert not answer.success and "nothing" in answer.message
    cell.until(lambda: any("training line" in m.status[0].message for m in diagnostics))
    assert "line" not in cell.infos


@pytest.mark.slow
def test_bad_sets_are_refused_by_field_and_the_node_goes_on(make_cell):
    cell = make_cell()
    cell.publish(stamp=1, model="no/path")
    cell.publish(stamp=2, num_components=10**6)
    cell.publish(stamp=3, time_limit=1e300)
    contradiction = objectives_to_msg(LINE, model="line", stamp=Time(sec=4))
    contradiction.objectives[1].density.lower = [0.0]  # beside lower_joint_limits
    cell._out.publish(contradiction)
    unknown = {**LINE, "robot": "planar22"}
    cell.publish(stamp=5, document=unknown)
    words = {
        1: "model: got no/path",
        2: "num_components: got 1000000",
        3: "time_limit: got 1e+300",
        4: "objectives[1].density.lower",
        5: "robot: got planar22",
    }
    for stamp, text in words.items():
        status = cell.ends(stamp)
        assert status.state == TrainingStatus.REFUSED
        assert text in status.message and "expected" in status.message
        assert status.error_code in (
            TrainingStatus.INVALID_OBJECTIVES,
            TrainingStatus.INVALID_SETTINGS,
        )
    assert cell.train(stamp=6, family="gaussian", steps=3).state == TrainingStatus.DONE


@pytest.mark.slow
def test_demonstrations_become_objectives_and_survive_a_restart(make_cell):
    cell, recorded, learned = make_cell(), [], []
    robot = RobotModel.load("planar2")
    cell.hear(Demonstrations, "trainer/recorded", recorded.append, latched())
    cell.hear(ObjectiveSet, "trainer/learned_objectives", learned.append, latched())
    rng = np.random.default_rng(0)
    q = rng.uniform(robot.lower, robot.upper, (40_000, 2))
    q = q[np.abs(robot.forward(q)[:, 1, 3] - 0.7) < 0.05][:60]
    out = cell.user.create_publisher(JointState, "trainer/demonstrations", 100)
    cell.until(out.get_subscription_count)
    for row in q:
        out.publish(JointState(name=list(robot.joint_names), position=row.tolist()))
        cell.executor.spin_once(timeout_sec=0.05)
    cell.until(lambda: recorded and recorded[-1].num_received == len(q))
    assert recorded[-1].num_recorded + recorded[-1].num_duplicates == len(q)
    known = recorded[-1].num_recorded
    cell = make_cell()
    cell.hear(ObjectiveSet, "trainer/learned_objectives", learned.append, latched())
    density = {"type": "normal"}
    document = {**LINE, "objectives": [{**LINE["objectives"][0], "density": density}]}
    document["objectives"].append(LINE["objectives"][1])
    request = LearnObjectives.Request(
        objectives=objectives_to_msg(document, model="line", num_components=4, steps=3),
        max_steps=15,
        train=True,
    )
    answer = cell.call(LearnObjectives, "trainer/learn_objectives", request)
    assert (answer.error_code, answer.error_msg) == (answer.NONE, "")
    assert answer.num_demonstrations == known
    assert sorted(answer.names) == ["tip_on_line.mean", "tip_on_line.std"]
    assert math.isnan(answer.held_out)
    mean = document_from_msg(answer.objectives)["objectives"][0]["density"]["mean"]
    assert np.allclose(mean, 0.7, atol=0.02)
    cell.until(lambda: learned)
    assert learned[-1].objectives == answer.objectives.objectives
    stamp = answer.objectives.stamp.sec
    cell.until(lambda: cell.of(stamp) and cell.of(stamp)[-1].state == TrainingStatus.DONE)
    assert cell.call(Trigger, "trainer/clear_demonstrations", Trigger.Request()).success
    answer = cell.call(LearnObjectives, "trainer/learn_objectives", request)
    assert answer.error_code == answer.INVALID_DEMONSTRATIONS
    assert "demonstrations: got 0 of planar2" in answer.error_msg


@pytest.mark.slow
def test_a_trainer_that_does_not_start_gives_its_directory_free(tmp_path):
    context = Context()
    rclpy.init(context=context, domain_id=int(os.environ["ROS_DOMAIN_ID"]))
    told = {"model_store": str(tmp_path / "models"), "work_directory": str(tmp_path / "trainer")}
    overrides = [Parameter(name, value=value) for name, value in told.items()]
    in_the_way = tmp_path / "trainer" / "work"
    in_the_way.parent.mkdir()
    in_the_way.touch()
    with pytest.raises(InvalidInput, match="work_directory"):
        TrainerNode(context=context, parameter_overrides=overrides)
    in_the_way.unlink()
    TrainerNode(context=context, parameter_overrides=overrides).close()
    context.try_shutdown()
