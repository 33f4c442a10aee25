# SPDX-License-Identifier: Apache-2.0
"""A real robot interface node: in lock-step, where tests make the time, and in real time."""

import itertools
import math
import os
import time

import numpy as np
import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PoseStamped, TwistStamped, WrenchStamped
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from std_srvs.srv import SetBool, Trigger

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.nodes.qos import latched, requests, sensor_data
from vi_ik_ros.nodes.robot.messages.conversions import (
    pose_from_msg,
    time_from_msg,
    twist_to_msg,
    wrench_from_msg,
)
from vi_ik_ros.nodes.robot.messages.scene_numbers import scene_to_numbers
from vi_ik_ros.nodes.robot.messages.status_messages import status_from_msg
from vi_ik_ros.nodes.robot_interface_node import RobotInterfaceNode
from vi_ik_ros.skills.plants.analytic_plant import AnalyticPlant
from vi_ik_ros.skills.plants.faults import FaultKind
from vi_ik_ros.skills.plants.limits import Limits
from vi_ik_ros.skills.plants.plant import PlantState, Twist
from vi_ik_ros.skills.plants.safety_gate import SafetyGate
from vi_ik_ros.skills.plants.scene import load_scene
from vi_ik_ros.srv import GoToConfiguration, ResetSimulation, StepSimulation

TIMEOUT = 20.0  # [s]
NUMBERS = itertools.count()
TOPICS = {
    "wrench": (WrenchStamped, sensor_data(1000)),
    "tcp_pose": (PoseStamped, requests(1000)),
    "joint_states": (JointState, requests(1000)),
    "status": (DiagnosticStatus, latched(100)),
    "clock": (Clock, sensor_data(1000)),
}


def twist(*linear: float, angular=(0.0, 0.0, 0.0), frame="base_link") -> Twist:
    return Twist(np.array(linear), np.array(angular), frame)


class Cell:
    """A robot interface and a user, spun while something is awaited."""

    def __init__(self, **parameters: object) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=int(os.environ["ROS_DOMAIN_ID"]))
        space = f"/robot_{os.getpid()}_{next(NUMBERS)}"
        self.executor = SingleThreadedExecutor(context=self.context)
        self.user = Node("user", context=self.context, namespace=space)
        self.heard: dict[str, list] = {name: [] for name in TOPICS}
        for name, (kind, qos) in TOPICS.items():
            self.user.create_subscription(kind, name, self.heard[name].append, qos)
        self.commands = self.user.create_publisher(TwistStamped, "cmd_twist", requests(1))
        self.clients: dict = {}
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        try:
            self.robot = RobotInterfaceNode(
                context=self.context, namespace=space, parameter_overrides=overrides
            )
        except InvalidInput:
            self.close()
            raise
        self.executor.add_node(self.robot)
        self.executor.add_node(self.user)
        self.until(lambda: self.heard["status"] and self.commands.get_subscription_count())

    def until(self, condition) -> None:
        end = time.monotonic() + TIMEOUT
        while not condition():
            assert time.monotonic() < end, "it did not happen"
            self.executor.spin_once(timeout_sec=0.05)

    def send(self, kind, name, request):
        client = self.clients.setdefault(name, self.user.create_client(kind, name))
        self.until(client.service_is_ready)
        return client.call_async(request)

    def call(self, kind, name, request):
        future = self.send(kind, name, request)
        self.until(future.done)
        return future.result()

    def trigger(self, name) -> tuple[bool, str]:
        answer = self.call(Trigger, name, Trigger.Request())
        return answer.success, answer.message

    def enable(self, on=True) -> tuple[bool, str]:
        answer = self.call(SetBool, "enable", SetBool.Request(data=on))
        return answer.success, answer.message

    def reset(self, seed=0, scene=()) -> ResetSimulation.Response:
        request = ResetSimulation.Request(seed=seed, scene=list(scene))
        return self.call(ResetSimulation, "sim/reset", request)

    def step(self, *twists: Twist, num_ticks=0) -> StepSimulation.Response:
        messages = [twist_to_msg(one, self.user.get_clock().now().to_msg()) for one in twists]
        request = StepSimulation.Request(twists=messages, num_ticks=num_ticks)
        return self.call(StepSimulation, "sim/step", request)

    def go_to(self, names, positions, speed=0.0) -> GoToConfiguration.Response:
        request = GoToConfiguration.Request(
            names=list(names), positions=list(positions), speed_scale=speed
        )
        return self.call(GoToConfiguration, "robot_interface/go_to_configuration", request)

    @property
    def status(self):
        return status_from_msg(self.heard["status"][-1])

    def told(self, state: PlantState, kind: FaultKind | None) -> None:
        """Wait for a status."""
        self.until(
            lambda: (
                self.status.state is state
                and (self.status.fault and self.status.fault.kind) == kind
            )
        )

    def close(self) -> None:
        self.context.try_shutdown()
        self.executor.shutdown()


