# SPDX-License-Identifier: Apache-2.0
"""Goals of run_episode over real DDS, and how their episodes end."""

import os
from pathlib import Path

import pytest
from action_msgs.msg import GoalStatus
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import WrenchStamped
from std_msgs.msg import String
from std_srvs.srv import Trigger
from visualization_msgs.msg import MarkerArray

from vi_ik_ros.action import RunEpisode
from vi_ik_ros.exceptions import NotNow
from vi_ik_ros.msg import Episode as EpisodeMsg
from vi_ik_ros.nodes import topic_plant
from vi_ik_ros.nodes.qos import latched, sensor_data
from vi_ik_ros.nodes.skill.episode_messages import episode_from_msg
from vi_ik_ros.nodes.skill.skill_client import NotCarriedOut, SkillClient

TOUCH = str(Path(__file__).parents[1] / "touch.yaml")
TIMEOUT = 20.0  # [s]
# [m/s], 4 s and 1.3 s until contact; a period that a loaded machine leaves out adds 1.8 N.
SLOW, QUICK = {"speed": 0.001}, {"speed": 0.003}
Result = RunEpisode.Result


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"skill": "screwing"}, "skill: got screwing, expected a path, or"),
        ({"scene": "moon"}, "scene: got moon, expected"),
        ({"parameter_names": ["speed"], "parameters": [1.0]}, "parameters.speed: got 1.0, exp"),
        ({"parameter_names": ["speed"], "parameters": [float("nan")]}, "parameters.speed: got nan"),
        ({"parameter_names": ["speed"]}, "parameters: got 0 numbers, expected one for each of 1"),
    ],
)
def test_bad_goals_are_answered_with_their_field_and_nothing_moves(lonely, fields, says):
    result = lonely.client.send(RunEpisode.Goal(**fields), timeout=TIMEOUT)
    assert (result.error_code, result.episode.skill) == (Result.INVALID_REQUEST, "")
    assert result.error_msg.startswith(says) and "\n" not in result.error_msg
    lonely.until(lambda: lonely.status["rejected"] == result.error_msg)
    assert lonely.status["state"] == "IDLE"


def test_the_client_raises_what_the_node_refuses(lonely):
    with pytest.raises(NotCarriedOut, match="parameters.sped: got an unknown") as refusal:
        lonely.client.run_episode(parameters={"sped": 0.01})
    assert refusal.value.code == Result.INVALID_REQUEST


def test_without_a_robot_the_answer_says_so_within_a_timeout(lonely, monkeypatch):
    monkeypatch.setattr(topic_plant, "ANSWER", 0.3)
    result = lonely.send(QUICK)
    assert result.error_code == Result.INVALID_EPISODE
    assert result.error_msg == "transport: no status of a robot interface node after 0.3 s"
    assert not result.episode.success and result.episode.primitives[0].outcome == "broken_off"


