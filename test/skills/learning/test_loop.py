# SPDX-License-Identifier: Apache-2.0
import math
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.learning.episode_store.episode_store import EpisodeStore
from vi_ik_ros.skills.learning.loop import _Loop, learn
from vi_ik_ros.skills.learning.methods import METHODS, make_optimizer
from vi_ik_ros.skills.learning.run.progress import Ending


class Killed(BaseException):
    """The end of a process, as the code before it sees it: nothing."""


class Robot:
    """Carries out made-up episodes; some are invalid, one kills."""

    def __init__(self, runs, invalid=(), kill_before=None):
        self._runs, self._invalid, self._kill_before = runs, invalid, kill_before
        self.calls = []

    def __call__(self, parameters, seed):
        number = len(self.calls) + 1
        if number == self._kill_before:
            raise Killed
        self.calls.append((parameters, seed))
        reason = "stale wrench" if number in self._invalid else ""
        episode = self._runs.made_up(parameters, seed, invalid_reason=reason)
        return episode, self._runs.drawn_trace(seed)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "episodes.sqlite"


@pytest.fixture
def run_learning(runs, path):
    """Learn some episodes into a store, the first time or on; return learner and summary."""

    def go(robot, num_episodes, **options):
        learner = runs.Learner(runs.run.seed)
        opened = EpisodeStore.resume if path.is_file() else EpisodeStore.begin
        with opened(path, runs.run) as store:
            options = {"num_episodes": num_episodes, **options}
            return learner, learn(runs.problem, learner, robot, store, **options)

    return go


def stored(path):
    with EpisodeStore.read(path) as store:
        told = [(e.number, e.suggestion.x.tolist(), e.episode.digest()) for e in store.episodes()]
        found = [(r.num_outcomes, r.recommendation.x.tolist()) for r in store.recommendations()]
        return told, found


def test_every_episode_is_stored_with_its_suggestion(runs, run_learning, path):
    robot = Robot(runs)
    learner, summary = run_learning(robot, 12)
    with EpisodeStore.read(path) as store:
        entries = store.episodes()
        assert [e.number for e in entries] == list(range(1, 13))
        for entry, (parameters, seed), outcome in zip(
            entries, robot.calls, learner.seen, strict=True
        ):
            assert entry.episode.parameters == parameters
            assert parameters == runs.problem.space.named(entry.suggestion.x)
            assert entry.episode.seed == seed
            assert store.trace(entry.number).digest() == runs.drawn_trace(seed).digest()
            assert outcome.success == entry.episode.success
    assert summary.ending is Ending.COMPLETE
    assert len({seed for _, seed in robot.calls}) == 12
    successes = [e.episode for e in entries if e.episode.success]
    assert 0 < len(successes) < 12
    progress = summary.progress
    assert progress.num_successes == len(successes)
    assert progress.best.episode.cost == min(e.cost for e in successes)
    assert entries[progress.first_success - 1].episode.success


@pytest.mark.parametrize("kill_before", [1, 2, 10, 11, 12])
@pytest.mark.parametrize("invalid", [(), (3, 9)])
def test_resumed_run_is_the_uninterrupted_one(runs, run_learning, path, kill_before, invalid):
    with pytest.raises(Killed):
        run_learning(Robot(runs, invalid, kill_before), 12)
    rest = tuple(number - kill_before + 1 for number in invalid)
    run_learning(Robot(runs, rest), 12)
    found = stored(path)
    path.unlink()
    run_learning(Robot(runs, invalid), 12)
    assert found == stored(path)


@pytest.mark.parametrize(
    ("owner", "name", "after"),
    [
        (EpisodeStore, "add", True),
        (_Loop, "_observe", False),
        (_Loop, "_observe", True),
        (EpisodeStore, "add_recommendation", False),
        (EpisodeStore, "add_recommendation", True),
    ],
)
def test_kill_around_a_commit_loses_and_doubles_nothing(
    runs, run_learning, path, owner, name, after, monkeypatch
):
    original, count = getattr(owner, name), 0

    def dies(self, *arguments):
        nonlocal count
        count += 1
        last = count == (1 if name == "add_recommendation" else 10)
        if after or not last:
            original(self, *arguments)
        if last:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, dies)
        with pytest.raises(Killed):
            run_learning(Robot(runs), 12)
    assert len(stored(path)[0]) == 10
    run_learning(Robot(runs), 12)
    found = stored(path)
    path.unlink()
    run_learning(Robot(runs), 12)
    assert found == stored(path)


