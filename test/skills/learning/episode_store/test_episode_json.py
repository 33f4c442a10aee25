# SPDX-License-Identifier: Apache-2.0
import json
import math
from dataclasses import asdict

import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.run import run_episode
from vi_ik_ros.skills.learning.episode_store.episode_json import episode_from_json, episode_to_json
from vi_ik_ros.skills.plants.analytic_plant import AnalyticPlant


def refuse_constant(word):
    raise AssertionError(word)


@pytest.fixture(params=[0.2, 0.9])
def episode(runs, request):
    point = [request.param, 1 / 3, 0.123456789012345678]
    return runs.made_up(dict(zip(runs.problem.space.names, point, strict=True)), seed=2**32 - 1)


def test_every_number_comes_back(episode):
    again = episode_from_json(episode_to_json(episode))
    assert again.digest() == episode.digest()
    assert repr(again) == repr(episode)  # NaN equals nothing, its words do


def test_text_is_strict_json(episode):
    values = json.loads(episode_to_json(episode), parse_constant=refuse_constant)
    assert values["peak_force"] == "inf"
    assert (values["cost"] is None) == math.isnan(episode.cost)


def test_none_and_nan_are_told_apart(runs):
    parameters = dict(zip(runs.problem.space.names, (0.015, 1e-3, 1e-3), strict=True))
    factor = episode_from_json(episode_to_json(runs.made_up(parameters))).factors[1]
    assert factor.ok is None
    assert math.isnan(factor.constraint)


def test_whole_numbers_stay_whole(runs, episode):
    values = asdict(episode)
    assert type(episode_from_json(episode_to_json(episode)).seed) is type(values["seed"])


@pytest.mark.parametrize("speed", [0.004, 0.015])
def test_episode_of_a_plant_comes_back(speed):
    from vi_ik_ros.skills.execution.graph.skill_file import load_skill
    from vi_ik_ros.skills.plants.scene import load_scene

    skill = load_skill("screw_insertion")
    scene = load_scene(skill.scene)
    parameters = {"approach_speed": speed}
    episode = run_episode(AnalyticPlant(scene), skill, scene, parameters, seed=1, recover=False)
    assert episode_from_json(episode_to_json(episode)).digest() == episode.digest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"seed"', '"sead"'),
        ('"not_reached"', '"lost"'),
        ('"primitives": [', '"primitives": [3, '),
        ('"duration": 0', '"duration": [0], "more": 0'),
        ("{", "[", ),
        ('"cost": null', '"cost": "much"'),
    ],
)  # fmt: skip
def test_damaged_text_is_refused(runs, old, new):
    parameters = dict(zip(runs.problem.space.names, (0.015, 1e-3, 1e-3), strict=True))
    text = episode_to_json(runs.made_up(parameters))
    assert old in text
    with pytest.raises(InvalidInput, match="expected the whole record"):
        episode_from_json(text.replace(old, new, 1))
