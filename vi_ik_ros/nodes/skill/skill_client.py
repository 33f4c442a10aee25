# SPDX-License-Identifier: Apache-2.0
"""A blocking client of the skill node, for programs that are not nodes themselves."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from rclpy.action import ActionClient
from rclpy.task import Future

from vi_ik_ros.action import RunEpisode
from vi_ik_ros.exceptions import NoAnswer, NotNow, ViIkError
from vi_ik_ros.nodes.processes.blocking_client import BlockingClient
from vi_ik_ros.nodes.skill.episode_messages import episode_from_msg
from vi_ik_ros.skills.execution.episode import Episode

ACCEPTED = 10.0  # [s], for a goal to be taken

OnPrimitive = Callable[[RunEpisode.Feedback], None]


class NotCarriedOut(ViIkError):
    """A goal for which there is no episode.

    Attributes:
        code: the `error_code` of the answer.
    """

    def __init__(self, code: int, message: str) -> None:
        """Keep the code; the message is the node's."""
        self.code = code
        super().__init__(message)


class SkillClient(BlockingClient):
    """Have one skill node carry out episodes."""

    kind = "skill"

    def __init__(self, skill: str = "/skill", domain_id: int | None = None) -> None:
        """Make the client; see `BlockingClient`."""
        super().__init__(skill, domain_id)
        name = f"{self.server}/run_episode"
        self._action: ActionClient = ActionClient(self._node, RunEpisode, name)

    def wait(self, timeout: float) -> bool:
        """Return whether the node is there, after at most `timeout` [s]."""
        return self._until(self._action.server_is_ready, timeout)

    def run_episode(
        self,
        skill: str = "",
        parameters: Mapping[str, float] | None = None,
        *,
        seed: int = 0,
        scene: str = "",
        on_primitive: OnPrimitive = lambda feedback: None,
        stopping: Callable[[], bool] = lambda: False,
        timeout: float = 300.0,
    ) -> Episode:
        """Return an episode; one that says nothing about its parameters has an `invalid_reason`.

        Args:
            skill: name in config/skills, or a path on the node's machine; '': the node's default.
            parameters: of the skill, by name; those not named have their defaults.
            seed: of everything random in it.
            scene: name in config/scenes, or a path as above; '': the skill's.
            on_primitive: called when a primitive becomes the active one.
            stopping: asked now and then whether to cancel.
            timeout: longest time until the result [s].

        Raises:
            NoAnswer: there is no node, or no result in time.
            NotNow: another episode is going on.
            NotCarriedOut: the goal was refused, or the node ended or has a fault.
        """
        named = parameters or {}
        goal = RunEpisode.Goal(
            skill=skill,
            parameter_names=list(named),
            parameters=[float(value) for value in named.values()],
            seed=seed,
            scene=scene,
        )
        result = self.send(goal, on_primitive=on_primitive, stopping=stopping, timeout=timeout)
        if not result.episode.skill:
            raise NotCarriedOut(result.error_code, result.error_msg)
        return episode_from_msg(result.episode)

    def send(
        self,
        goal: RunEpisode.Goal,
        *,
        on_primitive: OnPrimitive = lambda feedback: None,
        stopping: Callable[[], bool] = lambda: False,
        timeout: float = 300.0,
    ) -> RunEpisode.Result:
        """Return the result of a goal as the node sends it; see `run_episode`."""
        end = time.monotonic() + timeout
        if not self.wait(min(ACCEPTED, timeout)):
            raise NoAnswer(f"{self.server}: no skill node after {min(ACCEPTED, timeout):g} s")
        sent = self._action.send_goal_async(goal, lambda message: on_primitive(message.feedback))
        handle = self._outcome(sent, time.monotonic() + ACCEPTED)
        if not handle.accepted:
            expected = "the end of the episode that is going on"
            raise NotNow(f"{self.server}/run_episode", "another goal", expected)
        result = handle.get_result_async()
        self._until(lambda: result.done() or stopping(), end - time.monotonic())
        if not result.done():
            handle.cancel_goal_async()
        return self._outcome(result, end).result

    def close(self) -> None:
        """Leave ROS 2."""
        self._action.destroy()
        super().close()

    def _outcome(self, future: Future, end: float) -> Any:  # noqa: ANN401
        if not self._until(future.done, end - time.monotonic()):
            raise NoAnswer(f"{self.server}: no answer to run_episode in time")
        return future.result()
