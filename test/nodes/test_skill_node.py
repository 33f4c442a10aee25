# SPDX-License-Identifier: Apache-2.0
"""The skill node as a process: a whole insertion over topics, and Ctrl-C in the middle of one."""

import os
import signal
from pathlib import Path

import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.context import Context
from rclpy.parameter import Parameter

from vi_ik_ros.action import LearnSkill, RunEpisode
from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.nodes.processes.private_robot_interface import PrivateRobotInterface
from vi_ik_ros.nodes.processes.private_skill import PrivateSkill
from vi_ik_ros.nodes.qos import latched
from vi_ik_ros.nodes.skill.skill_client import NotCarriedOut
from vi_ik_ros.nodes.skill_node import SkillNode
from vi_ik_ros.skills.learning.episode_store.episode_store import EpisodeStore

TIMEOUT = 20.0  # [s]
TOUCH = Path(__file__).parent / "skill" / "touch.yaml"
# A machine that runs other tests as well lets control periods wait.
ROBOT = {"backend": "analytic", "hold_after": 1.0, "deadman_after": 5.0}
ROBOT |= {"wrench_age": 2.0, "pose_age": 2.0}
SKILL = {"pose_timeout": 1.0, "wrench_timeout": 1.0}


def test_a_default_skill_or_a_prefix_that_cannot_be_is_refused_at_start():
    with pytest.raises(InvalidInput, match="skill: got nothing_known"):
        make_alone(default_skill="nothing_known")
    with pytest.raises(InvalidInput, match="parameter robot: got /a b"):
        make_alone(robot="/a b")


def make_alone(**parameters: object) -> None:
    context = Context()
    rclpy.init(context=context, domain_id=int(os.environ["ROS_DOMAIN_ID"]))
    try:
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        SkillNode(context=context, parameter_overrides=overrides)
    finally:
        context.try_shutdown()


@pytest.mark.slow
def test_a_screw_is_inserted_over_topics_and_ctrl_c_in_mid_episode_stops_the_robot():
    with PrivateRobotInterface(ROBOT) as robot, PrivateSkill(SKILL) as skill:
        client, said = skill.client, []
        episode = client.run_episode("screw_insertion", seed=1, timeout=60.0)
        assert episode.success, episode
        assert episode.invalid_reason == "" and episode.duration < 15.0
        space = robot.full_name.rpartition("/")[0]
        client._node.create_subscription(
            DiagnosticStatus, f"{space}/status", said.append, latched(8)
        )

        def interrupt(_: RunEpisode.Feedback) -> None:
            os.kill(skill.pid, signal.SIGINT)

        with pytest.raises(NotCarriedOut, match="the skill node ends"):
            client.run_episode("screw_insertion", on_primitive=interrupt, timeout=TIMEOUT)
        assert skill._process.wait(TIMEOUT) == 0
        assert client._until(lambda: bool(said) and said[-1].message == "HOLD", TIMEOUT)
        assert "Traceback" not in Path(skill._log.name).read_text()
    assert robot.exit_code == 0


@pytest.mark.slow
def test_a_robot_that_is_killed_in_mid_episode_makes_it_invalid():
    with PrivateRobotInterface(ROBOT) as robot, PrivateSkill(SKILL) as skill:

        def kill(_: RunEpisode.Feedback) -> None:
            robot.kill()

        episode = skill.client.run_episode("screw_insertion", on_primitive=kill, timeout=TIMEOUT)
        assert episode.invalid_reason.startswith(("stale_pose: ", "stale_wrench: ", "transport: "))
        assert not episode.success and episode.failed_primitive == ""
        with pytest.raises(NotCarriedOut, match=r"parameters\.speed"):
            skill.client.run_episode("screw_insertion", {"speed": 1.0})
    assert skill.exit_code == 0


@pytest.mark.slow
def test_ctrl_c_in_a_learning_run_keeps_every_episode_and_holds_the_robot(tmp_path):
    settings = {**SKILL, "learning_directory": str(tmp_path)}
    with PrivateRobotInterface(ROBOT) as robot, PrivateSkill(settings) as skill:
        client, said = skill.client, []
        space = robot.full_name.rpartition("/")[0]
        client._node.create_subscription(
            DiagnosticStatus, f"{space}/status", said.append, latched(8)
        )

        def interrupt(told: LearnSkill.Feedback) -> None:
            if told.number == 2 and not told.ended:
                os.kill(skill.pid, signal.SIGINT)

        learned = client.learn(
            str(TOUCH), num_episodes=9, method="sobol", store="run", on_feedback=interrupt
        )
        in_mid_episode = ("", "the skill node ends")
        before_it = ("stopped", "stopped after 1 of 9 episodes; resume goes on")
        assert (learned.ending, learned.reason) in (in_mid_episode, before_it)
        assert learned.num_episodes == 1
        assert skill._process.wait(TIMEOUT) == 0
        assert client._until(lambda: bool(said) and said[-1].message == "HOLD", TIMEOUT)
        assert "Traceback" not in Path(skill._log.name).read_text()
    path = tmp_path / "run" / "episodes.sqlite"
    assert learned.store == str(path)
    with EpisodeStore.resume(path, EpisodeStore.peek(path)) as store:  # nobody has it open
        assert [entry.number for entry in store.episodes()] == [1]
