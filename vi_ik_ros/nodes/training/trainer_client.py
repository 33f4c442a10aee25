# SPDX-License-Identifier: Apache-2.0
"""A blocking client of the trainer node, for programs that are not nodes themselves."""

import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

import rclpy
from rclpy.client import Client
from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_srvs.srv import Trigger

from vi_ik_ros.exceptions import InvalidInput, NoAnswer, ViIkError
from vi_ik_ros.msg import ObjectiveSet, TrainingStatus
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
_FULL_NAME = re.compile(r"/?[A-Za-z_]\w*(/[A-Za-z_]\w*)*", re.ASCII)
_DEPTH = 16  # statuses that a trainer keeps for those that come late
_SPIN = 0.1  # [s], so that Ctrl-C is heard soon


class NotLearned(ViIkError):
    """The trainer node did not learn a set.

    Attributes:
        code: the `error_code` of the answer.
    """

    def __init__(self, code: int, message: str) -> None:
        """Keep the code; the message is the node's."""
        self.code = code
        super().__init__(message)


class TrainerClient:
    """Send sets of objectives to one trainer node and hear what becomes of them.

    It has its own context, so it lives beside any other use of rclpy in the same process.
    """

    def __init__(self, trainer: str = "/trainer", domain_id: int | None = None) -> None:
        """Make the client.

        Args:
            trainer: full name of the trainer node.
            domain_id: ROS 2 domain; None: that of the environment.

        Raises:
            InvalidInput: no node can have that name.
        """
        if not _FULL_NAME.fullmatch(trainer):
            raise InvalidInput("trainer", trainer, "the full name of a node, such as /cell/trainer")
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain_id)
        self._node = node = Node("trainer_client", context=self._context, enable_rosout=False)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(node)
        self._trainer = trainer = f"/{trainer.strip('/')}"
        self._statuses: deque[TrainingStatus] = deque()
        self._sets = node.create_publisher(ObjectiveSet, f"{trainer}/objectives", requests())
        self._subscription = node.create_subscription(
            TrainingStatus, f"{trainer}/status", self._hear, latched(_DEPTH)
        )
        self._cancel: Client = node.create_client(Trigger, f"{trainer}/cancel")
        self._learn: Client = node.create_client(LearnObjectives, f"{trainer}/learn_objectives")

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
            raise NoAnswer(f"{self._trainer}: no trainer node after {timeout:g} s")
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
                raise NoAnswer(f"{self._trainer}: {silence}; is the node still there?")
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
            raise ViIkError(f"{self._trainer}: {answer.message}")
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
        return self._trainer in names and self._sets.get_subscription_count() >= len(names)

    def _call(self, client: Client, request: object, timeout: float) -> Any:  # noqa: ANN401
        end = time.monotonic() + timeout
        if not self._until(client.service_is_ready, timeout):
            raise NoAnswer(f"{self._trainer}: no trainer node after {timeout:g} s")
        future = client.call_async(request)
        if not self._until(future.done, end - time.monotonic()):
            client.remove_pending_request(future)
            raise NoAnswer(f"{self._trainer}: no answer within {timeout:g} s")
        return future.result()

    def _until(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Spin until a condition holds; return whether it does after at most `timeout` [s]."""
        end = time.monotonic() + timeout
        while not condition():
            left = end - time.monotonic()
            if left <= 0.0:
                return False
            self._executor.spin_once(timeout_sec=min(left, _SPIN))
        return True

    def close(self) -> None:
        """Leave ROS 2."""
        self._executor.shutdown()
        self._node.destroy_node()
        self._context.try_shutdown()

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()
