# SPDX-License-Identifier: Apache-2.0
"""A blocking client of the skill node, for programs that are not nodes themselves."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from rclpy.action import ActionClient
from rclpy.task import Future

from vi_ik_ros.action import LearnSkill, RunEpisode
from vi_ik_ros.exceptions import NoAnswer, NotNow, ViIkError
from vi_ik_ros.nodes.processes.blocking_client import BlockingClient
from vi_ik_ros.nodes.skill.episode_messages import episode_from_msg
from vi_ik_ros.nodes.skill.learning.learned_skill import LearnedSkill
from vi_ik_ros.skills.execution.episode import Episode

ACCEPTED = 10.0  # [s], for a goal to be taken

OnPrimitive = Callable[[RunEpisode.Feedback], None]
OnFeedback = Callable[[LearnSkill.Feedback], None]


class NotCarriedOut(ViIkError):
    """A goal for which there is no episode, or no learning run.

    Attributes:
        code: the `error_code` of the answer.
    """

    def __init__(self, code: int, message: str) -> None:
        """Keep the code; the message is the node's."""
        self.code = code
        super().__init__(message)


class SkillClient(BlockingClient):
    """Have one skill node carry out episodes and learning runs."""

    kind = "skill"

    def __init__(self, skill: str = "/skill", domain_id: int | None = None) -> None:
        """Make the client; see `BlockingClient`."""
        super().__init__(skill, domain_id)
        name = f"{self.server}/run_episode"
        self._action: ActionClient = ActionClient(self._node, RunEpisode, name)
        self._learning: ActionClient = ActionClient(self._node, LearnSkill, f"{self.server}/learn")

    def wait(self, timeout: float) -> bool:
        """Return whether the node is there, after at most `timeout` [s]."""
        both = (self._action, self._learning)
        return self._until(lambda: all(action.server_is_ready() for action in both), timeout)

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

    def learn(
        self,
        skill: str = "",
        *,
        num_episodes: int,
        method: str = "",
        seed: int = 0,
        scene: str = "",
        required_probability: float = 0.0,
        store: str = "",
        resume: bool = False,
        safe_start: bool = False,
        settings: Mapping[str, object] | None = None,
        earlier: str = "",
        on_feedback: OnFeedback = lambda feedback: None,
        stopping: Callable[[], bool] = lambda: False,
        timeout: float = 86_400.0,
    ) -> LearnedSkill:
        """Return what a learning run came to, be it complete or not; see `LearnSkill.action`.

        Args:
            skill: name in config/skills, or a path on the node's machine; '': the node's default.
            num_episodes: valid ones in all, those included that the store holds.
            method: that suggests the parameters; '': the factor graph, or as in the store.
            seed: of the method and of all episodes.
            scene: name in config/scenes, or a path as above; '': the skill's.
            required_probability: of success, of what is recommended; 0: the node's default.
            store: on the node's machine; '': named after skill, scene, method and seed.
            resume: whether to go on with the run in the store.
            safe_start: whether the first episode has the skill's default parameters.
            settings: of the method, by name.
            earlier: store of a similar skill to start from, or ''.
            on_feedback: called before and after each episode.
            stopping: asked now and then whether to cancel.
            timeout: longest time until the result [s].

        Raises:
            NoAnswer: there is no node, or no result in time.
            NotNow: an episode or another learning run is going on.
            NotCarriedOut: the goal was refused, there is no robot, or the node has a fault.
        """
        named = settings or {}
        goal = LearnSkill.Goal(
            skill=skill,
            scene=scene,
            method=method,
            num_episodes=num_episodes,
            seed=seed,
            required_probability=required_probability,
            store=store,
            resume=resume,
            safe_start=safe_start,
            setting_names=list(named),
            setting_values=[_word(value) for value in named.values()],
            earlier=earlier,
        )
        result = self.send_learning(
            goal, on_feedback=on_feedback, stopping=stopping, timeout=timeout
        )
        if not result.store:
            raise NotCarriedOut(result.error_code, result.error_msg)
        return LearnedSkill.of(result)

    def send(
        self,
        goal: RunEpisode.Goal,
        *,
        on_primitive: OnPrimitive = lambda feedback: None,
        stopping: Callable[[], bool] = lambda: False,
        timeout: float = 300.0,
    ) -> RunEpisode.Result:
        """Return the result of a goal as the node sends it; see `run_episode`."""
        return self._send(self._action, goal, on_primitive, stopping, timeout)

    def send_learning(
        self,
        goal: LearnSkill.Goal,
        *,
        on_feedback: OnFeedback = lambda feedback: None,
        stopping: Callable[[], bool] = lambda: False,
        timeout: float = 86_400.0,
    ) -> LearnSkill.Result:
        """Return the result of a goal as the node sends it; see `learn`."""
        return self._send(self._learning, goal, on_feedback, stopping, timeout)

    def close(self) -> None:
        """Leave ROS 2."""
        self._action.destroy()
        self._learning.destroy()
        super().close()

    def _send(
        self,
        action: ActionClient,
        goal: RunEpisode.Goal | LearnSkill.Goal,
        on_feedback: Callable[[Any], None],
        stopping: Callable[[], bool],
        timeout: float,
    ) -> Any:  # noqa: ANN401 (of the action)
        end = time.monotonic() + timeout
        if not self.wait(min(ACCEPTED, timeout)):
            raise NoAnswer(f"{self.server}: no skill node after {min(ACCEPTED, timeout):g} s")
        sent = action.send_goal_async(goal, lambda message: on_feedback(message.feedback))
        handle = self._outcome(sent, time.monotonic() + ACCEPTED)
        if not handle.accepted:
            expected = "the end of the episode or the learning run that is going on"
            raise NotNow(self.server, "another goal", expected)
        result = handle.get_result_async()
        self._until(lambda: result.done() or stopping(), end - time.monotonic())
        if not result.done():
            handle.cancel_goal_async()
        return self._outcome(result, end).result

    def _outcome(self, future: Future, end: float) -> Any:  # noqa: ANN401
        if not self._until(future.done, end - time.monotonic()):
            raise NoAnswer(f"{self.server}: no answer in time")
        return future.result()


def _word(value: object) -> str:
    """Return the word of a setting."""
    return str(value).lower() if isinstance(value, bool) else str(value)
