# SPDX-License-Identifier: Apache-2.0
"""A skill's end of the topics, with real robot interface nodes at the other one."""

import itertools
import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rclpy
import yaml
from geometry_msgs.msg import WrenchStamped
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.context import Context
from rclpy.executors import (
    ExternalShutdownException,
    MultiThreadedExecutor,
    SingleThreadedExecutor,
)
from rclpy.node import Node
from rclpy.parameter import Parameter
from std_srvs.srv import Trigger

from vi_ik_ros.benchmarks.fake_controller.fake_controller import FakeController
from vi_ik_ros.exceptions import InvalidInput, NoAnswer
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.nodes.processes.private_robot_interface import PrivateRobotInterface
from vi_ik_ros.nodes.robot.backends.comau_file import load_comau_file
from vi_ik_ros.nodes.robot.client.round_trip import delay_ticks
from vi_ik_ros.nodes.robot_interface_node import RobotInterfaceNode
from vi_ik_ros.nodes.topic_plant import TopicPlant
from vi_ik_ros.skills.plants.faults import FaultKind
from vi_ik_ros.skills.plants.plant import PlantState, Twist
from vi_ik_ros.skills.plants.scene import load_scene
from vi_ik_ros.srv import GoToConfiguration

NUMBERS = itertools.count()
# This machine may be loaded: what ends an episode in silence is tested elsewhere.
PATIENT = {"hold_after": 1.0, "deadman_after": 5.0, "wrench_age": 2.0, "pose_age": 2.0}
CELL = Path(__file__).parents[2] / "config" / "comau_cell.yaml"


def twist(*linear: float) -> Twist:
    return Twist(np.array(linear), np.zeros(3))


class Bench:
    """A robot and a user, each spun by a thread of its own; the plant is the user's."""

    def __init__(self, **parameters: object) -> None:
        self._ends = []
        self.space = f"/bench_{os.getpid()}_{next(NUMBERS)}"
        told = {**PATIENT, **parameters}
        overrides = [Parameter(name, value=value) for name, value in told.items()]
        self.robot = self.start(RobotInterfaceNode, parameter_overrides=overrides)
        self.user = self.start(Node, "user")
        self.plant = TopicPlant(self.user, pose_timeout=2.0, wrench_timeout=2.0)

    def start(self, kind, *words, executor_kind=SingleThreadedExecutor, **options) -> Node:
        context = Context()
        rclpy.init(context=context, domain_id=int(os.environ["ROS_DOMAIN_ID"]))
        node = kind(*words, context=context, namespace=self.space, **options)
        executor = executor_kind(context=context)
        executor.add_node(node)

        def spin():
            try:
                executor.spin()
            except ExternalShutdownException:
                pass

        thread = threading.Thread(target=spin)
        thread.start()
        self._ends.append((executor, context, thread))
        return node

    def run(self, ticks: int, command: Twist | None):
        for _ in range(ticks):
            result = self.plant.tick(command)
        return result

    def until_fault(self, command: Twist | None):
        for _ in range(500):
            result = self.plant.tick(command)
            if result.faults:
                return result
        raise AssertionError("no fault")

    def call(self, kind, name, request):
        client, done = self.user.create_client(kind, name), threading.Event()
        assert client.wait_for_service(10.0)
        future = client.call_async(request)
        future.add_done_callback(lambda _: done.set())
        assert done.wait(20.0), "no answer"
        return future.result()

    def end_robot(self) -> None:
        executor, context, thread = self._ends.pop(0)
        executor.shutdown()
        thread.join(10.0)
        context.try_shutdown()

    def close(self) -> None:
        while self._ends:
            self.end_robot()


@pytest.fixture
def make_bench():
    benches = []

    def make(**parameters) -> Bench:
        benches.append(Bench(**parameters))
        return benches[-1]

    yield make
    for bench in benches:
        bench.close()


def test_the_arriving_pose_is_the_clock_and_nothing_is_lost(make_bench):
    bench = make_bench()
    first = bench.plant.reset(seed=5, scene=load_scene("screw_slot"))
    assert (first.faults, first.time) == ((), 0.0)
    np.testing.assert_allclose(first.T_base_tcp[:3, 3], [0.43, 0.0, 0.56], atol=1e-9)
    results = [bench.plant.tick(twist(0.004, 0.0, 0.0)) for _ in range(60)]
    assert results[-1].state is PlantState.ACTIVE and results[-1].faults == ()
    ticks = 60 + bench.plant.missed_ticks  # that passed at the robot: this machine may be loaded
    assert results[-1].time >= (ticks - 0.5) * 0.02, "a first stamp may be late"
    assert sum(len(result.wrenches) for result in results) == pytest.approx(3.4 * ticks, rel=0.1)
    times = np.concatenate([result.wrench_times for result in results])
    assert np.diff(times).min() > 0.005, "samples have times of their own"
    moved = results[-1].T_base_tcp[0, 3] - 0.43
    assert moved == pytest.approx(ticks * 0.02 * 0.004, rel=0.06)


