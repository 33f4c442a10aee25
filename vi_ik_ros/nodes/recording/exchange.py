# SPDX-License-Identifier: Apache-2.0
"""Requests of a sampler with their answers, from the events of its service."""

from collections.abc import Iterable
from dataclasses import dataclass

from rclpy.serialization import deserialize_message
from service_msgs.msg import ServiceEventInfo as Info

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.nodes.recording.serialization import exact_bytes
from vi_ik_ros.srv import SampleConfigurations

# As the server saw it; a client that publishes its own side comes second.
REQUESTS = (Info.REQUEST_RECEIVED, Info.REQUEST_SENT)
ANSWERS = (Info.RESPONSE_SENT, Info.RESPONSE_RECEIVED)
NANO = 1_000_000_000


@dataclass(frozen=True)
class Exchange:
    """One call.

    Attributes:
        request: as it was sent.
        answer: None where none was recorded.
        time: of the request [s] since 1970, by the clock of the sampler.
    """

    request: SampleConfigurations.Request
    answer: SampleConfigurations.Response | None
    time: float


@dataclass(frozen=True)
class Side:
    """The request or the answer of an event, by itself.

    Attributes:
        name: `request` or `response`.
        kind: its type; in no folder but msg do the readers of other tools look for types.
        data: serialised.
    """

    name: str
    kind: str
    data: bytes


def side_of(event: bytes) -> Side | None:
    """Return what the sampler received or sent, None of any other event."""
    message = deserialize_message(event, SampleConfigurations.Event)
    if message.info.event_type == Info.REQUEST_RECEIVED and message.request:
        name, content = "request", message.request[0]
    elif message.info.event_type == Info.RESPONSE_SENT and message.response:
        name, content = "response", message.response[0]
    else:
        return None
    kind = f"vi_ik_ros/msg/SampleConfigurations_{name.capitalize()}"
    return Side(name, kind, exact_bytes(content))


def exchanges(events: Iterable[tuple[str, bytes]], source: str) -> list[Exchange]:
    """Join the events of calls, in the order of their requests.

    Args:
        events: topic and serialised event.
        source: what an error calls them.

    Raises:
        InvalidInput: an event is damaged, or none has a request.
    """
    calls: dict[tuple[str, bytes, int], dict[int, SampleConfigurations.Event]] = {}
    num_events = 0
    for topic, data in events:
        num_events += 1
        try:
            event = deserialize_message(data, SampleConfigurations.Event)
        except Exception as error:  # The middleware raises whatever bytes run it into.
            expected = "events of SampleConfigurations"
            raise InvalidInput(f"{source}: event {num_events}", str(error), expected) from error
        key = (topic, bytes(event.info.client_gid), event.info.sequence_number)
        calls.setdefault(key, {})[event.info.event_type] = event
    found = [one for one in map(_exchange, calls.values()) if one is not None]
    if not found:
        got = f"{num_events} events, none with a request" if num_events else "no event"
        expected = "requests; a sampler's parameter service_introspection must not be metadata"
        raise InvalidInput(source, got, expected)
    return sorted(found, key=lambda one: one.time)


def _exchange(sides: dict[int, SampleConfigurations.Event]) -> Exchange | None:
    """Return a call, None where its request is missing."""
    asked = next((sides[kind] for kind in REQUESTS if kind in sides and sides[kind].request), None)
    if asked is None:
        return None
    told = (sides[kind].response[0] for kind in ANSWERS if kind in sides and sides[kind].response)
    stamp = asked.info.stamp
    return Exchange(asked.request[0], next(told, None), stamp.sec + stamp.nanosec / NANO)
