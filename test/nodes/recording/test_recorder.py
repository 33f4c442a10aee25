# SPDX-License-Identifier: Apache-2.0
"""A sampler whose calls are heard, by ROS 2's own service introspection."""

import os

import pytest
from rclpy.serialization import deserialize_message
from std_msgs.msg import String

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.nodes.qos import latched
from vi_ik_ros.nodes.recording.exchange import exchanges
from vi_ik_ros.nodes.recording.player import Verdict, compare
from vi_ik_ros.nodes.recording.recorder import EVENT_TYPE, Recorder
from vi_ik_ros.nodes.sampling.conversions import pose_to_msg

POSE = pose_to_msg((0.4, 0.1, 0.5, 1.0, 0.0, 0.0, 0.0))
SETTINGS = {"default_model": "tiny_pose"}


@pytest.fixture
def record():
    """Start recorders that end with the test, with the list of what they take."""
    recorders = []

    def make(name, topics=(), **options):
        taken = []
        domain = int(os.environ["ROS_DOMAIN_ID"])
        recorders.append(Recorder(name, topics, domain_id=domain, **options))
        return recorders[-1], taken

    yield make
    for recorder in recorders:
        recorder.close()


def hears(recorder, taken, count):
    """Return a condition: so many messages have come."""

    def condition():
        taken.extend(recorder.spin(0.01))
        return len(taken) >= count

    return condition


def test_requests_and_answers_are_heard_while_somebody_listens(start, store, record):
    session = start(model_store=str(store), **SETTINGS)
    recorder, taken = record(session.name)
    session.until(lambda: recorder.wait(0.01))
    answer = session.sample(targets=[POSE], num_samples=3, seed=5, refine=True)
    session.until(hears(recorder, taken, 2))
    assert [(one.topic, one.kind) for one in taken] == [(recorder.events, EVENT_TYPE)] * 2
    (exchange,) = exchanges([(one.topic, one.data) for one in taken], "topic")
    assert exchange.request.seed == 5
    assert exchange.answer == answer
    assert abs(exchange.time - taken[0].received / 1e9) < 30.0
    again = session.sample(targets=[POSE], num_samples=3, seed=5, refine=True)
    assert compare(exchange, again) == (Verdict.EQUAL, "")


def test_nothing_is_published_where_nobody_listens(session):
    session.sample(targets=[POSE], num_samples=1)
    names = [name for name, _ in session.user.get_topic_names_and_types()]
    assert f"{session.name}/sample/_service_event" not in names


def test_publishing_ends_with_the_last_listener(start, store, record):
    session = start(model_store=str(store), **SETTINGS)
    recorder, _ = record(session.name)
    session.until(lambda: recorder.wait(0.01))
    recorder.close()
    session.until(lambda: session.node.count_publishers(recorder.events) == 0)


def test_metadata_has_no_contents(start, store, record):
    session = start(model_store=str(store), service_introspection="metadata", **SETTINGS)
    recorder, taken = record(session.name)
    session.until(lambda: recorder.wait(0.01))
    session.sample(targets=[POSE], num_samples=1)
    session.until(hears(recorder, taken, 2))
    with pytest.raises(InvalidInput, match="metadata"):
        exchanges([(one.topic, one.data) for one in taken], "topic")


def test_off_stays_off(start, store, record):
    session = start(model_store=str(store), service_introspection="off", **SETTINGS)
    recorder, _ = record(session.name)
    heard = recorder.wait(0.0)
    for _ in range(3):
        session.sample(targets=[POSE], num_samples=1)
        heard = heard or recorder.wait(0.1)
    assert not heard


def test_unknown_mode_is_refused(start, store):
    with pytest.raises(InvalidInput, match="service_introspection: got loud, expected one of auto"):
        start(model_store=str(store), service_introspection="loud", **SETTINGS)


def test_further_topics_are_heard_once_they_appear(session, record):
    topic = f"{session.name}/said"
    recorder, taken = record(session.name, [topic, topic])
    recorder.look()  # Nobody publishes it yet.
    session.user.create_publisher(String, topic, latched()).publish(String(data="early"))

    def condition():
        recorder.look()
        return hears(recorder, taken, 1)()

    session.until(condition)
    (one,) = taken
    assert (one.topic, one.kind) == (topic, "std_msgs/msg/String")
    assert deserialize_message(one.data, String).data == "early"
    assert 0 < one.published <= one.received