@pytest.fixture
def make_cell():
    cells = []

    def make(**parameters) -> Cell:
        cells.append(Cell(**parameters))
        return cells[-1]

    yield make
    for cell in cells:
        cell.close()


@pytest.fixture
def cell(make_cell) -> Cell:
    """A simulation in lock-step, at the start of an episode."""
    made = make_cell(lock_step=True)
    assert made.reset(seed=3).error_msg == ""
    return made


def test_steps_over_ros_are_those_of_the_gated_plant_in_process(cell):
    gate = SafetyGate(AnalyticPlant(load_scene("screw_slot")), Limits.of(load_scene("screw_slot")))
    gate.reset(3)
    commands = [twist(0.002, 0.0, -0.004)] * 30 + [twist(0.0, 0.0, 0.3)] * 2
    answer = cell.step(*commands)
    results = [gate.tick(command) for command in commands]
    assert (answer.error_msg, answer.num_ticks) == ("", len(commands))
    expected = np.concatenate([result.wrenches for result in results])
    got = np.array([wrench_from_msg(message) for message in answer.wrenches])
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_allclose(pose_from_msg(answer.tcp_pose), results[-1].T_base_tcp, atol=1e-12)
    status = status_from_msg(answer.status)
    assert (status.state, status.saturated) == (PlantState.ACTIVE, True)


def test_every_topic_is_published_with_stamps_of_the_simulated_time(cell):
    for heard in cell.heard.values():
        heard.clear()
    answer = cell.step(*[twist(0.001, 0.0, 0.0)] * 50)
    cell.until(lambda: len(cell.heard["tcp_pose"]) == 50 and len(cell.heard["clock"]) == 50)
    cell.until(lambda: len(cell.heard["joint_states"]) == 50)
    stamps = np.array([time_from_msg(m.header.stamp) for m in cell.heard["tcp_pose"]])
    assert set(np.diff(stamps)) == {20_000_000}
    assert [time_from_msg(m.clock) for m in cell.heard["clock"]] == stamps.tolist()
    samples = np.array([time_from_msg(m.header.stamp) for m in answer.wrenches])
    assert len(samples) == 170 and np.ptp(np.diff(samples)) <= 2
    assert samples[-1] == stamps[-1]
    joints = cell.heard["joint_states"][-1]
    robot = RobotModel.load("racer5")
    assert tuple(joints.name) == robot.joint_names
    flange = robot.forward(np.array(joints.position))
    tip = pose_from_msg(cell.heard["tcp_pose"][-1])
    np.testing.assert_allclose(flange[:3, 3] + [0.0, 0.0, -0.15], tip[:3, 3], atol=1e-8)


def test_silence_holds_and_then_is_a_fault_that_stays(cell):
    cell.step(twist(0.005, 0.0, 0.0))
    held = cell.step(num_ticks=4)
    assert status_from_msg(held.status).state is PlantState.HOLD
    ended = cell.step(num_ticks=20)
    assert ended.num_ticks < 20
    assert status_from_msg(ended.status).fault.kind is FaultKind.DEADMAN
    refused = cell.step(twist(0.0, 0.0, 0.0))
    assert refused.error_code == StepSimulation.Response.REFUSED and "deadman" in refused.error_msg
    success, line = cell.enable()
    assert not success and "call clear_fault first" in line
    assert cell.trigger("clear_fault") == (True, "cleared")
    assert cell.enable() == (True, "enabled")
    assert cell.step(twist(0.0, 0.0, 0.0)).error_msg == ""


def test_a_hard_force_is_told_with_its_value_and_a_reset_of_the_simulation_clears_it(make_cell):
    cell = make_cell(lock_step=True, hard_force=6.0)
    cell.reset(seed=3)
    answer = cell.step(*[twist(0.0, 0.0, -0.01)] * 100)
    status = status_from_msg(answer.status)
    assert (status.state, status.fault.kind) == (PlantState.FAULT, FaultKind.HARD_FORCE)
    assert status.fault.is_constraint and "limit 6 N" in status.fault.message
    success, line = cell.trigger("clear_fault")
    assert not success and "hard_force" in line, "the tool still presses"
    assert cell.reset(seed=4).error_msg == ""
    assert cell.step(num_ticks=1).error_msg == ""


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (twist(math.nan, 0.0, 0.0), FaultKind.NOT_A_NUMBER),
        (twist(0.0, 0.0, 0.0, angular=(0.0, math.inf, 0.0)), FaultKind.NOT_A_NUMBER),
        (twist(0.001, 0.0, 0.0, frame="world"), FaultKind.FRAME),
        (twist(0.001, 0.0, 0.0, frame=""), FaultKind.FRAME),
    ],
)
def test_commands_that_are_none_are_faults(cell, command, kind):
    status = status_from_msg(cell.step(command).status)
    assert status.fault is not None and status.fault.kind is kind


