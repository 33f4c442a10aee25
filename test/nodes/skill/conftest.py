# SPDX-License-Identifier: Apache-2.0
"""A skill node and a robot interface node over real DDS, and a client of the former."""

import itertools
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter

from vi_ik_ros.action import LearnSkill, RunEpisode
from vi_ik_ros.nodes.qos import latched
from vi_ik_ros.nodes.robot_interface_node import RobotInterfaceNode
from vi_ik_ros.nodes.skill.skill_client import SkillClient
from vi_ik_ros.nodes.skill_node import SkillNode

TOUCH = str(Path(__file__).with_name("touch.yaml"))
TIMEOUT = 20.0  # [s]
# A machine that runs other tests as well lets control periods wait.
PATIENT_ROBOT = {"hold_after": 1.0, "deadman_after": 5.0, "wrench_age": 2.0, "pose_age": 2.0}
PATIENT_SKILL = {"pose_timeout": 1.0, "wrench_timeout": 1.0}
NUMBERS = itertools.count()


class Spun:
    """A node in a context of its own, spun by a thread of its own."""

    def __init__(self, make: Callable[..., Node], **options: object) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=int(os.environ["ROS_DOMAIN_ID"]))
        self.node = make(context=self.context, **options)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._spin)
        self._thread.start()

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            pass

    def end(self) -> None:
        self._executor.shutdown()
        self._thread.join(TIMEOUT)
        self.context.try_shutdown()


class Bench:
    """A skill node with a robot, and a client that keeps what the node says."""

    def __init__(self, robot: dict | None, **parameters: object) -> None:
        self.space = f"/skill_{os.getpid()}_{next(NUMBERS)}"
        self.robot = None if robot is None else self._start(RobotInterfaceNode, robot)
        self._skill = self._start(SkillNode, {"default_skill": TOUCH, **parameters})
        self.client = SkillClient(f"{self.space}/skill", int(os.environ["ROS_DOMAIN_ID"]))
        assert self.client.wait(TIMEOUT)
        self.feedback: list[RunEpisode.Feedback] = []
        self.learned: list[LearnSkill.Feedback] = []
        self.heard: dict[str, list] = {}
        self.hear(DiagnosticStatus, "~/status", latched(8))
        self.until(lambda: self.heard["~/status"])

    def _start(self, make: Callable[..., Node], parameters: dict) -> Spun:
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        return Spun(make, namespace=self.space, parameter_overrides=overrides)

    def hear(self, kind: type, name: str, qos: object) -> list:
        full = name.replace("~", self.client.server) if "~" in name else f"{self.space}/{name}"
        kept = self.heard[name] = []
        self.client._node.create_subscription(kind, full, kept.append, qos)
        return kept

    def until(self, condition: Callable[[], object]) -> None:
        assert self.client._until(lambda: bool(condition()), TIMEOUT), "it did not happen"

    @property
    def status(self) -> dict[str, str]:
        message = self.heard["~/status"][-1]
        values = {pair.key: pair.value for pair in message.values}
        return values | {"level": message.level, "message": message.message}

    def run(self, parameters: dict, **options: object):
        keep = self.feedback.append
        return self.client.run_episode(
            parameters=parameters, on_primitive=keep, timeout=TIMEOUT, **options
        )

    def send(self, parameters: dict, stopping: Callable[[], bool] = lambda: False, **fields):
        goal = RunEpisode.Goal(
            parameter_names=list(parameters), parameters=list(parameters.values()), **fields
        )
        keep = self.feedback.append
        return self.client.send(goal, on_primitive=keep, stopping=stopping, timeout=TIMEOUT)

    def learn(self, stopping: Callable[[], bool] = lambda: False, **fields) -> LearnSkill.Result:
        goal = LearnSkill.Goal(**{"method": "sobol", "num_episodes": 3, **fields})
        keep = self.learned.append
        return self.client.send_learning(
            goal, on_feedback=keep, stopping=stopping, timeout=4 * TIMEOUT
        )

    def once_moving(self, act: Callable[[], None]) -> Callable[[], bool]:
        """Return what `stopping` can be: it acts once when the tool moves, and never stops."""
        done: list[bool] = []

        def ask() -> bool:
            if self.feedback and not done:
                done.append(True)
                act()
            return False

        return ask

    def close(self) -> None:
        self.client.close()
        for one in (self._skill, self.robot):
            if one is not None:
                one.end()


@pytest.fixture
def make_bench() -> Iterator[Callable[..., Bench]]:
    benches = []

    def make(robot: dict | None = None, **parameters: object) -> Bench:
        benches.append(Bench(PATIENT_ROBOT | (robot or {}), **(PATIENT_SKILL | parameters)))
        return benches[-1]

    yield make
    for bench in benches:
        bench.close()


@pytest.fixture(scope="module")
def lonely() -> Iterator[Bench]:
    """A skill node without a robot."""
    bench = Bench(None)
    yield bench
    bench.close()