def test_invalid_episodes_are_stored_and_not_observed(runs, run_learning, path):
    robot = Robot(runs, invalid=(2, 3, 6))
    learner, summary = run_learning(robot, 5)
    told, _ = stored(path)
    assert (len(told), len(learner.seen)) == (8, 5)
    assert (summary.progress.num_valid, summary.progress.num_invalid) == (5, 3)
    points = [x for _, x, _ in told]
    assert points[1] == points[2] == points[3]
    assert len({seed for _, seed in robot.calls}) == 8
    path.unlink()
    other = Robot(runs)
    run_learning(other, 5)
    assert [c for k, c in enumerate(robot.calls, 1) if k not in (2, 3, 4, 6, 7)] == [
        c for k, c in enumerate(other.calls, 1) if k not in (2, 4)
    ]  # what the others do does not depend on those that say nothing


def test_three_invalid_episodes_in_a_row_end_the_loop(runs, run_learning, path):
    _, summary = run_learning(Robot(runs, invalid=range(2, 99)), 5)
    assert summary.ending is Ending.INVALID
    assert len(stored(path)[0]) == 4
    _, summary = run_learning(Robot(runs, invalid=(1,)), 5)  # of another start: counted anew
    assert summary.ending is Ending.COMPLETE
    assert len(stored(path)[0]) == 4 + 1 + 4


def test_numbers_that_are_none_make_an_episode_invalid(runs, run_learning, path):
    def robot(parameters, seed):
        episode = runs.made_up(parameters, seed)
        first, *rest = episode.factors
        episode = replace(episode, factors=(replace(first, constraint=math.inf), *rest))
        return replace(episode, cost=math.nan) if episode.success else episode, None

    learner, summary = run_learning(robot, 4)
    assert (learner.seen, summary.ending) == ([], Ending.INVALID)
    with EpisodeStore.read(path) as store:
        reasons = {entry.episode.invalid_reason.split(":")[0] for entry in store.episodes()}
    assert reasons <= {"episode.cost", "episode.factors.impact.constraint"} and reasons
    _, summary = run_learning(Robot(runs), 4)
    assert summary.ending is Ending.COMPLETE, "what the store holds can be gone on with"


def test_suggestions_are_told_before_they_are_tried(runs, run_learning):
    told = []

    def robot(parameters, seed):
        assert runs.problem.space.named(told[-1][0].x) == parameters
        return runs.made_up(parameters, seed), None

    run_learning(robot, 3, on_suggestion=lambda *words: told.append(words))
    assert [progress.num_valid for _, progress in told] == [0, 1, 2]


def test_who_stops_in_the_third_invalid_episode_has_stopped(runs, run_learning):
    robot = Robot(runs, invalid=range(99))
    _, summary = run_learning(robot, 5, stopping=lambda: len(robot.calls) == 3)
    assert summary.ending is Ending.STOPPED


def test_recommendations_are_stored_every_ten_episodes_and_at_the_end(runs, run_learning, path):
    _, summary = run_learning(Robot(runs), 23)
    assert [number for number, _ in stored(path)[1]] == [10, 20, 23]
    assert summary.recommendation.num_outcomes == 23
    _, again = run_learning(Robot(runs), 23)
    assert np.array_equal(again.recommendation.recommendation.x,
                          summary.recommendation.recommendation.x)  # fmt: skip


def test_stopping_ends_before_the_next_episode_and_the_run_goes_on(runs, run_learning, path):
    told = []
    stopping = lambda: len(told) == 3  # noqa: E731
    on_episode = lambda entry, progress: told.append((entry.number, progress.num_valid))  # noqa: E731
    _, summary = run_learning(Robot(runs), 6, stopping=stopping, on_episode=on_episode)
    assert summary.ending is Ending.STOPPED
    assert told == [(1, 1), (2, 2), (3, 3)]
    _, summary = run_learning(Robot(runs), 6)
    assert len(stored(path)[0]) == 6
    assert summary.recommendation.num_outcomes == 6


def test_nothing_is_carried_out_from_a_damaged_store(runs, run_learning, path):
    run_learning(Robot(runs), 3)
    with EpisodeStore.resume(path, runs.run) as store:
        store._connection.execute("UPDATE episode SET record = '[]' WHERE number = 2")
    robot = Robot(runs)
    with pytest.raises(InvalidInput, match="episode 2"):
        run_learning(robot, 5)
    assert robot.calls == []


@pytest.mark.slow
@pytest.mark.parametrize("method", sorted(set(METHODS) - {"nei"}))  # that one takes 20 s
def test_every_method_goes_on_as_if_it_had_not_been_interrupted(runs, tmp_path, method):
    run = replace(runs.run, method=method)

    def suggested(path, *parts):
        for num_episodes in parts:
            opened = EpisodeStore.resume if path.is_file() else EpisodeStore.begin
            with opened(path, run) as store:
                optimizer = make_optimizer(method, runs.problem, run.seed)
                learn(runs.problem, optimizer, Robot(runs), store, num_episodes=num_episodes)
                entries = store.episodes()
        return [(e.suggestion.x.tolist(), repr(e.suggestion.probability)) for e in entries]

    whole = suggested(tmp_path / "whole.sqlite", 6)
    assert suggested(tmp_path / "parts.sqlite", 5, 6) == whole
