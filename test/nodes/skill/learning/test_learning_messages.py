# SPDX-License-Identifier: Apache-2.0
"""Goals of learn to requests, and runs to messages, without a node."""

import math
from pathlib import Path

import pytest

from vi_ik_ros.action import LearnSkill
from vi_ik_ros.nodes.skill.learning.curve_messages import curve_to_msg
from vi_ik_ros.nodes.skill.learning.learned_skill import LearnedSkill
from vi_ik_ros.nodes.skill.learning.learning_messages import request_from_goal, result_to_msg
from vi_ik_ros.skills.execution.graph.skill_file import skill_from
from vi_ik_ros.skills.learning.episode_store.stored_episode import StoredRecommendation
from vi_ik_ros.skills.learning.optimizer import Recommendation
from vi_ik_ros.skills.learning.run.prepare import prepare
from vi_ik_ros.skills.learning.run.progress import Ending, LearningSummary, Progress
from vi_ik_ros.skills.plants.scene import load_scene
from vi_ik_ros.skills.plants.scene.yaml_file import load_yaml

VALUES = load_yaml("skill", str(Path(__file__).parents[1] / "touch.yaml"))
SKILL = skill_from(VALUES)
HOME = Path("/data")


def asked(**fields):
    goal = LearnSkill.Goal(**{"num_episodes": 3, **fields})
    return request_from_goal(goal, SKILL, VALUES, load_scene(SKILL.scene), HOME)


@pytest.mark.parametrize(
    ("store", "place"),
    [
        ("", "/data/touch-screw_slot-eic-7"),
        ("runs/a", "/data/runs/a"),
        ("/mnt/a.sqlite", "/mnt/a.sqlite"),
        ("~/a", str(Path.home() / "a")),
    ],
)
def test_a_store_that_is_no_whole_path_lies_in_the_directory(store, place):
    assert asked(method="eic", seed=7, store=store).place == Path(place)
    earlier = asked(earlier=store).earlier
    assert earlier == (Path(place) if store else None)


def test_what_is_empty_is_left_open():
    request = asked()
    assert (request.method, request.seed, request.plant) == (None, 0, None)
    assert (request.required_probability, request.settings) == (0.8, {})
    assert asked(resume=True).seed is None
    assert asked(resume=True, seed=2).seed == 2
    given = asked(setting_names=["a", "b"], setting_values=["1.5", "true"])
    assert given.settings == {"a": 1.5, "b": True}


def test_the_name_of_a_store_is_the_name_of_a_file():
    odd = skill_from({**VALUES, "name": "../a b"})
    goal = LearnSkill.Goal(num_episodes=1, method="sobol")
    request = request_from_goal(goal, odd, VALUES, load_scene(SKILL.scene), HOME)
    assert request.place == HOME / ".._a_b-screw_slot-sobol-0"


@pytest.fixture
def prepared(tmp_path):
    return prepare(asked(method="sobol", store=str(tmp_path / "run")))


def test_a_summary_comes_back_from_its_message(prepared):
    found = Recommendation(prepared.problem.space.to_unit([[0.01]])[0], 0.9, 0.3, True)
    summary = LearningSummary(
        Ending.COMPLETE, Progress(num_valid=4, num_invalid=1), StoredRecommendation(4, 0.8, found)
    )
    message = result_to_msg(prepared.problem, prepared.path, summary.progress, summary)
    learned = LearnedSkill.of(message)
    assert (learned.ending, learned.num_valid, learned.num_episodes) == ("complete", 4, 5)
    assert learned.parameters == pytest.approx({"speed": 0.01})
    assert (learned.probability, learned.expected_cost, learned.is_safe) == (0.9, 0.3, True)
    assert learned.first_success is None
    assert learned.best_parameters == {} and math.isnan(learned.best_cost)


def test_a_run_that_was_broken_off_recommends_nothing(prepared):
    learned = LearnedSkill.of(result_to_msg(prepared.problem, prepared.path, Progress()))
    assert (learned.ending, learned.parameters, learned.is_safe) == ("", {}, False)
    assert math.isnan(learned.probability)


def test_the_curve_has_the_recommendations_of_its_probability(prepared):
    found = Recommendation(prepared.problem.space.to_unit([[0.01]])[0], math.nan, 0.3, False)
    marks = [StoredRecommendation(10, p, found) for p in (0.5, 0.8)]
    curve = curve_to_msg(prepared.on("topics/analytic"), [], marks)
    assert (list(curve.marks), list(curve.recommended_cost)) == ([10], [0.3])
    assert math.isnan(curve.recommended_probability[0])
    assert (len(curve.cost), curve.plant, curve.num_episodes) == (0, "topics/analytic", 3)
