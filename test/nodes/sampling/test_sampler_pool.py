# SPDX-License-Identifier: Apache-2.0
"""A pool of samplers, each of which answers as a counter does."""

import itertools
import os
import threading

import numpy as np
import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from vi_ik_ros.exceptions import InvalidInput, NoAnswer
from vi_ik_ros.nodes.qos import MOST_WAITING, requests
from vi_ik_ros.nodes.sampling import sampler_pool
from vi_ik_ros.nodes.sampling.sampler_client import SamplerClient
from vi_ik_ros.nodes.sampling.sampler_pool import SamplerPool
from vi_ik_ros.srv import SampleConfigurations

TIMEOUT = 30.0  # [s]
NUMBERS = itertools.count()
Request, Response = SampleConfigurations.Request, SampleConfigurations.Response


class Counters:
    """Nodes that offer `~/sample`, count what they are asked, and answer while `go` is set."""

    def __init__(self, count: int) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=int(os.environ["ROS_DOMAIN_ID"]))
        self.executor = SingleThreadedExecutor(context=self.context)
        self.go, self.end = threading.Event(), threading.Event()
        self.go.set()
        self.asked, self.nodes, self.names = [0] * count, [], []
        for index in range(count):
            space = f"/pool_{os.getpid()}_{next(NUMBERS)}"
            node = Node("sampler", context=self.context, namespace=space, enable_rosout=False)
            node.create_service(
                SampleConfigurations,
                "~/sample",
                lambda request, response, i=index: self.answer(i, response),
                qos_profile=requests(MOST_WAITING),
            )
            self.executor.add_node(node)
            self.nodes.append(node)
            self.names.append(f"{space}/sampler")
        self.thread = threading.Thread(target=self.spin)
        self.thread.start()

    def spin(self):
        while not self.end.is_set():
            self.executor.spin_once(timeout_sec=0.05)

    def answer(self, index, response):
        self.go.wait(TIMEOUT)
        self.asked[index] += 1
        response.model_digest = str(index)
        return response

    def close(self):
        self.go.set()
        self.end.set()
        self.thread.join(TIMEOUT)
        self.context.try_shutdown()


@pytest.fixture
def counters():
    made = []

    def make(count):
        made.append(Counters(count))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_samplers_are_asked_in_turn_from_the_first_on(counters):
    three = counters(3)
    with SamplerPool(three.names, first=4) as pool:
        assert pool.wait(TIMEOUT)
        order = [pool.send(Request(), TIMEOUT).model_digest for _ in range(6)]
    assert order == ["1", "2", "0", "1", "2", "0"]
    assert three.asked == [2, 2, 2]


def test_one_that_is_gone_is_left_out(counters):
    here, gone = counters(2), counters(1)
    with SamplerPool([gone.names[0], *here.names]) as pool:
        assert pool.wait(TIMEOUT)
        gone.close()
        ready = pool._clients[0].service_is_ready
        assert pool._until(lambda: not ready(), TIMEOUT)
        for _ in range(6):
            assert pool.send(Request(), TIMEOUT).model_digest in ("0", "1")
    assert sum(here.asked) == 6


def test_one_that_is_silent_costs_its_share_and_the_next_answers(counters):
    silent, other = counters(1), counters(1)
    silent.go.clear()
    with SamplerPool([silent.names[0], other.names[0]]) as pool:
        assert pool.wait(TIMEOUT)
        assert pool.send(Request(), 2.0 * TIMEOUT / 10.0).model_digest == "0"
    assert other.asked == [1]
    assert silent.asked == [0]


def test_one_that_was_silent_is_asked_last_for_a_while(counters, monkeypatch):
    monkeypatch.setattr(sampler_pool, "REST", 1000.0)
    silent, other = counters(1), counters(1)
    silent.go.clear()
    with SamplerPool([silent.names[0], other.names[0]]) as pool:
        assert pool.wait(TIMEOUT)
        pool.send(Request(), 2.0 * TIMEOUT / 10.0)
        assert pool._in_turn()[0] is pool._clients[1]
        assert pool._in_turn()[0] is pool._clients[1]
        other.close()  # of those that are left the silent one is the only one
        silent.go.set()
        assert pool._until(lambda: not pool._clients[1].service_is_ready(), TIMEOUT)
        assert pool.send(Request(), TIMEOUT).model_digest == "0"
    assert other.asked == [1]


def test_one_that_was_silent_is_asked_again(counters, monkeypatch):
    monkeypatch.setattr(sampler_pool, "REST", 0.0)
    silent, other = counters(1), counters(1)
    silent.go.clear()
    with SamplerPool([silent.names[0], other.names[0]]) as pool:
        assert pool.wait(TIMEOUT)
        pool.send(Request(), 2.0 * TIMEOUT / 10.0)
        assert {pool._in_turn()[0] for _ in range(2)} == set(pool._clients)


def test_where_nobody_answers_all_are_named():
    with SamplerPool(["/nobody", "/not_there"]) as pool:
        assert not pool.wait(0.1)
        with pytest.raises(NoAnswer, match=r"/nobody, /not_there: no answer within 0.2 s"):
            pool.send(Request(), 0.2)


@pytest.mark.parametrize("names", [[], ["/a", "a"], ["/a", "no name"], [""]])
def test_names_that_cannot_be_are_refused(names):
    with pytest.raises(InvalidInput):
        SamplerPool(names)


def test_more_requests_than_the_ten_of_ros_may_wait(counters):
    """Of a queue of ten, requests and answers beyond the tenth would be lost in silence."""
    count, one = 60, counters(1)
    with SamplerClient(one.names[0]) as client:
        assert client.wait(TIMEOUT)
        one.go.clear()
        futures = [client._sample.call_async(Request()) for _ in range(count)]
        one.go.set()
        assert client._until(lambda: all(future.done() for future in futures), TIMEOUT)
    assert one.asked == [count]


def test_the_sampler_node_keeps_them_as_well(session):
    waiting = requests(MOST_WAITING)
    name = f"{session.name}/sample"
    client = session.user.create_client(SampleConfigurations, name, qos_profile=waiting)
    assert client.wait_for_service(TIMEOUT)
    futures = [client.call_async(Request()) for _ in range(60)]
    session.until(lambda: all(future.done() for future in futures))
    codes = np.array([future.result().error_code for future in futures])
    assert (codes == Response.INVALID_TARGET).all()  # each was read
