# SPDX-License-Identifier: Apache-2.0
import math
import sqlite3
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.learning.episode_store.episode_store import EpisodeStore, store_path
from vi_ik_ros.skills.learning.episode_store.stored_episode import (
    StoredEpisode,
    StoredRecommendation,
)
from vi_ik_ros.skills.learning.optimizer import Recommendation, Suggestion


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run" / "episodes.sqlite"


def entry(runs, number, x=(0.1, 1 / 3, 0.7), probability=math.nan, **options):
    point = np.array(x)
    episode = runs.made_up(runs.problem.space.named(point), seed=number, **options)
    return StoredEpisode(number, Suggestion(point, probability, "drawn"), episode, 0.1, 0.2, 1e9)


def execute(path, *commands):
    with closing(sqlite3.connect(path)) as connection, connection:
        for command in commands:
            connection.execute(command)


def refusal(call, *arguments):
    with pytest.raises(InvalidInput) as caught:
        call(*arguments)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_what_was_added_comes_back(runs, path):
    entries = [entry(runs, 1), entry(runs, 2, (0.9, 0.1, 0.2), 1 / 3), entry(runs, 3)]
    with EpisodeStore.begin(path, runs.run) as store:
        for one in entries:
            store.add(one, runs.drawn_trace(one.number))
    with EpisodeStore.read(path) as store:
        assert store.run == runs.run
        again = store.episodes()
        assert repr(again) == repr(entries)
        assert [one.episode.digest() for one in again] == [one.episode.digest() for one in entries]
        assert np.array_equal(again[0].suggestion.x, entries[0].suggestion.x)
        assert store.trace(2).digest() == runs.drawn_trace(2).digest()
        assert store.trace(4) is None


def test_recommendations_come_back_in_order(runs, path):
    found = Recommendation(np.array([1 / 3, 0.0, 1.0]), 0.9, math.nan, True)
    entries = [StoredRecommendation(20, 0.8, found), StoredRecommendation(10, 0.8, found)]
    with EpisodeStore.begin(path, runs.run) as store:
        for one in (*entries, entries[0]):  # again: it counts once
            store.add_recommendation(one)
        assert repr(store.recommendations()) == repr(entries[::-1])


def test_number_is_taken_once_and_only_its_whole_episode(runs, path):
    with EpisodeStore.begin(path, runs.run) as store:
        store.add(entry(runs, 1), runs.drawn_trace(1))
        assert "UNIQUE" in refusal(store.add, entry(runs, 1, (0.5, 0.5, 0.5)), runs.drawn_trace(2))
        execute(path, "DROP TABLE trace")
        refusal(store.add, entry(runs, 2), runs.drawn_trace(2))
        assert [one.number for one in store.episodes()] == [1]


def test_commits_wait_for_the_disk(runs, path):
    with EpisodeStore.begin(path, runs.run) as store:
        assert store._rows("PRAGMA journal_mode") == [("wal",)]
        assert store._rows("PRAGMA synchronous") == [(2,)]  # FULL


def test_reader_sees_what_is_committed_meanwhile(runs, path):
    with EpisodeStore.begin(path, runs.run) as store, EpisodeStore.read(path) as reader:
        store.add(entry(runs, 1))
        assert len(reader.episodes()) == 1
        refusal(reader.add, entry(runs, 2))


def test_second_learner_is_refused(runs, path):
    with EpisodeStore.begin(path, runs.run):
        assert "another process is learning" in refusal(EpisodeStore.resume, path, runs.run)
    with EpisodeStore.resume(path, runs.run) as store:
        assert store.episodes() == []


def test_existing_store_is_not_begun_again(runs, path):
    EpisodeStore.begin(path, runs.run).close()
    assert "or resume to go on" in refusal(EpisodeStore.begin, path, runs.run)


