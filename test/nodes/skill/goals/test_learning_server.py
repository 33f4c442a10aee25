# SPDX-License-Identifier: Apache-2.0
"""Goals of learn over real DDS, and how learning runs end."""

import math
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from diagnostic_msgs.msg import DiagnosticStatus

from vi_ik_ros.action import LearnSkill, RunEpisode
from vi_ik_ros.exceptions import InvalidInput, NotNow
from vi_ik_ros.msg import LearningCurve
from vi_ik_ros.nodes import topic_plant
from vi_ik_ros.nodes.qos import latched
from vi_ik_ros.nodes.skill import episode_runner
from vi_ik_ros.nodes.skill.learning import learner
from vi_ik_ros.nodes.skill.skill_client import NotCarriedOut, SkillClient
from vi_ik_ros.skills.learning.episode_store.episode_store import EpisodeStore, store_path

TOUCH = Path(__file__).parents[1] / "touch.yaml"
TIMEOUT = 20.0  # [s]
# A machine that is busy must not make an episode invalid.
ROBOT = {"hold_after": 1.0, "deadman_after": 10.0, "wrench_age": 10.0, "pose_age": 10.0}
SKILL = {"pose_timeout": 10.0, "wrench_timeout": 10.0}
Result = LearnSkill.Result


def stored(place: str | Path):
    with EpisodeStore.read(store_path(Path(place))) as store:
        return store.run, store.episodes()


def without(text: str, new: str, path: Path) -> str:
    """Write the skill of the tests with one change."""
    assert text in TOUCH.read_text()
    path.write_text(TOUCH.read_text().replace(text, new))
    return str(path)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"skill": "screwing"}, "skill: got screwing, expected a path, or"),
        ({"scene": "moon"}, "scene: got moon, expected"),
        ({"method": "simplex"}, "method: got simplex, expected"),
        ({"num_episodes": 0}, "num_episodes: got 0, expected a whole number from 1"),
        ({"seed": 2**63}, "seed: got 9223372036854775808, expected a whole number from 0, below"),
        ({"required_probability": 1.0}, "required_probability: got 1.0, expected a probability"),
        ({"required_probability": math.nan}, "required_probability: got nan"),
        ({"setting_names": ["num_initial"]}, "setting_values: got 0 values, expected one for each"),
        (
            {"setting_names": ["num_inital"], "setting_values": ["3"]},
            "settings.num_inital: got an unknown setting, expected num_initial",
        ),
        (
            {"setting_names": ["num_initial"], "setting_values": ["few"]},
            "settings.num_initial: got few, expected a whole number",
        ),
        ({"setting_names": ["seed"], "setting_values": ["3"]}, "settings.seed: got 3"),
        ({"resume": True, "store": "/nowhere/run"}, "store: got /nowhere/run/episodes.sqlite, exp"),
        ({"earlier": "/nowhere/run"}, "earlier: got /nowhere/run/episodes.sqlite, expected the f"),
    ],
)
def test_bad_goals_are_answered_with_their_field_before_anything_is_made(
    lonely, fields, says, tmp_path
):
    place = tmp_path / "run"
    result = lonely.learn(**{"store": str(place), **fields})
    assert (result.error_code, result.num_episodes) == (Result.INVALID_REQUEST, 0)
    assert result.error_msg.startswith(says) and "\n" not in result.error_msg
    assert result.store == "" and not place.exists()
    lonely.until(lambda: lonely.status["rejected"] == result.error_msg)
    assert lonely.status["state"] == "IDLE"


def test_why_a_goal_is_refused_stands_in_the_log_in_one_line(lonely, monkeypatch, tmp_path):
    lines = []
    monkeypatch.setattr(
        lonely._skill.node, "get_logger", lambda: SimpleNamespace(warning=lines.append)
    )
    lonely.learn(num_episodes=0, store=str(tmp_path / "run"))
    assert (
        lines.pop() == "goal of learn refused: num_episodes: got 0, expected a whole number from 1"
    )
    monkeypatch.setattr(episode_runner, "ANSWER", 0.3)
    lonely.learn(store=str(tmp_path / "run"))
    assert lines.pop() == "goal of learn refused: no status of a robot interface node after 0.3 s"
    assert lines == []


def test_a_skill_with_reversed_bounds_is_refused(lonely, tmp_path):
    skill = without("lower: 0.001, upper: 0.02", "lower: 0.02, upper: 0.001", tmp_path / "a.yaml")
    with pytest.raises(NotCarriedOut, match="speed.lower: got 0.02, expected less") as refusal:
        lonely.client.learn(skill, num_episodes=3, store=str(tmp_path / "run"))
    assert refusal.value.code == Result.INVALID_REQUEST
    assert not (tmp_path / "run").exists()