def test_a_stop_is_latched_by_its_name(cell):
    cell.step(twist(0.005, 0.0, 0.0))
    assert cell.trigger("stop")[0]
    cell.until(lambda: cell.robot._loop.fault is not None)
    refused = cell.step(twist(0.005, 0.0, 0.0))
    assert refused.error_code == StepSimulation.Response.REFUSED
    assert "operator_stop" in refused.error_msg
    cell.told(PlantState.HOLD, FaultKind.OPERATOR_STOP)
    for name in ("go_start", "tare"):
        success, line = cell.trigger(name)
        assert not success and line.startswith(f"{name}: got operator_stop")
    assert cell.trigger("clear_fault") == (True, "cleared")
    assert cell.trigger("go_start")[0]


def tare_while(cell, *commands) -> tuple[bool, str]:
    """Call tare, and let time pass until it answers."""
    future = cell.send(Trigger, "tare", Trigger.Request())
    cell.until(lambda: cell.robot._procedures.busy == "tare")
    for _ in range(4):
        if not future.done():
            cell.step(*commands, num_ticks=0 if commands else 20)
    cell.until(future.done)
    return future.result().success, future.result().message


def test_a_tare_makes_the_mean_of_a_second_zero(make_cell):
    cell = make_cell(lock_step=True)
    numbers = scene_to_numbers(load_scene("screw_slot"))
    assert cell.reset(1, numbers).error_msg == ""
    success, line = tare_while(cell)
    assert success and line.startswith("zero at 0.0")
    assert np.linalg.norm(cell.robot._loop.tared.bias[:3]) < 0.2


def test_a_tare_of_a_moving_or_loaded_tool_is_refused_with_the_value(cell):
    success, line = tare_while(cell, *[twist(0.002, 0.0, 0.0)] * 20)
    assert not success and line.startswith("tare: travel [m]: got")
    cell.reset(seed=3)
    cell.step(*[twist(0.0, 0.0, -0.005)] * 50, *[twist(0.0, 0.0, 0.0)] * 60)
    assert cell.enable(False) == (True, "held")
    success, line = tare_while(cell)
    assert not success and line.startswith("tare: mean force [N]: got"), line
    assert not cell.robot._loop.tared.bias.any()


def test_a_configuration_becomes_the_beginning_of_an_episode(cell):
    robot = RobotModel.load("racer5")
    names, ready = robot.joint_names, robot.ready
    q = ready + [0.02, 0.0, 0.01, 0.0, 0.01, 0.03]
    answer = cell.go_to(reversed(names), reversed(q.tolist()))
    assert (answer.error_code, answer.error_msg) == (answer.NONE, "")
    cell.heard["joint_states"].clear()
    cell.step(num_ticks=1)
    cell.until(lambda: cell.heard["joint_states"])
    np.testing.assert_allclose(cell.heard["joint_states"][-1].position, q, atol=1e-7)