@pytest.mark.parametrize("delay", [0, 3])
def test_the_delay_of_the_robot_is_measured_on_the_way(make_bench, tmp_path, delay):
    scene = replace(load_scene("screw_slot"), delay_ticks=delay, control_rate=10)
    file = tmp_path / "slow.yaml"  # periods that a loaded machine keeps
    file.write_text(yaml.safe_dump(scene.plain()))
    plant = make_bench(scene=str(file)).plant
    plant.reset(seed=0)
    assert plant.round_trip is None and plant.control_period == pytest.approx(0.1)
    for _ in range(14):
        plant.tick(twist(0.006, 0.0, 0.003))
    assert plant.missed_ticks == 0
    measured = delay_ticks(plant.round_trip, scene.servo, plant.control_period)
    assert measured in (delay, delay + 1), "a command may come after the period it was meant for"


def test_the_same_seed_gives_the_same_plate_and_another_one_another(make_bench):
    bench = make_bench()
    places = []
    for seed in (1, 1, 2):
        bench.plant.reset(seed)
        places.append(bench.robot._backend.plant.drawn_scene.plate.pose)
        bench.plant.stop()
    assert places[0] == places[1] != places[2]


def test_saturation_and_faults_of_the_gate_reach_the_skill(make_bench):
    bench = make_bench(hard_force=8.0)
    bench.plant.reset(seed=0)
    bench.run(5, twist(0.3, 0.0, 0.0))
    assert bench.plant.tick(twist(0.3, 0.0, 0.0)).saturated
    result = bench.until_fault(twist(0.0, 0.0, -0.01))
    fault = result.faults[0]
    assert (fault.kind, result.state) == (FaultKind.HARD_FORCE, PlantState.FAULT)
    assert fault.is_constraint and "limit 8 N" in fault.message
    again = bench.plant.reset(seed=0)
    assert again.faults == (), "a reset of a simulation clears it"
    assert bench.run(5, twist(0.0, 0.0, 0.001)).faults == ()


def test_an_operators_stop_is_named_and_a_stop_of_the_plant_is_none(make_bench):
    bench = make_bench()
    bench.plant.reset(seed=0)
    bench.run(5, twist(0.002, 0.0, 0.0))
    bench.plant.stop()
    held = bench.run(15, None)
    assert held.faults == () and held.state is PlantState.HOLD
    bench.plant.reset(seed=0)
    assert bench.call(Trigger, "stop", Trigger.Request()).success
    result = bench.until_fault(twist(0.002, 0.0, 0.0))
    assert result.faults[0].kind is FaultKind.OPERATOR_STOP
    assert not result.faults[0].is_constraint
    bench.plant.clear_fault()
    assert bench.plant.status.fault is None


def test_a_robot_that_has_gone_is_a_fault_and_nothing_hangs(make_bench):
    bench = make_bench()
    bench.plant.reset(seed=0)
    bench.end_robot()
    result = bench.until_fault(twist(0.001, 0.0, 0.0))
    assert result.faults[0].kind in (FaultKind.TRANSPORT, FaultKind.STALE_POSE)
    assert result.state is PlantState.FAULT and np.isfinite(result.T_base_tcp).all()


def test_no_robot_at_all_and_no_seed_are_told_at_once(make_bench):
    bench = make_bench()
    with pytest.raises(NoAnswer, match="no status"):
        TopicPlant(bench.user, "/nowhere").connect(timeout=0.2)
    with pytest.raises(InvalidInput, match="seed: got -1"):
        bench.plant.reset(-1)


def test_whoever_waits_in_the_thread_that_hears_is_told(make_bench):
    bench, told, done = make_bench(), [], threading.Event()
    bench.plant.reset(seed=0)

    def tick():
        try:
            for _ in range(100):  # poses may wait already
                bench.plant.tick(None)
        except RuntimeError as error:
            told.append(str(error))
        done.set()

    timer = bench.user.create_timer(0.01, tick)
    assert done.wait(10.0)
    timer.cancel()
    assert told and "must not be the thread" in told[0]


def test_a_callback_of_an_executor_with_several_threads_may_wait(make_bench):
    bench, results, done = make_bench(), [], threading.Event()
    node = bench.start(Node, "several", executor_kind=MultiThreadedExecutor)
    plant = TopicPlant(node, pose_timeout=2.0, wrench_timeout=2.0)

    def episode():
        timer.cancel()
        plant.reset(seed=0)
        results.extend(plant.tick(twist(0.001, 0.0, 0.0)) for _ in range(30))
        done.set()

    timer = node.create_timer(0.01, episode, callback_group=MutuallyExclusiveCallbackGroup())
    assert done.wait(10.0)
    assert results[-1].faults == () and results[-1].state is PlantState.ACTIVE