def test_without_a_robot_nothing_is_made(lonely, tmp_path, monkeypatch):
    monkeypatch.setattr(episode_runner, "ANSWER", 0.3)
    result = lonely.learn(store=str(tmp_path / "run"))
    assert result.error_code == Result.NO_ROBOT
    assert result.error_msg == "no status of a robot interface node after 0.3 s"
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_run_is_told_while_it_goes_on_and_nothing_else_moves_the_robot(make_bench, tmp_path):
    bench = make_bench(ROBOT, learning_directory=str(tmp_path), **SKILL)
    robot = bench.hear(DiagnosticStatus, "status", latched(8))
    curves = bench.hear(LearningCurve, "~/learning_curve", latched(8))
    rejected = []
    with SkillClient(bench.client.server, int(os.environ["ROS_DOMAIN_ID"])) as other:
        assert other.wait(TIMEOUT)

        def ask() -> bool:
            if bench.learned and not rejected:
                for goal in (other.run_episode, lambda **_: other.learn(num_episodes=1)):
                    with pytest.raises(NotNow, match="the learning run that is going on"):
                        goal(timeout=TIMEOUT)
                rejected.append(True)
            return False

        result = bench.learn(ask, num_episodes=3, seed=1, safe_start=True)
    assert (result.error_code, result.error_msg) == (Result.NONE, "")
    assert (result.ending, result.num_valid, result.num_episodes) == ("complete", 3, 3)
    assert result.store == str(tmp_path / "touch-screw_slot-sobol-1" / "episodes.sqlite")
    said = [{pair.key: pair.value for pair in one.values} for one in bench.heard["~/status"]]
    rejected = {one["rejected"] for one in said}
    expected = "no goal while a learning run is going on: cancel it, or wait for its end"
    assert f"goal: got the default skill, expected {expected}" in rejected
    assert any(one["learning"] == "touch by sobol: 2 of 3 episodes" for one in said)
    run, entries = stored(result.store)
    assert (run.plant, run.settings) == ("topics/analytic", {"safe_start": True})
    check_feedback(bench.learned, entries)
    bench.until(lambda: curves[-1].marks)
    check_curve(curves[-1], entries, result)
    bench.until(lambda: robot and robot[-1].message == "HOLD")
    bench.until(lambda: bench.status["learning"] == "")


def check_feedback(told, entries):
    assert [(one.number, one.ended) for one in told] == [
        (k, ended) for k in (1, 2, 3) for ended in (False, True)
    ]
    assert told[0].parameters[0] == pytest.approx(0.01), "the default"
    for entry, begin, end in zip(entries, told[::2], told[1::2], strict=True):
        episode = entry.episode
        assert dict(zip(begin.parameter_names, begin.parameters, strict=True)) == episode.parameters
        assert begin.reason == end.reason == entry.suggestion.reason
        assert (end.success, end.num_valid) == (episode.success, entry.number)
        assert end.failed_primitive == episode.failed_primitive
        assert end.cost == episode.cost or math.isnan(episode.cost)


def check_curve(curve, entries, result):
    episodes = [entry.episode for entry in entries]
    assert (curve.skill, curve.method, curve.seed, curve.num_episodes) == ("touch", "sobol", 1, 3)
    assert list(curve.success) == [one.success for one in episodes]
    assert list(curve.failed_primitive) == [one.failed_primitive for one in episodes]
    best = math.inf
    for cost, least, one in zip(curve.cost, curve.best_cost, episodes, strict=True):
        assert cost == one.cost or math.isnan(cost) and not one.success
        best = min(best, math.inf if math.isnan(cost) else cost)
        assert least == best or math.isnan(least) and best == math.inf
    assert list(curve.marks) == [3]
    assert curve.recommended_cost[0] == pytest.approx(result.expected_cost, nan_ok=True)