def test_a_posture_that_an_arm_was_sent_to_is_kept_by_resets_that_start_there(cell):
    robot = RobotModel.load("racer5")
    turned = robot.ready + [0.0, 0.0, 0.0, np.pi, -np.pi, np.pi]  # the wrist, not the flange

    def posture() -> np.ndarray:
        cell.heard["joint_states"].clear()
        cell.step(num_ticks=1)
        cell.until(lambda: cell.heard["joint_states"])
        return np.array(cell.heard["joint_states"][-1].position)

    assert cell.go_to(robot.joint_names, turned).error_msg == ""
    assert cell.reset(seed=5).error_msg == ""
    np.testing.assert_allclose(posture(), turned, atol=1e-6)
    assert cell.go_to(robot.joint_names, robot.ready + 0.02).error_msg == ""
    assert cell.reset(seed=5).error_msg == ""  # The episodes do not start there.
    np.testing.assert_allclose(posture(), robot.ready, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"names": ["joint_1"], "positions": [0.0]}, "names: got joint_1, expected each of"),
        ({"positions": [0.0]}, "positions: got 1 numbers, expected one for each of 6"),
        ({"positions": [0.0, 9.0, -1.5, 0.0, 1.5, 0.0]}, "positions of joint_2: got 9.0"),
        ({"positions": [math.nan, 0.0, -1.5, 0.0, 1.5, 0.0]}, "positions of joint_1: got nan"),
        ({"positions": [1.0, 0.0, -1.57, 0.0, 1.57, 0.0]}, "inside of the workspace"),
        ({"speed": 1.5}, "speed_scale: got 1.5, expected above 0, at most 1"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused_with_the_field(cell, change, line):
    robot = RobotModel.load("racer5")
    answer = cell.go_to(**{"names": robot.joint_names, "positions": robot.ready, **change})
    assert answer.error_code == answer.INVALID_REQUEST and line in answer.error_msg


def test_bad_calls_of_the_simulation_are_refused_with_the_field(make_cell):
    cell = make_cell(lock_step=True)
    early = cell.step(num_ticks=1)
    assert early.error_code == early.REFUSED and "sim/reset before" in early.error_msg
    bad = cell.reset(0, [1.0, 2.0])
    assert bad.error_code == bad.INVALID_REQUEST and "scene: got 2 numbers" in bad.error_msg
    numbers = scene_to_numbers(load_scene("screw_slot"))
    numbers[numbers.index(50.0)] = 85.0
    bad = cell.reset(0, numbers)
    assert bad.error_code == bad.INVALID_REQUEST and "scene.control_rate: got 85" in bad.error_msg
    cell.reset()
    for count in (0, 10**6):
        answer = cell.step(num_ticks=count)
        assert answer.error_code == answer.INVALID_REQUEST and "num_ticks" in answer.error_msg


@pytest.mark.parametrize(
    ("parameters", "line"),
    [
        ({"use_sim_time": True}, "parameter use_sim_time: got True, expected false"),
        ({"backend": "gazebo"}, "parameter backend: got gazebo"),
        ({"hard_force": -1.0}, "parameter hard_force: got -1.0"),
        ({"deadman_after": 0.01}, "limits.deadman_after: got 0.01"),
    ],
)
def test_parameters_that_cannot_be_are_refused(make_cell, parameters, line):
    with pytest.raises(InvalidInput, match=line):
        make_cell(**parameters)


@pytest.mark.parametrize("backend", ["analytic", "mujoco"])
def test_in_real_time_commands_count_once_they_are_enabled(make_cell, backend):
    cell, diagnostics = make_cell(backend=backend), []
    cell.user.create_subscription(DiagnosticArray, "/diagnostics", diagnostics.append, 10)
    poses = cell.heard["tcp_pose"]
    command = twist_to_msg(twist(0.01, 0.0, 0.0), cell.user.get_clock().now().to_msg())

    def drive(ticks):
        end = len(poses) + ticks
        while len(poses) < end:
            now = len(poses)
            cell.commands.publish(command)
            cell.until(lambda now=now: len(poses) > now)
        return pose_from_msg(poses[-1])[0, 3]

    x = drive(10)
    assert cell.status.state is PlantState.READY and not cell.status.enabled
    assert drive(5) == x, "not enabled"
    assert cell.step(num_ticks=1).error_code == StepSimulation.Response.REFUSED
    assert cell.enable() == (True, "enabled")
    count, first = len(cell.heard["wrench"]), len(poses)
    assert drive(50) - x == pytest.approx(0.01, abs=2e-3)
    cell.told(PlantState.ACTIVE, None)
    per_tick = (len(cell.heard["wrench"]) - count) / (len(poses) - first)
    assert per_tick == pytest.approx(3.4, abs=0.3)
    refused = cell.reset()
    assert refused.error_code == refused.REFUSED and "enable false" in refused.error_msg
    assert cell.enable(False) == (True, "held")
    cell.told(PlantState.HOLD, None)
    cell.until(lambda: any(m.status[0].name.endswith("robot_interface") for m in diagnostics))
    assert cell.reset(seed=1).error_msg == ""


def test_in_real_time_silence_becomes_a_fault(make_cell):
    cell = make_cell()
    assert cell.enable()[0]
    cell.commands.publish(twist_to_msg(twist(0.01, 0.0, 0.0), cell.user.get_clock().now().to_msg()))
    cell.told(PlantState.ACTIVE, None)
    cell.told(PlantState.FAULT, FaultKind.DEADMAN)
    states = [status_from_msg(message).state for message in cell.heard["status"]]
    assert PlantState.HOLD in states[states.index(PlantState.ACTIVE) :]