@pytest.mark.parametrize("content", [b"", None])
def test_file_of_a_process_that_was_killed_at_once_is_begun(runs, path, content):
    if content is None:  # tables, but no run yet
        EpisodeStore.begin(path, runs.run).close()
        execute(path, "DELETE FROM run")
    else:
        path.parent.mkdir()
        path.write_bytes(content)
    assert EpisodeStore.peek(path) is None
    assert "holds no run" in refusal(EpisodeStore.read, path)
    with EpisodeStore.resume(path, runs.run) as store:
        assert store.run == runs.run


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"method": "scbo"}, "method: got scbo, expected drawn, whose episodes"),
        ({"seed": 8}, "seed: got 8, expected 7"),
        ({"plant": "mujoco"}, "plant: got mujoco, expected analytic"),
        ({"skill": {"name": "peg_in_hole"}}, "skill: got peg_in_hole (digest"),
        ({"scene": {"name": "screw_cross"}}, "expected screw_slot (digest"),
    ],
)
def test_store_of_another_run_is_refused(runs, path, change, line):
    EpisodeStore.begin(path, runs.run).close()
    assert line in refusal(EpisodeStore.resume, path, replace(runs.run, **change))


def test_code_may_change(runs, path):
    EpisodeStore.begin(path, runs.run).close()
    with EpisodeStore.resume(path, replace(runs.run, code="0.2.0+other")) as store:
        assert store.run.code == "0.1.0+test"


@pytest.mark.parametrize(
    ("commands", "line"),
    [
        (["PRAGMA user_version = 2"], "schema version 1; a newer vi_ik_ros wrote version 2"),
        (["PRAGMA application_id = 3"], "another program's"),
        (["DELETE FROM episode WHERE number = 1"], "episode 1 is missing"),
        (["UPDATE episode SET digest = 'a' WHERE number = 2"], "episode 2: digest: got"),
        (["UPDATE episode SET record = '{}'"], "episode 1: episode: got KeyError"),
        (["UPDATE episode SET x = 'x'"], "episode 1: Expecting value"),
        (["UPDATE run SET skill_digest = 'a'"], "run: store.run: got"),
        (["UPDATE run SET scene_values = 'a'"], "run: store.run: got"),
        (["DROP TABLE episode"], "no such table: episode"),
    ],
)
def test_damaged_store_is_refused(runs, path, commands, line):
    with EpisodeStore.begin(path, runs.run) as store:
        store.add(entry(runs, 1))
        store.add(entry(runs, 2))
    execute(path, "PRAGMA foreign_keys = OFF", *commands)

    def read():
        with EpisodeStore.read(path) as store:
            store.episodes()

    assert line in refusal(read)


def test_success_without_a_cost_is_refused(runs, path):
    bad = entry(runs, 1)
    bad = replace(bad, episode=replace(bad.episode, cost=math.nan))
    with EpisodeStore.begin(path, runs.run) as store:
        store.add(bad)
        assert "episode 1: cost: got nan" in refusal(store.episodes)


def test_trace_that_was_exchanged_is_refused(runs, path):
    with EpisodeStore.begin(path, runs.run) as store:
        for number in (1, 2):
            store.add(entry(runs, number), runs.drawn_trace(number))
        execute(
            path, "UPDATE trace SET columns = (SELECT columns FROM trace WHERE number = 2) "
            "WHERE number = 1",
        )  # fmt: skip
        assert "trace 1 is not what was stored" in refusal(store.trace, 1)


def test_foreign_and_cut_files_are_refused(runs, path):
    with EpisodeStore.begin(path, runs.run) as store:
        for number in range(1, 20):
            store.add(entry(runs, number), runs.drawn_trace(number))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "whole store" in refusal(EpisodeStore.read, path)
    path.write_bytes(b"no database at all, but text" * 100)
    assert "file is not a database" in refusal(EpisodeStore.read, path)
    assert path.read_bytes().startswith(b"no database")
    assert "expected the file" in refusal(EpisodeStore.read, path.with_name("nothing.sqlite"))
    missing = path.with_name("nothing.sqlite")
    assert "a store that exists" in refusal(EpisodeStore.resume, missing, runs.run)


def test_place_is_a_directory_or_a_file(tmp_path):
    assert store_path(tmp_path) == tmp_path / "episodes.sqlite"
    assert store_path(tmp_path / "new") == tmp_path / "new" / "episodes.sqlite"
    assert store_path(tmp_path / "a.sqlite") == tmp_path / "a.sqlite"
