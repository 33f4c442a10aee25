# SPDX-License-Identifier: Apache-2.0
"""A blocking client of the trainer node, for programs that are not nodes themselves."""

import time
from collections import deque
from collections.abc import Iterator

from rclpy.client import Client
from rclpy.duration import Duration
from std_srvs.srv import Trigger

from vi_ik_ros.exceptions import NoAnswer, ViIkError
from vi_ik_ros.msg import ObjectiveSet, TrainingStatus
from vi_ik_ros.nodes.processes.blocking_client import BlockingClient
from vi_ik_ros.nodes.qos import latched, requests
from vi_ik_ros.srv import LearnObjectives

FINAL = (  # states that nothing follows
    TrainingStatus.DONE,
    TrainingStatus.KEPT,
    TrainingStatus.CANCELLED,
    TrainingStatus.SUPERSEDED,
    TrainingStatus.REFUSED,
    TrainingStatus.FAILED,
)
_DEPTH = 16  # statuses that a trainer keeps for those that come late


class NotLearned(ViIkError):
    """The trainer node did not learn a set.

    Attributes:
        code: the `error_code` of the answer.
    """

    def __init__(self, code: int, message: str) -> None:
        """Keep the code; the message is the node's."""
        self.code = code
        super().__init__(message)


class TrainerClient(BlockingClient):
    """Send sets of objectives to one trainer node and hear what becomes of them."""

    kind = "trainer"

    def __init__(self, trainer: str = "/trainer", domain_id: int | None = None) -> None:
        """Make the client; see `BlockingClient`."""
        super().__init__(trainer, domain_id)
        node, server = self._node, self.server
        self._statuses: deque[TrainingStatus] = deque()
        self._sets = node.create_publisher(ObjectiveSet, f"{server}/objectives", requests())
        self._subscription = node.create_subscription(
            TrainingStatus, f"{server}/status", self._hear, latched(_DEPTH)
        )
        self._cancel: Client = node.create_client(Trigger, f"{server}/cancel")
        self._learn: Client = node.create_client(LearnObjectives, f"{server}/learn_objectives")

    def wait(self, timeout: float) -> bool:
        """Return whether the trainer is there and hears us, after at most `timeout` [s]."""
        return self._until(self._is_matched, timeout)

    def publish(self, objectives: ObjectiveSet, timeout: float = 10.0) -> None:
        """Send a set, stamped now; then `follow` it, or see that it was `delivered`.

        Args:
            objectives: the set; `stamp` and `model` tell its statuses from those of others.
            timeout: longest time until there is a trainer [s].

        Raises:
            NoAnswer: there is none.
        """
        if not self.wait(timeout):
            raise NoAnswer(f"{self.server}: no trainer node after {timeout:g} s")
        objectives.stamp = self._node.get_clock().now().to_msg()
        self._sets.publish(objectives)

    def delivered(self, timeout: float = 10.0) -> bool:
        """Return whether all sets have arrived, after at most `timeout` [s].

        It takes some seconds: acknowledgements are asked for now and then. A client that is closed
        before may take its set with it.
        """
        return self._sets.wait_for_all_acked(Duration(seconds=timeout))

    def follow(self, objectives: ObjectiveSet, patience: float = 30.0) -> Iterator[TrainingStatus]:
        """Yield what the trainer says about a published set, up to one of the states FINAL.

        Args:
            objectives: the set, as it was published.
            patience: longest time without a word about the set, or of it among those that wait [s].

        Raises:
            NoAnswer: the trainer was silent for longer.
        """
        heard, end = False, time.monotonic() + patience
        while True:
            if not self._until(lambda: bool(self._statuses), end - time.monotonic()):
                silence = f"nothing about {objectives.model} for {patience:g} s"
                raise NoAnswer(f"{self.server}: {silence}; is the node still there?")
            status = self._statuses.popleft()
            is_ours = status.model == objectives.model and status.set_stamp == objectives.stamp
            heard = heard or is_ours
            if is_ours or (heard and objectives.model in status.queued):
                end = time.monotonic() + patience
            if is_ours:
                yield status
                if status.state in FINAL:
                    return

    def listen(self, seconds: float) -> list[TrainingStatus]:
        """Return the statuses that have come, after at most `seconds`, earlier if there are any."""
        self._until(lambda: bool(self._statuses), seconds)
        heard = list(self._statuses)
        self._statuses.clear()
        return heard

    def cancel(self, timeout: float = 10.0) -> str:
        """Break off what is being trained, and return what the trainer says.

        Raises:
            NoAnswer: nothing came in time.
            ViIkError: nothing was being trained.
        """
        answer = self._call(self._cancel, Trigger.Request(), timeout)
        if not answer.success:
            raise ViIkError(f"{self.server}: {answer.message}")
        return answer.message

    def learn(
        self, request: LearnObjectives.Request, timeout: float = 600.0
    ) -> LearnObjectives.Response:
        """Learn the numbers of a set from the recorded demonstrations.

        Raises:
            NoAnswer: nothing came in time.
            NotLearned: the node answered with an error code.
        """
        response = self._call(self._learn, request, timeout)
        if response.error_code != LearnObjectives.Response.NONE:
            raise NotLearned(response.error_code, response.error_msg)
        return response

    def _hear(self, status: TrainingStatus) -> None:
        self._statuses.append(status)

    def _is_matched(self) -> bool:
        """Tell whether the trainer listens and everybody who does has been connected."""
        readers = self._node.get_subscriptions_info_by_topic(self._sets.topic_name)
        names = [f"{r.node_namespace.rstrip('/')}/{r.node_name}" for r in readers]
        return self.server in names and self._sets.get_subscription_count() >= len(names)
