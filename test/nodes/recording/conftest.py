# SPDX-License-Identifier: Apache-2.0
import pytest
from service_msgs.msg import ServiceEventInfo

from vi_ik_ros.nodes.recording.serialization import exact_bytes
from vi_ik_ros.nodes.sampling.conversions import pose_to_msg
from vi_ik_ros.srv import SampleConfigurations

TOPIC = "/sampler/sample/_service_event"


@pytest.fixture
def make_request():
    """Make a request for a pose, with fields changed."""

    def make(**fields):
        target = pose_to_msg((0.4, 0.1, 0.5, 1.0, 0.0, 0.0, 0.0))
        return SampleConfigurations.Request(**{"targets": [target], "num_samples": 2, **fields})

    return make


@pytest.fixture
def make_event():
    """Make an event: its topic and its bytes."""

    def make(kind, number, *, request=None, response=None, client=1, seconds=0):
        info = ServiceEventInfo(event_type=kind, sequence_number=number)
        info.client_gid[0], info.stamp.sec = client, seconds
        event = SampleConfigurations.Event(info=info)
        event.request = [] if request is None else [request]
        event.response = [] if response is None else [response]
        return TOPIC, exact_bytes(event)

    return make
