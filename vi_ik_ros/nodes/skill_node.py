# SPDX-License-Identifier: Apache-2.0
"""The skill node: contact skills on whatever is behind a robot interface node."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # A control period has no use for more.

import gc
import sys
from pathlib import Path

from rclpy.clock import Clock, ClockType
from rclpy.exceptions import InvalidTopicNameException
from rclpy.node import Node

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.nodes.parameters import declare
from vi_ik_ros.nodes.skill.episode_runner import EpisodeRunner
from vi_ik_ros.nodes.skill.goals.episode_server import EpisodeServer
from vi_ik_ros.nodes.skill.goals.learning_server import LearningServer
from vi_ik_ros.nodes.skill.goals.turn import Turn
from vi_ik_ros.nodes.skill.learning.learner import Learner
from vi_ik_ros.nodes.skill.parameters import SkillParameters
from vi_ik_ros.nodes.skill.skill_topics import SkillTopics
from vi_ik_ros.nodes.spinning import spin_node
from vi_ik_ros.nodes.topic_plant import TopicPlant
from vi_ik_ros.skills.execution.graph.skill_file import load_skill

STATUS = 0.5  # [s] between two repetitions of the status
SHOW = 0.1  # [s] between two sets of markers


class SkillNode(Node):
    """Carries out episodes of skills, one at a time, on the robot of a robot interface node.

    Actions: `~/run_episode` (RunEpisode), `~/learn` (LearnSkill); one goal at a time over both.
    Topics out: `~/episode`, `~/status`, `~/primitive`, `~/learning_curve` (latched); of an episode
    that goes on `~/wrench` and, while somebody listens, `~/markers`; `cmd_twist` to the robot.
    Topics in, of the robot: `tcp_pose`, which is the clock of an episode, `wrench`, `status`.
    """

    def __init__(self, **kwargs: object) -> None:
        """Listen; nothing moves before a goal comes.

        Args:
            **kwargs: passed to `rclpy.node.Node` (context, parameter_overrides, namespace, ...).

        Raises:
            ViIkError: a parameter or the default skill cannot be used.
        """
        super().__init__("skill", **kwargs)  # type: ignore[arg-type]
        settings = declare(self, SkillParameters)
        load_skill(settings.default_skill)
        topics = SkillTopics(self)
        self._runner = EpisodeRunner(self._find_robot(settings), topics, recover=settings.recover)
        self._turn = Turn()
        self._episodes = EpisodeServer(self, self._runner, self._turn, settings.default_skill)
        directory, log = _learning_directory(settings), self.get_logger().info
        learner = Learner(self._runner, topics, settings.default_skill, directory, log)
        self._learning = LearningServer(self, self._runner, self._turn, learner)
        steady = Clock(clock_type=ClockType.STEADY_TIME)  # Not the time of a simulation.
        self.create_timer(STATUS, lambda: self._runner.tell(again=True), clock=steady)
        self.create_timer(SHOW, self._runner.show, clock=steady)
        self._runner.tell(again=True)
        topics.publish_primitive("")
        self.get_logger().info(f"default skill {settings.default_skill}")

    def close(self) -> None:
        """Break off the episode that goes on and hold the tool, while ROS 2 still works."""
        self._runner.abandon()
        self._turn.finish(self)

    def _find_robot(self, settings: SkillParameters) -> TopicPlant:
        prefix, timeouts = settings.robot, (settings.pose_timeout, settings.wrench_timeout)
        try:
            return TopicPlant(self, prefix, pose_timeout=timeouts[0], wrench_timeout=timeouts[1])
        except InvalidTopicNameException as error:
            expected = "a prefix of names, such as /cell, or nothing"
            raise InvalidInput("parameter robot", prefix, expected) from error


def _learning_directory(settings: SkillParameters) -> Path:
    """Return where stores of learning runs lie."""
    if settings.learning_directory:
        return Path(settings.learning_directory).expanduser()
    from vi_ik_ros.sampling.store.model_store import data_home

    return data_home() / "learning"


def main(args: list[str] | None = None) -> int:
    """Run the node until Ctrl-C."""
    gc.freeze()  # What the imports made stays: the collector need not look at it between periods.
    return spin_node(SkillNode, args, last_words=SkillNode.close)


if __name__ == "__main__":
    sys.exit(main())
