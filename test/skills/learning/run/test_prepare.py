# SPDX-License-Identifier: Apache-2.0
import copy
import math

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.learning.episode_store.episode_store import EpisodeStore
from vi_ik_ros.skills.learning.loop import learn
from vi_ik_ros.skills.learning.run.earlier import EarlierRun
from vi_ik_ros.skills.learning.run.prepare import LearningRequest, prepare


@pytest.fixture
def ask(runs, tmp_path):
    """Ask for a run of the made-up skill."""

    def make(**changes):
        whole = {
            "skill": runs.run.skill,
            "scene": runs.run.scene,
            "place": tmp_path / "run",
            "num_episodes": 3,
            "plant": "analytic",
            "method": "sobol",
            **changes,
        }
        return LearningRequest(**whole)

    return make


def carry_out(runs, request):
    """Learn from made-up episodes; return the suggestions of the whole store."""
    prepared = prepare(request)
    with prepared.open() as store:
        robot = lambda parameters, seed: (runs.made_up(parameters, seed), None)  # noqa: E731
        learn(prepared.problem, prepared.optimizer, robot, store, num_episodes=request.num_episodes)
        return [entry.suggestion for entry in store.episodes()]


def refusal(*requests) -> str:
    with pytest.raises(InvalidInput) as caught:
        for request in requests:
            prepare(request)
    return str(caught.value)


def test_nothing_is_written_before_the_store_is_opened(ask):
    prepared = prepare(ask(seed=5, settings={"num_initial": 2}))
    assert not prepared.path.parent.exists()
    assert (prepared.run.seed, prepared.run.settings) == (5, {"num_initial": 2})
    prepared.on("topics/comau").open().close()
    assert EpisodeStore.peek(prepared.path).plant == "topics/comau"


def test_what_is_not_given_is_as_in_the_store(ask, runs):
    settings = {"num_initial": 2, "num_candidates": 128}
    carry_out(runs, ask(seed=5, settings=settings, safe_start=True))
    rest = {"resume": True, "method": None, "plant": None, "num_episodes": 6}
    run = prepare(ask(**rest)).run
    assert (run.method, run.seed, run.plant) == ("sobol", 5, "analytic")
    assert run.settings == {**settings, "safe_start": True}
    assert len(carry_out(runs, ask(settings={"num_initial": 2}, **rest))) == 6
    assert "settings.num_initial: got 3, expected 2, whose" in refusal(
        ask(settings={"num_initial": 3}, **rest)
    )


def test_a_safe_start_is_the_default_of_the_skill(ask, runs):
    first, second, _ = carry_out(runs, ask(safe_start=True))
    defaults = {one.name: one.default for one in runs.problem.space.parameters}
    assert runs.problem.space.named(first.x) == pytest.approx(defaults)
    assert runs.problem.space.named(second.x) != pytest.approx(defaults)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"num_episodes": 0}, "num_episodes: got 0"),
        ({"seed": -1}, "seed: got -1"),
        ({"seed": 2**63}, "seed: got 9223372036854775808"),
        ({"required_probability": math.nan}, "required_probability: got nan"),
        ({"settings": {"seed": 3}}, "settings.seed: got 3"),
        ({"settings": {"earlier": "a"}}, "settings.earlier: got a"),
    ],
)
def test_numbers_and_names_without_sense_are_refused(ask, changes, says):
    with pytest.raises(InvalidInput, match=says):
        ask(**changes)


def test_stores_that_are_there_or_not(ask, runs):
    assert "expected a store that exists" in refusal(ask(resume=True))
    carry_out(runs, ask())
    assert "or resume to go on with the run" in refusal(ask())


def with_bounds(skill, name, lower, upper):
    """Return a skill in which the bounds of a parameter are others."""
    changed = copy.deepcopy(skill)
    changed["parameters"][name] |= {"lower": lower, "upper": upper}
    return changed


def test_bounds_that_are_reversed_are_refused(ask, runs):
    skill = with_bounds(runs.run.skill, "search_speed", 0.02, 0.01)
    assert refusal(ask(skill=skill)).startswith("parameters.search_speed.lower: got 0.02")


@pytest.mark.slow
def test_an_earlier_run_takes_the_place_of_the_initial_design(ask, runs, tmp_path):
    carry_out(runs, ask(place=tmp_path / "first", num_episodes=8))
    later = {"method": "factor_graph", "earlier": tmp_path / "first"}
    prepared = prepare(ask(**later))
    found = EarlierRun.read(tmp_path / "first", prepared.problem)
    assert prepared.run.settings == {"earlier": found.noted()}
    suggestions = carry_out(runs, ask(**later, num_episodes=2))
    assert [one.reason for one in suggestions] == ["rehearsal", "acquisition"]
    goes_on = ask(method="factor_graph", num_episodes=3, resume=True)
    assert len(carry_out(runs, goes_on)) == 3, "it knows where it started from"
    carry_out(runs, ask(place=tmp_path / "first", num_episodes=9, resume=True))
    assert refusal(goes_on).startswith(f"earlier: got {found.path} (digest ")


def test_what_cannot_be_started_from_is_refused(ask, runs, tmp_path):
    carry_out(runs, ask(place=tmp_path / "first"))
    earlier = {"earlier": tmp_path / "first"}
    assert "method: got sobol, expected factor_graph or naive_bayes" in refusal(ask(**earlier))
    both = ask(method="factor_graph", safe_start=True, **earlier)
    assert refusal(both).startswith("safe_start: got a safe point beside earlier episodes")
    missing = refusal(ask(method="factor_graph", earlier=tmp_path / "none"))
    assert missing.startswith("earlier: got ") and "expected the file of a learning run" in missing
    other = copy.deepcopy(runs.run.skill)
    other["factors"] = {f"my_{name}": value for name, value in other["factors"].items()}
    says = refusal(ask(skill=other, method="factor_graph", **earlier))
    assert says.startswith("earlier: got screw_insertion with the factors impact")


def test_earlier_episodes_count_in_the_bounds_of_the_skill_that_starts(ask, runs, tmp_path):
    carry_out(runs, ask(place=tmp_path / "first", num_episodes=8))
    whole = EarlierRun.read(tmp_path / "first", runs.problem)
    assert len(whole.outcomes) == 8
    speed = runs.problem.space["search_speed"]
    middle = 0.5 * (speed.lower + speed.upper)
    skill = with_bounds(runs.run.skill, "search_speed", speed.lower, middle)
    skill["parameters"]["search_speed"]["default"] = speed.lower
    half = EarlierRun.read(tmp_path / "first", prepare(ask(skill=skill)).problem)
    assert half.digest == whole.digest
    column = runs.problem.space.names.index("search_speed")
    expected = [2.0 * one.x[column] for one in whole.outcomes if one.x[column] <= 0.5]
    np.testing.assert_allclose([one.x[column] for one in half.outcomes], expected)
    skill = with_bounds(skill, "search_speed", speed.upper, 2.0 * speed.upper)
    skill["parameters"]["search_speed"]["default"] = speed.upper
    with pytest.raises(InvalidInput, match="expected a store with valid episodes within the"):
        EarlierRun.read(tmp_path / "first", prepare(ask(skill=skill)).problem)
