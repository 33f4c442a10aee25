# SPDX-License-Identifier: Apache-2.0
"""Episodes on the robot, and what is told while they go on."""

import threading
from collections.abc import Callable
from dataclasses import replace

from vi_ik_ros.exceptions import ViIkError
from vi_ik_ros.msg import Episode as EpisodeMsg
from vi_ik_ros.nodes.robot.client.round_trip import delay_ticks
from vi_ik_ros.nodes.skill.episode_messages import EpisodeRequest
from vi_ik_ros.nodes.skill.skill_status import SkillState, SkillStatus
from vi_ik_ros.nodes.skill.skill_topics import SkillTopics
from vi_ik_ros.nodes.topic_plant import ANSWER, TopicPlant
from vi_ik_ros.skills.execution.episode import Episode
from vi_ik_ros.skills.execution.graph.checks.gain_hints import gain_hints
from vi_ik_ros.skills.execution.run import run_episode
from vi_ik_ros.skills.execution.trace import RECOVERY, Snapshot
from vi_ik_ros.viewer.skill_markers import skill_markers

OnPrimitive = Callable[[str, Snapshot], None]


class Abandoned(ViIkError):
    """An episode that was broken off at once, because the node ends."""


class EpisodeRunner:
    """Carries out one episode at a time, in the thread of whoever asks for it.

    That must not be the thread of the executor; everything else may come from there.

    Args:
        plant: the robot.
        topics: where it is told.
        recover: whether the tool comes back after errors.
    """

    def __init__(self, plant: TopicPlant, topics: SkillTopics, *, recover: bool) -> None:
        self._plant, self._topics, self._recover = plant, topics, recover
        self._lock = threading.Lock()
        self._status = SkillStatus()
        self._abandoned = threading.Event()
        self._newest: tuple[EpisodeRequest, Snapshot] | None = None

    @property
    def is_abandoned(self) -> bool:
        """Whether there are to be no more episodes."""
        return self._abandoned.is_set()

    def backend(self) -> str:
        """Return what the robot interface has behind it, waiting for its first status.

        Raises:
            NoAnswer: no robot interface node has told.
        """
        return self._plant.connect(ANSWER).backend

    def run(
        self,
        request: EpisodeRequest,
        stopping: Callable[[], bool],
        on_primitive: OnPrimitive = lambda name, snapshot: None,
        *,
        on_tick: Callable[[Snapshot], None] = lambda snapshot: None,
    ) -> tuple[Episode, EpisodeMsg]:
        """Carry out an episode, then hold the tool where it is; publish what became of it.

        Args:
            request: what is done.
            stopping: asked in every control period whether to stop, retract and hold.
            on_primitive: called when a primitive becomes the active one.
            on_tick: called in every control period.

        Returns:
            The episode, and the message of it.

        Raises:
            Abandoned: `abandon` was called.
        """
        self._check_abandoned()
        self._begin(request)
        course = _Course(self, request, on_primitive)

        def add(snapshot: Snapshot) -> None:
            course.add(snapshot)
            on_tick(snapshot)

        try:
            episode = run_episode(
                self._plant,
                request.skill,
                request.scene,
                request.parameters,
                seed=request.seed,
                recover=self._recover,
                on_tick=add,
                stopping=stopping,
            )
        except BaseException as error:
            is_fault = not isinstance(error, Abandoned)
            self._end(request, last=f"{type(error).__name__}: {error}", is_fault=is_fault)
            raise
        message = self._topics.publish_episode(episode)
        self._end(request, last=_verdict(episode))
        return episode, message

    def abandon(self) -> None:
        """End the episode that goes on, and every later one, at its next control period."""
        self._abandoned.set()

    def cancelling(self) -> None:
        """Tell that the episode that goes on is to stop."""
        with self._lock:
            if self._status.state is SkillState.RUNNING:
                self._status = replace(self._status, state=SkillState.STOPPING)
        self.tell()

    def learning(self, words: str) -> None:
        """Tell what is being learned between the episodes; '' at the end."""
        self._update(learning=words)

    def reject(self, reason: str) -> None:
        """Tell why a goal leads to no episode."""
        self._update(rejected=reason)

    def tell(self, *, again: bool = False) -> None:
        """Publish the status if it has changed, or `again`."""
        robot = self._plant.status
        self._topics.tell(self._status, "" if robot is None else robot.backend, again=again)

    def show(self) -> None:
        """Draw the newest control period, if somebody looks."""
        if self._newest is None or not self._topics.has_viewer:
            return
        request, snapshot = self._newest
        R_base_task, T_base_tcp = request.skill.task.R_base_task, snapshot.result.T_base_tcp
        label = self._status.primitive or self._status.last
        force = snapshot.wrench[:3]
        self._topics.publish_markers(
            skill_markers(request.scene, R_base_task, T_base_tcp, force, label)
        )

    def take(self, request: EpisodeRequest, snapshot: Snapshot) -> None:
        """Take a control period of the episode that goes on.

        Raises:
            Abandoned: there is to be no other one.
        """
        self._check_abandoned()
        self._topics.publish_wrench(snapshot.wrench)
        R_base_task = request.skill.task.R_base_task
        self._topics.publish_task_frame(R_base_task, snapshot.result.T_base_tcp)
        self._newest = request, snapshot
        with self._lock:
            self._status = replace(self._status, time=snapshot.result.time)

    def enter(self, name: str) -> None:
        """Tell which primitive has become the active one."""
        self._topics.publish_primitive(name)
        self._update(primitive=name)

    def _check_abandoned(self) -> None:
        if self._abandoned.is_set():
            raise Abandoned("the skill node ends")

    def _begin(self, request: EpisodeRequest) -> None:
        known = self._status.delay_ticks
        self._update(
            state=SkillState.RUNNING,
            skill=request.skill.name,
            scene=request.scene.name,
            seed=request.seed,
            time=0.0,
            hints=_hints(request, request.scene.delay_ticks if known is None else known),
            rejected="",
            is_fault=False,
        )

    def _end(self, request: EpisodeRequest, *, last: str, is_fault: bool = False) -> None:
        """Hold the tool, and tell what was measured on the way."""
        self._plant.stop()
        self._topics.publish_primitive("")
        changes: dict = {"state": SkillState.IDLE, "primitive": "", "last": last}
        if (round_trip := self._plant.round_trip) is not None:
            delay = delay_ticks(round_trip, request.scene.servo, self._plant.control_period)
            changes |= {"round_trip": round_trip, "delay_ticks": delay}
            changes["hints"] = _hints(request, delay)
        self._update(missed_ticks=self._plant.missed_ticks, is_fault=is_fault, **changes)

    def _update(self, **changes: object) -> None:
        with self._lock:
            self._status = replace(self._status, **changes)  # type: ignore[arg-type]
        self.tell()


