# SPDX-License-Identifier: Apache-2.0
import itertools
import os
from pathlib import Path

import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.msg import ModelInfo
from vi_ik_ros.nodes.qos import latched
from vi_ik_ros.nodes.sampler_node import SamplerNode
from vi_ik_ros.srv import ListModels, SampleConfigurations

TIMEOUT = 30.0  # [s], of anything that is waited for


NUMBERS = itertools.count()


class Session:
    """A sampler node and a client in one private context, spun only while something is awaited.

    Each has a namespace of its own: sessions that live at the same time do not hear each other.
    """

    def __init__(self, **parameters: object) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=int(os.environ["ROS_DOMAIN_ID"]))
        namespace = f"/test_{os.getpid()}_{next(NUMBERS)}"
        self.name = f"{namespace}/sampler"
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        self.node = SamplerNode(
            context=self.context, namespace=namespace, parameter_overrides=overrides
        )
        self.user = Node("user", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.executor.add_node(self.user)
        self._sample = self.user.create_client(SampleConfigurations, f"{self.name}/sample")
        self._list = self.user.create_client(ListModels, f"{self.name}/list_models")
        assert self._sample.wait_for_service(TIMEOUT)

    def call(self, client, request):
        future = client.call_async(request)
        self.executor.spin_until_future_complete(future, TIMEOUT)
        assert future.done(), "no answer"
        return future.result()

    def sample(self, **fields: object) -> SampleConfigurations.Response:
        return self.call(self._sample, SampleConfigurations.Request(**fields))

    def models(self) -> dict:
        answer = self.call(self._list, ListModels.Request())
        assert answer.error_code == ListModels.Response.NONE
        return {info.name: info for info in answer.models}

    def published_models(self) -> dict:
        """What the node publishes, by name; filled while the session spins."""
        seen: dict = {}

        def keep(info):
            seen[info.name] = info

        self.user.create_subscription(ModelInfo, f"{self.name}/models", keep, latched(256))
        return seen

    def until(self, condition) -> None:
        """Spin until a condition holds."""
        end = self.user.get_clock().now().nanoseconds + int(TIMEOUT * 1e9)
        while not condition():
            assert self.user.get_clock().now().nanoseconds < end, "it did not happen"
            self.executor.spin_once(timeout_sec=0.05)

    def close(self) -> None:
        self.executor.shutdown()
        self.user.destroy_node()
        self.node.destroy_node()
        self.context.try_shutdown()


@pytest.fixture(scope="session")
def robot() -> RobotModel:
    return RobotModel.load("panda")


@pytest.fixture(scope="session")
def make_session():
    """Start a session that whoever asks for it closes."""
    return Session


@pytest.fixture
def start():
    """Start sessions that end with the test."""
    sessions = []

    def make(**parameters):
        sessions.append(Session(**parameters))
        return sessions[-1]

    yield make
    for session in sessions:
        session.close()


@pytest.fixture(scope="module")
def store(tmp_path_factory, write_tiny_model) -> Path:
    root = tmp_path_factory.mktemp("store")
    write_tiny_model(root, "tiny_pose", seed=1)
    write_tiny_model(root, "tiny_position", kind="position", seed=2)
    return root


@pytest.fixture(scope="module")
def session(store):
    """One session for the tests that change nothing."""
    made = Session(
        model_store=str(store),
        default_model="tiny_pose",
        max_num_samples=500,
        max_targets=20,
        max_rows=2000,
    )
    yield made
    made.close()
