# SPDX-License-Identifier: Apache-2.0
import os
import time

import numpy as np
import pytest
import rclpy
from builtin_interfaces.msg import Time
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import JointState

from vi_ik_ros.msg import Demonstrations
from vi_ik_ros.nodes.qos import latched, sensor_data
from vi_ik_ros.nodes.training.demonstrator import Acknowledged, Demonstrator

TIMEOUT = 20.0  # [s]
TRAINER = f"/shown_{os.getpid()}/trainer"


@pytest.fixture
def until():
    """Spin a node that stands for a trainer until a condition holds."""
    context = Context()
    rclpy.init(context=context, domain_id=int(os.environ["ROS_DOMAIN_ID"]))
    executor = SingleThreadedExecutor(context=context)
    namespace, _, name = TRAINER.rpartition("/")
    node = Node(name, context=context, namespace=namespace)
    executor.add_node(node)

    def spin(condition):
        end = time.monotonic() + TIMEOUT
        while not condition():
            assert time.monotonic() < end, "it did not happen"
            executor.spin_once(timeout_sec=0.02)

    spin.node = node
    yield spin
    executor.shutdown()
    node.destroy_node()
    context.try_shutdown()


def test_messages_are_numbered_and_what_was_acknowledged_never_shrinks(until):
    seen = []
    until.node.create_subscription(
        JointState, f"{TRAINER}/demonstrations", seen.append, sensor_data(50)
    )
    recorded = until.node.create_publisher(Demonstrations, f"{TRAINER}/recorded", latched())
    with Demonstrator(TRAINER, ["a", "b"], lambda number: [number, -number]) as demonstrator:
        assert demonstrator.acknowledged == Acknowledged()
        until(lambda: len(seen) >= 5)
        numbers = np.array([message.header.stamp.nanosec for message in seen])
        assert (np.diff(numbers) > 0).all() and numbers[0] >= 1
        for number, message in zip(numbers, seen, strict=True):
            assert list(message.name) == ["a", "b"]
            assert list(message.position) == [number, -number]
        recorded.publish(Demonstrations(num_recorded=7, last=Time(nanosec=9), num_refused=1))
        until(lambda: demonstrator.acknowledged == Acknowledged(7, 9, 1))
        recorded.publish(Demonstrations(num_recorded=8))  # of a trainer that has just started
        until(lambda: demonstrator.acknowledged == Acknowledged(8, 9, 1))
        assert demonstrator.num_sent >= numbers[-1]