class _Course:
    """The control periods of one episode."""

    def __init__(
        self, runner: EpisodeRunner, request: EpisodeRequest, on_primitive: OnPrimitive
    ) -> None:
        self._runner, self._request, self._on_primitive = runner, request, on_primitive
        self._index: int | None = None

    def add(self, snapshot: Snapshot) -> None:
        self._runner.take(self._request, snapshot)
        if snapshot.primitive == self._index:
            return
        self._index = snapshot.primitive
        nodes = self._request.skill.primitives
        name = "recovery" if self._index == RECOVERY else nodes[self._index].name
        self._runner.enter(name)
        self._on_primitive(name, snapshot)


def _hints(request: EpisodeRequest, delay: int) -> tuple[str, ...]:
    """Return what to say about the force gains, given the delay [control periods]."""
    period = 1.0 / request.scene.control_rate
    return tuple(hint.text for hint in gain_hints(request.bound, delay, period))


def _verdict(episode: Episode) -> str:
    """Say in one line what became of an episode."""
    if episode.success:
        return f"success, cost {episode.cost:.3f}, {episode.duration:.1f} s"
    if episode.invalid_reason:
        return f"invalid: {episode.invalid_reason}"
    error = episode.primitives[episode.last_primitive].error
    return f"failed in {episode.failed_primitive}: {error}"