@pytest.mark.slow
def test_a_cancelled_run_is_kept_and_resume_goes_on_with_its_suggestion(make_bench, tmp_path):
    bench = make_bench(ROBOT, learning_directory=str(tmp_path), **SKILL)
    robot = bench.hear(DiagnosticStatus, "status", latched(8))

    def in_the_second() -> bool:
        return bool(bench.learned) and bench.learned[-1].number == 2

    stopped = bench.learn(in_the_second, seed=4)
    assert (stopped.error_code, stopped.ending) == (Result.STOPPED, "stopped")
    assert stopped.error_msg == "stopped after 1 of 3 episodes; resume goes on"
    bench.until(lambda: robot and robot[-1].message == "HOLD")
    _, kept = stored(stopped.store)
    assert [entry.episode.invalid_reason for entry in kept] == ["", "cancelled"]
    again = bench.learn(seed=4)
    assert again.error_code == Result.INVALID_REQUEST
    assert "or resume to go on with the run that is there" in again.error_msg
    result = bench.learn(seed=4, resume=True)
    assert (result.error_code, result.num_valid, result.num_episodes) == (Result.NONE, 3, 4)
    _, entries = stored(result.store)
    assert entries[2].suggestion.x.tolist() == entries[1].suggestion.x.tolist()
    assert entries[2].episode.seed != entries[1].episode.seed
    check_other_runs_are_refused(bench, result.store, tmp_path)


def check_other_runs_are_refused(bench, store, tmp_path):
    other = without("default: 0.01", "default: 0.012", tmp_path / "other.yaml")
    goes_on = {"store": store, "resume": True, "num_episodes": 5}
    for fields, says in (
        ({"skill": other}, "skill: got touch (digest"),
        ({"method": "eic"}, "method: got eic, expected sobol, whose episodes"),
        ({"seed": 5}, "seed: got 5, expected 4"),
        (
            {"setting_names": ["num_initial"], "setting_values": ["2"]},
            "settings.num_initial: got 2, expected the default, whose episodes",
        ),
        ({"safe_start": True}, "settings.safe_start: got True, expected the default"),
    ):
        result = bench.learn(**{**goes_on, **fields})
        assert result.error_code == Result.INVALID_REQUEST
        assert result.error_msg.startswith(says)
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA user_version = 9")
    result = bench.learn(**goes_on)
    assert result.error_code == Result.INVALID_REQUEST
    assert "a newer vi_ik_ros wrote version 9" in result.error_msg


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (InvalidInput("store", "a", "a disk"), Result.STORE_UNUSABLE, "store: got a, expected a d"),
        (ZeroDivisionError("of the test"), Result.INTERNAL, "ZeroDivisionError: of the test"),
    ],
)
def test_a_full_disk_and_a_fault_of_the_node_are_answers(
    make_bench, tmp_path, monkeypatch, error, code, says
):
    def fails(*_: object, **__: object) -> None:
        raise error

    bench = make_bench(learning_directory=str(tmp_path))
    monkeypatch.setattr(learner, "learn", fails)
    result = bench.learn(store="run")
    assert (result.error_code, result.ending) == (code, "")
    assert result.error_msg.startswith(says)
    monkeypatch.undo()
    EpisodeStore.resume(tmp_path / "run" / "episodes.sqlite", stored(tmp_path / "run")[0]).close()
    bench.until(lambda: bench.status["learning"] == "")
    assert bench.learn(num_episodes=0).error_code == Result.INVALID_REQUEST


@pytest.mark.slow
def test_a_robot_that_dies_ends_the_run_with_a_clear_line(make_bench, tmp_path, monkeypatch):
    monkeypatch.setattr(topic_plant, "ANSWER", 0.5)
    bench = make_bench(learning_directory=str(tmp_path))

    def kill_once() -> bool:
        if bench.learned and bench.robot is not None:
            bench.robot.end()
            bench.robot = None
        return False

    result = bench.learn(kill_once)
    assert (result.error_code, result.ending) == (Result.INVALID_EPISODES, "invalid")
    assert result.error_msg.startswith("3 invalid episodes in a row, the last one: ")
    assert result.error_msg.endswith("; 0 of 3 episodes are valid, resume goes on")
    assert [entry.is_valid for entry in stored(result.store)[1]] == [False] * 3
    assert list(result.parameters) == [] and math.isnan(result.probability)


def test_learning_waits_for_an_episode(make_bench):
    bench = make_bench()
    rejected = []
    with SkillClient(bench.client.server, int(os.environ["ROS_DOMAIN_ID"])) as other:
        assert other.wait(TIMEOUT)

        def ask() -> None:
            with pytest.raises(NotNow, match="expected the end of the episode"):
                other.learn(num_episodes=1, timeout=TIMEOUT)
            rejected.append(True)

        result = bench.send({"speed": 0.004}, bench.once_moving(ask))
    assert rejected and result.error_code == RunEpisode.Result.NONE
