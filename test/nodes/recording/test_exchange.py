# SPDX-License-Identifier: Apache-2.0
import pytest
from rclpy.serialization import deserialize_message
from service_msgs.msg import ServiceEventInfo as Info

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.nodes.recording.exchange import exchanges, side_of
from vi_ik_ros.srv import SampleConfigurations

Response = SampleConfigurations.Response


def test_answers_find_their_requests(make_event, make_request):
    events = [
        make_event(Info.REQUEST_RECEIVED, 1, request=make_request(seed=1), seconds=5),
        make_event(Info.REQUEST_RECEIVED, 1, request=make_request(seed=2), client=2, seconds=6),
        make_event(Info.RESPONSE_SENT, 1, response=Response(error_msg="two"), client=2),
        make_event(Info.RESPONSE_SENT, 1, response=Response(error_msg="one")),
        make_event(Info.REQUEST_RECEIVED, 2, request=make_request(seed=3), seconds=4),
    ]
    found = exchanges(events, "file")
    assert [(one.request.seed, one.time) for one in found] == [(3, 4.0), (1, 5.0), (2, 6.0)]
    assert found[0].answer is None
    assert [one.answer.error_msg for one in found[1:]] == ["one", "two"]


def test_what_the_server_saw_goes_before_what_the_client_says(make_event, make_request):
    events = [
        make_event(Info.REQUEST_SENT, 1, request=make_request(seed=1)),
        make_event(Info.REQUEST_RECEIVED, 1, request=make_request(seed=2)),
        make_event(Info.RESPONSE_RECEIVED, 1, response=Response(error_msg="client")),
    ]
    (one,) = exchanges(events, "file")
    assert (one.request.seed, one.answer.error_msg) == (2, "client")


def test_events_without_contents_are_refused(make_event):
    with pytest.raises(InvalidInput, match="1 events, none with a request.*metadata"):
        exchanges([make_event(Info.REQUEST_RECEIVED, 1)], "file")


def test_damaged_events_are_refused(make_event, make_request):
    topic, data = make_event(Info.REQUEST_RECEIVED, 1, request=make_request())
    with pytest.raises(InvalidInput, match="file: event 1"):
        exchanges([(topic, data[: len(data) // 2])], "file")


def test_sides_of_events_stand_by_themselves(make_event, make_request):
    asked = make_request(seed=9)
    side = side_of(make_event(Info.REQUEST_RECEIVED, 1, request=asked)[1])
    assert (side.name, side.kind) == ("request", "vi_ik_ros/msg/SampleConfigurations_Request")
    assert deserialize_message(side.data, SampleConfigurations.Request) == asked
    assert side_of(make_event(Info.RESPONSE_SENT, 1, response=Response())[1]).name == "response"
    assert side_of(make_event(Info.REQUEST_SENT, 1, request=asked)[1]) is None
    assert side_of(make_event(Info.REQUEST_RECEIVED, 1)[1]) is None
