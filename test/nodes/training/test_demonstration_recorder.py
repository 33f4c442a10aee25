# SPDX-License-Identifier: Apache-2.0
"""The recorder on a real node; topics and service as a user meets them."""

import itertools
import os
from contextlib import closing

import numpy as np
import pytest
import rclpy
from builtin_interfaces.msg import Time
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import JointState
from std_msgs.msg import Header
from std_srvs.srv import Trigger

from vi_ik_ros.msg import Demonstrations
from vi_ik_ros.nodes.qos import latched
from vi_ik_ros.nodes.training.demonstration_recorder import DemonstrationRecorder
from vi_ik_ros.sampling.store.trainer.demonstration_store import DemonstrationStore
from vi_ik_ros.sampling.store.trainer.trainer_database import TrainerDatabase

TIMEOUT = 20.0  # [s], of anything that is waited for
ARM = ["shoulder", "elbow"]
NUMBERS = itertools.count()


class Session:
    """A recorder and a user in one private context, spun only while something is awaited."""

    def __init__(self, database: TrainerDatabase) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=int(os.environ["ROS_DOMAIN_ID"]))
        namespace = f"/recorder_{os.getpid()}_{next(NUMBERS)}"
        self.database, self.name = database, f"{namespace}/trainer"
        self.node = Node("trainer", context=self.context, namespace=namespace)
        self.store = DemonstrationStore(database, capacity=20)
        self.recorder = DemonstrationRecorder(self.node, self.store)
        self.user = Node("user", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.executor.add_node(self.user)
        self.seen: list[Demonstrations] = []
        self._clear = self.user.create_client(Trigger, f"{self.name}/clear_demonstrations")
        self._states = self.user.create_publisher(JointState, f"{self.name}/demonstrations", 200)

    def listen(self) -> None:
        """Hear `~/recorded` from now on, and wait until the recorder hears us."""
        topic = f"{self.name}/recorded"
        self.user.create_subscription(Demonstrations, topic, self.seen.append, latched())
        self.until(lambda: self.seen and self._states.get_subscription_count())

    def show(self, positions, names=ARM, sec=0) -> None:
        header = Header(stamp=Time(sec=sec))
        self._states.publish(
            JointState(header=header, name=list(names), position=[float(p) for p in positions])
        )

    def until(self, condition) -> None:
        end = self.user.get_clock().now().nanoseconds + int(TIMEOUT * 1e9)
        while not condition():
            assert self.user.get_clock().now().nanoseconds < end, "it did not happen"
            self.executor.spin_once(timeout_sec=0.05)

    def clear(self) -> Trigger.Response:
        assert self._clear.wait_for_service(TIMEOUT)
        future = self._clear.call_async(Trigger.Request())
        self.executor.spin_until_future_complete(future, TIMEOUT)
        return future.result()

    def close(self) -> None:
        self.executor.shutdown()
        self.user.destroy_node()
        self.node.destroy_node()
        self.context.try_shutdown()


@pytest.fixture
def session(tmp_path):
    with closing(TrainerDatabase(tmp_path)) as database:
        made = Session(database)
        yield made
        made.close()


def test_what_is_shown_is_recorded_counted_and_stamped(session):
    session.listen()
    assert (session.seen[-1].num_recorded, session.seen[-1].num_received) == (0, 0)
    for number in range(5):
        session.show([0.1 * number, 0.0], sec=number)
        session.show([0.1 * number, 0.001], sec=number)
    session.until(lambda: session.seen[-1].num_received == 10)
    last = session.seen[-1]
    assert (last.num_recorded, last.num_duplicates, last.num_refused) == (5, 5, 0)
    assert (last.last.sec, last.refusal) == (4, "")
    expected = np.stack([0.1 * np.arange(5), np.zeros(5)], axis=1)
    np.testing.assert_array_equal(session.store.configurations(ARM), expected)
    stamps = session.database.read("SELECT stamp FROM demonstration ORDER BY id")
    assert stamps == [(number * 10**9,) for number in range(5)]


def test_a_late_reader_learns_what_earlier_trainers_recorded(tmp_path, session):
    session.listen()
    session.show([1.0, 2.0])
    session.until(lambda: session.seen[-1].num_recorded == 1)
    late = Session(session.database)
    try:
        late.listen()
        assert (late.seen[0].num_recorded, late.seen[0].num_received) == (1, 0)
    finally:
        late.close()


def test_a_best_effort_publisher_is_heard(session):
    session.listen()
    topic = f"{session.name}/demonstrations"
    driver = session.user.create_publisher(JointState, topic, qos_profile_sensor_data)
    session.until(lambda: driver.get_subscription_count() == 1)
    driver.publish(JointState(name=ARM, position=[0.3, 0.4]))
    session.until(lambda: session.seen[-1].num_recorded == 1)


def test_malformed_messages_are_told_and_the_node_goes_on(session):
    session.listen()
    session.show([1.0])
    session.until(lambda: session.seen[-1].num_refused == 1)
    assert session.seen[-1].refusal == "position: got 1 numbers, expected 2, one a name"
    session.show([1.0, float("nan")])
    session.until(lambda: session.seen[-1].num_refused == 2)
    assert "elbow: got nan" in session.seen[-1].refusal
    session.show([], names=[])
    session.show([1.0, 2.0])
    session.until(lambda: session.seen[-1].num_recorded == 1)
    assert session.seen[-1].num_refused == 3 and "0 joints" in session.seen[-1].refusal


def test_each_reason_is_logged_once(session, monkeypatch):
    lines = []
    logger = type("Logger", (), {"warning": lambda self, line: lines.append(line)})()
    monkeypatch.setattr(session.node, "get_logger", lambda: logger)
    session.listen()
    for _ in range(10):
        session.show([1.0])
        session.show([1.0, float("inf")])
    session.until(lambda: session.seen[-1].num_refused == 20)
    assert len(lines) == 2 and "1 numbers" in lines[0] and "elbow: got inf" in lines[1]


def test_a_full_store_says_so(session):
    session.listen()
    for number in range(22):
        session.show([number, number])
    session.until(lambda: session.seen[-1].num_received == 22)
    last = session.seen[-1]
    assert (last.num_recorded, last.num_refused) == (20, 2)
    assert "max_demonstrations = 20" in last.refusal


def test_an_arm_at_rest_is_told_a_few_times_a_second(session):
    session.listen()
    session.show([0.0, 0.0])
    session.until(lambda: session.seen[-1].num_recorded == 1)
    told = len(session.seen)
    started = session.user.get_clock().now().nanoseconds
    for _ in range(300):
        session.show([0.0, 0.001])
        session.executor.spin_once(timeout_sec=0.01)
    session.until(lambda: session.seen[-1].num_duplicates >= 250)
    seconds = (session.user.get_clock().now().nanoseconds - started) / 1e9
    assert len(session.seen) - told <= 2 + seconds / 0.2


def test_clearing_forgets_all_and_says_how_many(session):
    session.listen()
    for number in range(3):
        session.show([number, number])
    session.until(lambda: session.seen[-1].num_recorded == 3)
    answer = session.clear()
    assert (answer.success, answer.message) == (True, "3 demonstrations removed")
    session.until(lambda: session.seen[-1].num_recorded == 0)
    session.show([0.0, 0.0])
    session.until(lambda: session.seen[-1].num_recorded == 1)


def test_a_disk_that_takes_nothing_is_told_and_does_not_end_the_node(session):
    session.listen()
    session.show([0.0, 0.0])
    session.until(lambda: session.seen[-1].num_recorded == 1)
    session.database.close()  # stands for a disk that is gone
    session.show([1.0, 0.0])
    session.until(lambda: session.seen[-1].num_refused == 1)
    assert "work_directory" in session.seen[-1].refusal
    answer = session.clear()
    assert not answer.success and "work_directory" in answer.message
    assert session.seen[-1].num_recorded == 1