@pytest.mark.slow
def test_a_node_as_a_process_ends_cleanly():
    with PrivateRobotInterface({"backend": "mujoco"}) as robot:
        assert robot.client.wait(1.0)
    assert robot.exit_code == 0
    with pytest.raises(NoAnswer, match="parameter backend: got gazebo"):
        with PrivateRobotInterface({"backend": "gazebo"}):
            pass


class FakeRobot:
    """A COMAU cell in real time: a controller, and a force sensor at 170 Hz."""

    def __init__(self, folder: Path) -> None:
        self.fake = FakeController(load_comau_file(CELL))
        self.fake.programs.path_rest = 0.2
        self.fake.programs.path_time = 0.5
        values = yaml.safe_load(CELL.read_text("utf-8"))
        values |= {f"{name}_port": port for name, port in self.fake.ports.items()}
        values |= {"pose_timeout": 2.0, "max_lag": 0.1, "controller_clock": 0.0}  # see PATIENT
        self.file = folder / "cell.yaml"
        self.file.write_text(yaml.safe_dump(values))
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self, bench: Bench) -> None:
        self.out = bench.user.create_publisher(WrenchStamped, "force_torque_sensor", 50)
        self._thread.start()

    def _run(self) -> None:
        begin, sample = time.monotonic() - self.fake.now(), 0.0
        while not self._ends.wait(0.005):
            self.fake.wait(max(0.0, time.monotonic() - begin - self.fake.now()))
            while sample < self.fake.now():
                sample += 1.0 / 170.0
                self.out.publish(WrenchStamped())

    def close(self) -> None:
        self._ends.set()
        self._thread.join(10.0)
        self.fake.close()


@pytest.fixture
def comau(make_bench, tmp_path):
    """A robot interface in front of a fake COMAU controller that stands a little off its start."""
    robot = FakeRobot(tmp_path)
    arm = RobotModel.load("racer5")
    robot.fake.programs.q = arm.ready + [0.0, 0.005, 0.0, 0.0, 0.0, 0.0]
    bench = make_bench(backend="comau", comau_file=str(robot.file))
    bench.fake = robot.fake
    robot.start(bench)
    yield bench
    robot.close()


@pytest.mark.slow
def test_an_arm_goes_to_its_start_is_tared_and_follows_commands(comau):
    first = comau.plant.reset(seed=0)
    assert first.faults == ()
    start = [0.43, 0.0, 0.56]
    np.testing.assert_allclose(first.T_base_tcp[:3, 3], start, atol=1e-3)
    comau.run(100, twist(0.0, 0.0, 0.01))
    result = comau.run(20, twist(0.0, 0.0, 0.0))
    assert result.faults == () and result.state is PlantState.ACTIVE
    # The controller's one mailbox loses a message now and then.
    assert result.T_base_tcp[2, 3] - start[2] == pytest.approx(0.02, rel=0.15)
    status = comau.plant.status
    assert (status.backend, status.drive_on, status.error_bits) == ("comau", True, 0)
    comau.plant.stop()
    assert comau.run(20, None).faults == ()


@pytest.mark.slow
def test_an_arm_goes_to_a_configuration_and_a_stop_breaks_its_path_off(comau):
    comau.plant.reset(seed=0)
    arm, bench = RobotModel.load("racer5"), comau
    comau.plant.stop()
    q = arm.ready + [0.01, 0.0, 0.0, 0.0, 0.0, 0.0]
    request = GoToConfiguration.Request(
        names=list(arm.joint_names), positions=q.tolist(), speed_scale=0.05
    )
    name = "robot_interface/go_to_configuration"
    answer = bench.call(GoToConfiguration, name, request)
    assert (answer.error_code, answer.error_msg) == (answer.NONE, "")
    np.testing.assert_allclose(comau.fake.programs.q, q, atol=1e-4)
    assert bench.plant._client.inbox.wait_status(lambda s: not s.busy, 5.0)
    comau.fake.programs.path_time = 30.0
    answers, done = [], threading.Event()

    def travel():
        answers.append(bench.call(GoToConfiguration, name, request))
        done.set()

    threading.Thread(target=travel).start()
    assert bench.plant._client.inbox.wait_status(lambda s: s.busy != "", 5.0).busy
    assert bench.call(Trigger, "stop", Trigger.Request()).success
    assert done.wait(10.0)
    assert answers[0].error_code == answers[0].FAULT
    assert "operator_stop" in answers[0].error_msg
    refused = bench.call(Trigger, "go_start", Trigger.Request())
    assert not refused.success and "clear_fault first" in refused.message