def test_a_fault_of_the_node_is_an_answer_and_the_node_goes_on(lonely, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("of the test")

    monkeypatch.setattr("vi_ik_ros.nodes.skill.episode_runner.run_episode", broken)
    monkeypatch.setattr(topic_plant, "ANSWER", 0.3)
    result = lonely.send(QUICK)
    assert result.error_code == Result.INTERNAL
    assert result.error_msg == "ZeroDivisionError: of the test"
    lonely.until(lambda: lonely.status["level"] == DiagnosticStatus.ERROR)
    assert lonely.send({"speed": 9.0}).error_code == Result.INVALID_REQUEST


def test_an_episode_tells_all_about_itself_and_holds_the_tool_at_its_end(make_bench):
    bench = make_bench()
    wrenches = bench.hear(WrenchStamped, "~/wrench", sensor_data(500))
    names = bench.hear(String, "~/primitive", latched(1))
    episodes = bench.hear(EpisodeMsg, "~/episode", latched(1))
    robot = bench.hear(DiagnosticStatus, "status", latched(8))
    markers = bench.hear(MarkerArray, "~/markers", latched(1))
    episode = bench.run(QUICK, seed=4)
    assert episode.success and episode.invalid_reason == ""
    assert (episode.seed, dict(episode.parameters)) == (4, QUICK)
    told = [(one.primitive, one.done, one.total) for one in bench.feedback]
    assert told == [("down", 0, 2), ("press", 1, 2)]
    bench.until(lambda: episodes and [one.data for one in names][-3:] == ["down", "press", ""])
    assert episode_from_msg(episodes[0]).digest() == episode.digest() == episodes[0].digest
    assert {one.header.frame_id for one in wrenches} == {"task"}
    assert wrenches[-1].wrench.force.z == pytest.approx(5.0, abs=2.0), "of the tool, downwards"
    bench.until(lambda: any("contact_force" in {m.ns for m in one.markers} for one in markers))
    bench.until(lambda: bench.status["state"] == "IDLE" and bench.status["last"])
    if bench.status["missed_ticks"] == "0":  # or there may be too few to tell
        assert bench.status["delay_ticks"] in ("0", "1", "2")
    bench.until(lambda: robot[-1].message == "HOLD")


def test_a_second_goal_is_rejected_with_a_reason_while_the_first_goes_on(make_bench):
    bench = make_bench()
    rejected = []
    with SkillClient(bench.client.server, int(os.environ["ROS_DOMAIN_ID"])) as other:
        assert other.wait(TIMEOUT)

        def ask() -> None:
            with pytest.raises(NotNow, match="expected the end of the episode"):
                other.run_episode(parameters=QUICK, timeout=TIMEOUT)
            rejected.append(True)

        result = bench.send({"speed": 0.004}, bench.once_moving(ask))
    assert rejected and result.error_code == Result.NONE and result.episode.success
    said = [{pair.key: pair.value for pair in one.values} for one in bench.heard["~/status"]]
    reason = "goal: got the default skill, expected no goal while another episode is going on: "
    assert any(one["rejected"].startswith(reason) for one in said)


def test_a_gain_near_the_limit_is_a_warning(make_bench, tmp_path):
    stiff = tmp_path / "stiff.yaml"
    stiff.write_text(Path(TOUCH).read_text().replace("gain: 8.0e-4", "gain: 1.2e-3"))
    bench = make_bench()
    assert bench.run(QUICK, skill=str(stiff)).invalid_reason == ""
    bench.until(lambda: bench.status["last"])
    assert bench.status["level"] == DiagnosticStatus.WARN
    assert bench.status["hints"].startswith("K_P 0.0012")
    assert bench.run(QUICK).success
    bench.until(lambda: bench.status["hints"] == "" or bench.status["delay_ticks"] != "1")


def test_cancel_stops_retracts_and_holds(make_bench):
    bench = make_bench()
    robot = bench.hear(DiagnosticStatus, "status", latched(8))
    client, goal = bench.client, RunEpisode.Goal(parameter_names=["speed"], parameters=[0.001])
    sent = client._action.send_goal_async(goal, lambda m: bench.feedback.append(m.feedback))
    bench.until(lambda: bench.feedback)
    handle = sent.result()
    done = handle.get_result_async()
    handle.cancel_goal_async()
    bench.until(lambda: bench.status["state"] == "STOPPING")
    bench.until(done.done)
    status, result = done.result().status, done.result().result
    assert (status, result.error_code) == (GoalStatus.STATUS_CANCELED, Result.INVALID_EPISODE)
    assert result.error_msg == result.episode.invalid_reason == "cancelled"
    assert result.episode.recovered and not result.episode.success
    assert [one.primitive for one in bench.feedback] == ["down", "recovery"]
    bench.until(lambda: robot[-1].message == "HOLD")
    assert bench.run(QUICK).success, "the next one is as good as any"


def test_a_hard_force_trip_is_a_failure_of_the_parameters(make_bench):
    bench = make_bench({"hard_force": 3.0})
    result = bench.send(QUICK)
    assert result.error_code == Result.NONE
    episode = episode_from_msg(result.episode)
    assert (episode.success, episode.invalid_reason) == (False, "")
    assert (episode.failed_primitive, episode.primitives[0].error) == ("down", "hard_force")
    assert episode.peak_force > 3.0 and episode.factors[0].ok is False


def test_an_operators_stop_is_not_one(make_bench):
    bench = make_bench()
    stop = bench.client._node.create_client(Trigger, f"{bench.space}/stop")
    bench.until(stop.service_is_ready)
    act = bench.once_moving(lambda: stop.call_async(Trigger.Request()))
    result = bench.send(SLOW, act)
    assert result.error_code == Result.INVALID_EPISODE
    assert result.error_msg.startswith("operator_stop: ")
    assert result.episode.primitives[0].outcome == "broken_off"
    assert not result.episode.recovered


def test_a_robot_that_falls_silent_makes_the_episode_invalid(make_bench):
    bench = make_bench()
    result = bench.send(SLOW, bench.once_moving(bench.robot.end))
    assert result.error_code == Result.INVALID_EPISODE
    assert result.error_msg.split(":")[0] in ("stale_pose", "transport")
    bench.robot = None
    bench.until(lambda: bench.status["last"].startswith("invalid: "))
