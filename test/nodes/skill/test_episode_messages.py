# SPDX-License-Identifier: Apache-2.0
"""Goals and episodes over the wire: nothing is lost, and bad goals are refused by their field."""

import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from builtin_interfaces.msg import Time
from rclpy.serialization import deserialize_message, serialize_message

from vi_ik_ros.action import RunEpisode
from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.msg import Episode as EpisodeMsg
from vi_ik_ros.nodes.skill.episode_messages import (
    episode_from_msg,
    episode_to_msg,
    request_from_goal,
)
from vi_ik_ros.skills.execution.episode import Episode
from vi_ik_ros.skills.execution.graph.skill_file import load_skill
from vi_ik_ros.skills.execution.run import run_episode
from vi_ik_ros.skills.plants.analytic_plant import AnalyticPlant
from vi_ik_ros.skills.plants.limits import Limits
from vi_ik_ros.skills.plants.safety_gate import SafetyGate
from vi_ik_ros.skills.plants.scene import load_scene

TOUCH = str(Path(__file__).with_name("touch.yaml"))


def carried(episode: Episode) -> EpisodeMsg:
    """Carry an episode as DDS does."""
    message = episode_to_msg(episode, Time(sec=7))
    return deserialize_message(serialize_message(message), EpisodeMsg)


def touched(speed: float, **limits: float) -> Episode:
    skill, scene = load_skill(TOUCH), load_scene("screw_slot")
    plant = SafetyGate(AnalyticPlant(scene), replace(Limits.of(scene), **limits))
    return run_episode(plant, skill, scene, {"speed": speed}, seed=3)


@pytest.mark.parametrize(("speed", "limits"), [(0.01, {}), (0.02, {}), (0.01, {"hard_force": 3.0})])
def test_an_episode_survives_the_wire_to_its_digest(speed, limits):
    episode = touched(speed, **limits)
    message = carried(episode)
    back = episode_from_msg(message)
    assert message.digest == episode.digest() == back.digest()
    assert json.dumps(asdict(back)) == json.dumps(asdict(episode))
    assert message.header.stamp.sec == 7


def test_a_factor_that_was_not_evaluated_and_a_missing_number_stay_what_they_are():
    episode = touched(0.01)
    factor = replace(episode.factors[0], evaluated=False, ok=None, constraint=math.nan, metrics={})
    back = episode_from_msg(carried(replace(episode, factors=(factor,), invalid_reason="tare")))
    assert back.factors[0].ok is None
    assert math.isnan(back.factors[0].constraint)
    assert back.invalid_reason == "tare"


def test_a_goal_without_anything_is_the_defaults():
    request = request_from_goal(RunEpisode.Goal(), "screw_insertion")
    assert request.skill.name == "screw_insertion" and request.scene.name == "screw_slot"
    assert dict(request.parameters) == {p.name: p.default for p in request.skill.space.parameters}


def test_a_goal_says_what_it_wants():
    goal = RunEpisode.Goal(
        skill=TOUCH,
        parameter_names=["speed"],
        parameters=[0.004],
        seed=2**64 - 1,
        scene="peg_oblong",
    )
    request = request_from_goal(goal, "screw_insertion")
    assert (request.skill.name, request.scene.name) == ("touch", "peg_oblong")
    assert (request.parameters, request.seed) == ({"speed": 0.004}, 2**64 - 1)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"skill": "screw_insertio"}, r"^skill: got screw_insertio, expected .*screw_insertion"),
        ({"skill": "/nowhere/a.yaml"}, r"^skill: got /nowhere/a.yaml"),
        ({"scene": "moon"}, r"^scene: got moon"),
        ({"parameter_names": ["sped"], "parameters": [0.01]}, r"^parameters.sped: .*speed"),
        ({"parameter_names": ["speed"], "parameters": [1.0]}, r"^parameters.speed: got 1.0, .*m/s"),
        ({"parameter_names": ["speed"], "parameters": [math.nan]}, r"^parameters.speed: got nan"),
        ({"parameter_names": ["speed"]}, r"^parameters: got 0 numbers, expected one for each of 1"),
        ({"parameters": [0.01]}, r"^parameters: got 1 numbers, expected one for each of 0"),
        (
            {"parameter_names": ["speed"] * 2, "parameters": [0.01] * 2},
            r"^parameter_names: got speed, speed, expected each parameter once",
        ),
    ],
)
def test_a_bad_goal_is_refused_by_its_field(fields, says):
    with pytest.raises(InvalidInput, match=says) as refusal:
        request_from_goal(RunEpisode.Goal(**{"skill": TOUCH, **fields}), "screw_insertion")
    assert "\n" not in str(refusal.value)
