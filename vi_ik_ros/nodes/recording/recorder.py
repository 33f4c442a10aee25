# SPDX-License-Identifier: Apache-2.0
"""Takes down what is said on topics, as the bytes that came."""

import importlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.subscription import MessageInfo, Subscription

from vi_ik_ros.nodes.processes.blocking_client import BlockingClient
from vi_ik_ros.nodes.recording.introspection import event_topic
from vi_ik_ros.srv import SampleConfigurations

EVENT_TYPE = "vi_ik_ros/srv/SampleConfigurations_Event"
DEPTH = 1000  # messages that may wait: a second of a fast sensor


@dataclass(frozen=True)
class Taken:
    """One message.

    Attributes:
        topic: its whole name.
        kind: its type, `package/msg/Type`.
        data: as it was serialised.
        received: [ns] since 1970, by the clock of this machine.
        published: the same, by the clock of who sent it.
    """

    topic: str
    kind: str
    data: bytes
    received: int
    published: int


class Recorder(BlockingClient):
    """Listens to the calls of one sampler and to further topics, as soon as these appear.

    Attributes:
        events: topic of the sampler's calls.
    """

    kind = "sampler"

    def __init__(
        self,
        sampler: str,
        topics: Sequence[str],
        *,
        remark: Callable[[str], None] = lambda line: None,
        domain_id: int | None = None,
    ) -> None:
        """Subscribe to the calls; the rest follows with `look`.

        Args:
            sampler: full name of the node.
            topics: whole names of further topics.
            remark: called with one line for a topic that cannot be read.
            domain_id: see `BlockingClient`.
        """
        super().__init__(sampler, domain_id)
        self._taken: list[Taken] = []
        self._remark = remark
        self._missing = list(dict.fromkeys(topics))
        self.events = event_topic(f"{self.server}/sample")
        event = SampleConfigurations.Event
        self._calls = self._subscribe(self.events, EVENT_TYPE, event, QoSProfile(depth=100))

    def wait(self, timeout: float) -> bool:
        """Return whether the sampler publishes its calls, after at most `timeout` [s]."""
        return self._until(lambda: self._calls.get_publisher_count() > 0, timeout)

    def spin(self, duration: float) -> list[Taken]:
        """Listen for a time [s]; return what has come since the last call."""
        self._until(lambda: False, duration)
        taken, self._taken = self._taken, []
        return taken

    def look(self) -> None:
        """Subscribe to the topics that have appeared."""
        known = dict(self._node.get_topic_names_and_types())
        for topic in [name for name in self._missing if name in known]:
            publishers = self._node.get_publishers_info_by_topic(topic)
            if not publishers:  # Somebody else only waits for it.
                continue
            self._missing.remove(topic)
            kind = known[topic][0]
            try:
                package, folder, name = kind.split("/")
                message_type = getattr(importlib.import_module(f"{package}.{folder}"), name)
            except (ImportError, AttributeError, ValueError):
                self._remark(f"{topic}: left out, its type {kind} is not installed")
                continue
            profiles = [publisher.qos_profile for publisher in publishers]
            self._subscribe(topic, kind, message_type, _heard_by_all(profiles))

    def _subscribe(
        self, topic: str, kind: str, message_type: type, qos: QoSProfile
    ) -> Subscription:
        def on_message(data: bytes, info: MessageInfo) -> None:
            taken = Taken(topic, kind, data, time.time_ns(), info["source_timestamp"])
            self._taken.append(taken)

        return self._node.create_subscription(message_type, topic, on_message, qos, raw=True)


def _heard_by_all(profiles: Sequence[QoSProfile]) -> QoSProfile:
    """Return the strictest quality of service that every publisher offers."""
    reliable = all(one.reliability == ReliabilityPolicy.RELIABLE for one in profiles)
    latched = all(one.durability == DurabilityPolicy.TRANSIENT_LOCAL for one in profiles)
    return QoSProfile(
        depth=DEPTH,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )
