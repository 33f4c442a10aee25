# SPDX-License-Identifier: Apache-2.0
"""Learning runs on the robot: the loop of `vi-ik skill learn`, told while it goes on."""

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from vi_ik_ros.action import LearnSkill
from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.nodes.skill.episode_messages import EpisodeRequest
from vi_ik_ros.nodes.skill.episode_runner import Abandoned, EpisodeRunner
from vi_ik_ros.nodes.skill.learning.curve_messages import curve_to_msg
from vi_ik_ros.nodes.skill.learning.learning_messages import (
    feedback_to_msg,
    request_from_goal,
    result_to_msg,
)
from vi_ik_ros.nodes.skill.skill_topics import SkillTopics
from vi_ik_ros.skills.execution.episode import Episode
from vi_ik_ros.skills.execution.graph.skill import Skill
from vi_ik_ros.skills.execution.graph.skill_file import skill_from
from vi_ik_ros.skills.execution.trace import Recorder, Trace
from vi_ik_ros.skills.learning.episode_store.episode_store import EpisodeStore
from vi_ik_ros.skills.learning.episode_store.stored_episode import StoredEpisode
from vi_ik_ros.skills.learning.loop import MOST_INVALID, learn
from vi_ik_ros.skills.learning.optimizer import Suggestion
from vi_ik_ros.skills.learning.run.prepare import PreparedRun, prepare
from vi_ik_ros.skills.learning.run.progress import Ending, LearningSummary, Progress
from vi_ik_ros.skills.plants.scene import Scene, load_scene
from vi_ik_ros.skills.plants.scene.yaml_file import load_yaml

OVER_TOPICS = "topics"  # before what the robot interface has behind it: no plant in lock-step

OnFeedback = Callable[[LearnSkill.Feedback], None]


@dataclass(frozen=True)
class Asked:
    """A run that somebody asks for.

    Attributes:
        skill: what is done.
        scene: where.
        prepared: what is learned, how, and where it is kept.
    """

    skill: Skill
    scene: Scene
    prepared: PreparedRun


class Learner:
    """Carries out one learning run at a time, in the thread of whoever asks for it.

    That must not be the thread of the executor.

    Args:
        runner: carries out the episodes.
        topics: where the curve is told.
        default_skill: of goals that name none.
        directory: of stores that are named by less than a whole path.
        log: takes a line now and then.
    """

    def __init__(
        self,
        runner: EpisodeRunner,
        topics: SkillTopics,
        default_skill: str,
        directory: Path,
        log: Callable[[str], object],
    ) -> None:
        self._runner, self._topics, self._log = runner, topics, log
        self._default_skill, self._directory = default_skill, directory

    def learn(
        self, goal: LearnSkill.Goal, stopping: Callable[[], bool], on_feedback: OnFeedback
    ) -> LearnSkill.Result:
        """Carry out a run; the tool stands still between its episodes and after them.

        Args:
            goal: what is learned.
            stopping: asked in every control period whether to stop, retract, hold and end.
            on_feedback: told before and after each episode.

        Raises:
            InvalidInput: a part of the goal cannot be used; no episode was carried out.
            NoAnswer: there is no robot; the same.
        """
        asked = self._asked(goal)
        plant = f"{OVER_TOPICS}/{self._runner.backend()}"
        prepared = asked.prepared.on(plant)
        with prepared.open() as store:
            run = prepared.run
            self._log(f"learning {run.skill_name} by {run.method} into {store.path}")
            if prepared.code != run.code:
                self._log(f"begun with code {prepared.code}, this is {run.code}")
            course = _Course(self._runner, self._topics, asked, prepared, store, on_feedback)
            try:
                result = course.result(stopping)
            finally:
                self._runner.learning("")
        self._log(f"learned: {result.error_msg or result.ending}, {result.num_valid} episodes")
        return result

    def _asked(self, goal: LearnSkill.Goal) -> Asked:
        """Read what a goal names, and check everything that needs no robot."""
        values = load_yaml("skill", goal.skill or self._default_skill)
        skill = skill_from(values)
        assert isinstance(values, Mapping)  # or there would be no skill
        scene = load_scene(goal.scene or skill.scene)
        request = request_from_goal(goal, skill, values, scene, self._directory)
        return Asked(skill, scene, prepare(request))


class _Course:
    """A run that goes on."""

    def __init__(
        self,
        runner: EpisodeRunner,
        topics: SkillTopics,
        asked: Asked,
        prepared: PreparedRun,
        store: EpisodeStore,
        on_feedback: OnFeedback,
    ) -> None:
        self._runner, self._topics, self._asked = runner, topics, asked
        self._prepared, self._store, self._on_feedback = prepared, store, on_feedback
        self._stopping: Callable[[], bool] = lambda: False
        self._entries = store.episodes()
        self._progress = Progress()
        for entry in self._entries:
            self._progress = self._progress.after(entry)

    def result(self, stopping: Callable[[], bool]) -> LearnSkill.Result:
        """Carry out the loop, and say what it came to."""
        self._stopping = stopping
        self._tell()
        try:
            summary = self._learn()
        except Abandoned as error:
            return self._broken_off(LearnSkill.Result.STOPPED, error)
        except InvalidInput as error:  # of the store: the goal was checked before
            return self._broken_off(LearnSkill.Result.STORE_UNUSABLE, error)
        self._tell()
        problem, progress = self._prepared.problem, summary.progress
        result = result_to_msg(problem, self._store.path, progress, summary)
        result.error_msg = self._words(summary)
        return result

    def _broken_off(self, code: int, error: Exception) -> LearnSkill.Result:
        """Say what a run came to that did not end by itself."""
        result = result_to_msg(self._prepared.problem, self._store.path, self._progress)
        result.error_code, result.error_msg = code, str(error)
        return result

    def _learn(self) -> LearningSummary:
        request = self._prepared.request
        return learn(
            self._prepared.problem,
            self._prepared.optimizer,
            self._run_episode,
            self._store,
            num_episodes=request.num_episodes,
            required_probability=request.required_probability,
            on_suggestion=self._on_suggestion,
            on_episode=self._on_episode,
            stopping=lambda: self._stopping() or self._runner.is_abandoned,
        )

    def _run_episode(self, parameters: Mapping[str, float], seed: int) -> tuple[Episode, Trace]:
        # Looking through all of torch's objects lasts longer than a control period: do it now,
        # while the tool stands still, and not again in the episode.
        gc.collect()
        gc.freeze()
        recorder = Recorder()
        request = EpisodeRequest(self._asked.skill, self._asked.scene, parameters, seed)
        episode, _ = self._runner.run(request, self._stopping, on_tick=recorder.add)
        return episode, recorder.trace()

    def _on_suggestion(self, suggestion: Suggestion, progress: Progress) -> None:
        self._on_feedback(feedback_to_msg(self._prepared.problem, suggestion, progress))

    def _on_episode(self, entry: StoredEpisode, progress: Progress) -> None:
        self._entries.append(entry)
        self._progress = progress
        self._tell()
        problem = self._prepared.problem
        self._on_feedback(feedback_to_msg(problem, entry.suggestion, progress, entry))

    def _tell(self) -> None:
        """Publish how far the run is."""
        run, wanted = self._prepared.run, self._prepared.request.num_episodes
        done = f"{self._progress.num_valid} of {wanted}"
        self._runner.learning(f"{run.skill_name} by {run.method}: {done} episodes")
        recommendations = self._store.recommendations()
        self._topics.publish_curve(curve_to_msg(self._prepared, self._entries, recommendations))

    def _words(self, summary: LearningSummary) -> str:
        """Say in one line why there are not as many episodes as were asked for."""
        done = f"{summary.progress.num_valid} of {self._prepared.request.num_episodes} episodes"
        if summary.ending is Ending.STOPPED:
            return f"stopped after {done}; resume goes on"
        if summary.ending is Ending.INVALID:
            reason = self._entries[-1].episode.invalid_reason
            words = f"{MOST_INVALID} invalid episodes in a row, the last one: {reason}"
            return f"{words}; {done} are valid, resume goes on"
        return ""
