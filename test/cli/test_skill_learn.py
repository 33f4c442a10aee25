# SPDX-License-Identifier: Apache-2.0
import csv
import json
import sqlite3
from collections import Counter
from contextlib import closing

import pytest
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory

from vi_ik_ros.cli.commands.skill import METHODS
from vi_ik_ros.cli.main import BAD_INPUT, main
from vi_ik_ros.cli.skill import learn as module
from vi_ik_ros.cli.skill.stage import Stage
from vi_ik_ros.skills.learning import methods
from vi_ik_ros.skills.learning.episode_store.episode_store import EpisodeStore
from vi_ik_ros.skills.learning.run import prepare

LEARN = ("skill", "learn", "screw_insertion", "--plant", "analytic", "--method", "sobol")
NUM_EPISODES = 6


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """A store with some successes and some failures."""
    directory = tmp_path_factory.mktemp("runs") / "screw"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "NUM_CHECKS", 1)
        words = ["--episodes", str(NUM_EPISODES), "--out", str(directory), "--seed", "0"]
        assert main([*LEARN, *words, "--json"]) == 0
    return directory


@pytest.fixture
def few_checks(monkeypatch):
    monkeypatch.setattr(module, "NUM_CHECKS", 1)


def refusal(capsys, *words):
    assert main(words) == BAD_INPUT
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    return err


@pytest.mark.slow
def test_line_for_each_episode_then_the_recommendation(tmp_path, capsys, few_checks):
    words = ["--episodes", "5", "--seed", "0", "--out", str(tmp_path / "run")]
    assert main([*LEARN, *words]) == 0
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert lines[0].startswith("learning screw_insertion in screw_slot (analytic), sobol, seed 0")
    episodes = [line for line in lines if "/5 approach_speed" in line]
    assert [line.split()[0] for line in episodes] == ["1/5", "2/5", "3/5", "4/5", "5/5"]
    assert "(initial): failed in search" in episodes[0]
    assert "success after" in episodes[4] and "best 0.395" in episodes[4]
    for word in ("recommended", "m/(N s)", "succeeded when carried out again", "1 of 1"):
        assert word in out


@pytest.mark.slow
def test_after_successes_alone_no_certainty_is_claimed(tmp_path, capsys, few_checks):
    words = ["skill", "learn", "screw_insertion", "--plant", "analytic", "--safe-start"]
    words += ["--episodes", "1", "--seed", "1", "--out", str(tmp_path / "run")]
    assert main(words) == 0
    (row,) = (one for one in capsys.readouterr().out.splitlines() if "probability of" in one)
    assert ">0.99" in row and "1.00" not in row
    assert "0.8 is required; no failure yet to learn bounds from" in row


@pytest.mark.slow
def test_resumed_run_is_the_uninterrupted_one(tmp_path, capsys, learned, few_checks):
    directory = tmp_path / "run"
    assert main([*LEARN, "--episodes", "2", "--seed", "0", "--out", str(directory)]) == 0
    capsys.readouterr()
    words = ["skill", "learn", "screw_insertion", "--resume", "--json"]  # the rest is in the store
    words += ["--episodes", str(NUM_EPISODES), "--out", str(directory)]
    assert main(words) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["episodes"], data["method"], data["plant"]) == (NUM_EPISODES, "sobol", "analytic")
    with EpisodeStore.read(directory / "episodes.sqlite") as ours:
        found = [(e.suggestion.x.tolist(), e.episode.digest()) for e in ours.episodes()]
    with EpisodeStore.read(learned / "episodes.sqlite") as whole:
        assert found == [(e.suggestion.x.tolist(), e.episode.digest()) for e in whole.episodes()]


@pytest.mark.slow
def test_invalid_episodes_end_with_a_reason(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Stage, "run", cancelled(Stage.run))
    assert main([*LEARN, "--episodes", "2", "--out", str(tmp_path / "run")]) == 1
    err = capsys.readouterr().err
    assert err.count("invalid after") == 3
    assert "3 invalid episodes in a row" in err


def cancelled(original):
    from dataclasses import replace

    def run(self, parameters, seed):
        episode, trace = original(self, parameters, seed)
        return replace(episode, success=False, cost=float("nan"), invalid_reason="stale"), trace

    return run


def test_interrupted_run_says_how_to_go_on(tmp_path, capsys, monkeypatch):
    def interrupted(self, parameters, seed):
        raise KeyboardInterrupt

    monkeypatch.setattr(Stage, "run", interrupted)
    assert main([*LEARN, "--out", str(tmp_path / "run")]) == 130
    assert "--resume goes on" in capsys.readouterr().err


def test_changed_code_is_remarked(tmp_path, capsys, learned, monkeypatch, few_checks):
    monkeypatch.setattr(prepare, "code_version", lambda: "9.9.9+other")
    words = ["--resume", "--episodes", str(NUM_EPISODES), "--out", str(learned)]
    assert main(["skill", "learn", "screw_insertion", *words]) == 0
    assert "this is 9.9.9+other" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--method", "simplex"], "method: got simplex, expected one of factor_graph"),
        (["--episodes", "0"], "--episodes: got 0"),
        (["--seed", "-1"], "--seed: got -1"),
        (["--required-probability", "1"], "--required-probability: got 1.0"),
        (["--plant", "gazebo"], "--plant: got gazebo"),
        (["--set", "num_initial"], "--set: got num_initial, expected NAME=VALUE"),
        (["--set", "num_initial=x"], "settings.num_initial: got x, expected a whole number"),
        (["--set", "initial=3"], "settings.initial: got an unknown setting, expected num_initial"),
        (["--earlier", "/nowhere/run"], "--earlier: got /nowhere/run/episodes.sqlite"),
        (["--seed", str(2**63)], "--seed: got 9223372036854775808"),
        (["--scene", "moon"], "scene: got moon"),
        (["--resume"], "expected a store that exists"),
    ],
)
def test_wrong_words_are_refused_before_anything_is_made(words, line, tmp_path, capsys):
    out = tmp_path / "run"
    assert line in refusal(capsys, *LEARN, "--out", str(out), *words)
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["screw_insertion"], "resume to go on with the run"),
        (["peg_in_hole", "--resume"], "skill: got peg_in_hole (digest"),
        (["screw_insertion", "--resume", "--scene", "screw_cross"], "scene: got screw_cross"),
        (["screw_insertion", "--resume", "--method", "eic"], "method: got eic, expected sobol"),
        (["screw_insertion", "--resume", "--seed", "4"], "seed: got 4, expected 0"),
        (["screw_insertion", "--resume", "--plant", "mujoco"], "plant: got mujoco, expected"),
    ],
)
def test_store_of_another_run_is_refused(words, line, learned, capsys):
    assert line in refusal(capsys, "skill", "learn", *words, "--out", str(learned))


@pytest.mark.slow
def test_settings_and_a_safe_start_are_kept(tmp_path, capsys, few_checks):
    words = ["--episodes", "2", "--out", str(tmp_path / "run"), "--set", "num_initial=1"]
    assert main([*LEARN, *words, "--safe-start"]) == 0
    err = capsys.readouterr().err
    first, second = (line for line in err.splitlines() if "/2 approach_speed" in line)
    assert "approach_speed 0.004" in first and "(initial)" in first
    assert "(sobol)" in second
    with EpisodeStore.read(tmp_path / "run" / "episodes.sqlite") as store:
        assert store.run.settings == {"num_initial": 1, "safe_start": True}
    words = [*LEARN, "--episodes", "3", "--out", str(tmp_path / "run"), "--resume"]
    assert main(words) == 0
    capsys.readouterr()
    says = "settings.num_initial: got 2, expected 1, whose episodes"
    assert says in refusal(capsys, *words, "--set", "num_initial=2")
    assert "settings: got num_initial, num_initial, expected each" in refusal(
        capsys, *words, "--set", "num_initial=1", "--set", "num_initial=2"
    )


@pytest.mark.slow
def test_what_an_earlier_run_learned_is_where_another_starts(tmp_path, capsys, learned, few_checks):
    words = ["skill", "learn", "screw_insertion", "--plant", "analytic", "--episodes", "1"]
    words += ["--earlier", str(learned), "--out", str(tmp_path / "run")]
    assert main(words) == 0
    assert "(rehearsal, Pr " in capsys.readouterr().err
    with EpisodeStore.read(tmp_path / "run" / "episodes.sqlite") as store:
        assert store.run.settings["earlier"]["store"] == str(learned / "episodes.sqlite")


def test_newer_and_damaged_stores_are_refused(tmp_path, capsys):
    newer = tmp_path / "newer.sqlite"
    with EpisodeStore.begin(newer, run_of_nothing()):
        pass
    with closing(sqlite3.connect(newer)) as connection:
        connection.execute("PRAGMA user_version = 9")
    words = ("skill", "learn", "screw_insertion", "--resume", "--out")
    assert "a newer vi_ik_ros wrote version 9" in refusal(capsys, *words, str(newer))
    text = tmp_path / "text.sqlite"
    text.write_text("this is a letter\n" * 500)
    assert "file is not a database" in refusal(capsys, *words, str(text))
    assert text.read_text().startswith("this is a letter")
    assert "file is not a database" in refusal(capsys, "skill", "replay", str(text))


def test_earlier_runs_are_not_for_every_method(learned, tmp_path, capsys):
    words = (*LEARN, "--out", str(tmp_path / "run"), "--earlier", str(learned))
    says = "--method: got sobol, expected factor_graph or naive_bayes, which learn from an earlier"
    assert says in refusal(capsys, *words)


def run_of_nothing():
    from vi_ik_ros.skills.learning.run.learning_run import LearningRun

    return LearningRun({"name": "a"}, {"name": "b"}, "analytic", "sobol", 0, {}, "")


def test_replay_lists_all_episodes(learned, capsys):
    assert main(["skill", "replay", str(learned)]) == 0
    out = capsys.readouterr().out
    assert out.count("failed in") + out.count("success after") == NUM_EPISODES


@pytest.mark.slow
def test_replay_shows_one_as_run_does_and_draws_it(learned, tmp_path, capsys):
    picture = tmp_path / "episode.png"
    words = ["skill", "replay", str(learned), "--episode", "5", "--plot", str(picture)]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "success after" in out and "factor impact" in out
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_replay_again_compares_every_number(learned, capsys, monkeypatch):
    assert main(["skill", "replay", str(learned), "--again", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["differing"] == []
    original = Stage.run
    monkeypatch.setattr(Stage, "run", lambda self, values, seed: original(self, values, seed + 1))
    assert main(["skill", "replay", str(learned), "--episode", "2", "--again"]) == 1
    err = capsys.readouterr().err
    assert "episode 2 was: failed" in err
    assert "0 of 1 agree" in err


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--episode", "0"], "--episode: got 0, expected 1 to 6"),
        (["--episode", "7"], "--episode: got 7"),
        (["--plot", "a.png"], "--plot: got a.png, expected --episode N"),
        (["--episode", "1", "--plot", "/nowhere/a.png"], "--plot: got /nowhere/a.png"),
    ],
)
def test_replay_refuses_wrong_words(words, line, learned, capsys):
    assert line in refusal(capsys, "skill", "replay", str(learned), *words)


def test_exported_table_has_every_number(learned, tmp_path, capsys):
    path = tmp_path / "run.csv"
    assert main(["skill", "export", str(learned), "--csv", str(path)]) == 0
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with EpisodeStore.read(learned / "episodes.sqlite") as store:
        for row, entry in zip(rows, store.episodes(), strict=True):
            episode = entry.episode
            assert row["digest"] == episode.digest()
            speed = row["parameter.search_speed"]
            assert float(speed) == episode.parameters["search_speed"]
            assert (row["cost"] == "") == (not episode.success)
            assert row["primitive.search.outcome"] == episode.primitives[3].outcome
            assert row["factor.impact.ok"] in ("0", "1")


def test_exported_recording_is_read_by_ros_tools(learned, tmp_path):
    path = tmp_path / "run.mcap"
    assert main(["skill", "export", str(learned), "--mcap", str(path)]) == 0
    with EpisodeStore.read(learned / "episodes.sqlite") as store:
        entries = store.episodes()
        traces = [store.trace(entry.number) for entry in entries]
    counts, episodes, forces, times = Counter(), [], [], []
    with path.open("rb") as file:
        reader = make_reader(file, decoder_factories=[DecoderFactory()])
        for _, channel, message, decoded in reader.iter_decoded_messages():
            counts[channel.topic] += 1
            times.append(message.log_time)
            if channel.topic == "/skill/episode":
                episodes.append(decoded)
            if channel.topic == "/wrench":
                forces.append(decoded.wrench.force.z)
    assert times == sorted(times)
    assert counts["/wrench"] == sum(len(trace.raw_times) for trace in traces)
    assert counts["/skill/wrench"] == sum(len(trace.times) for trace in traces)
    assert forces == [z for trace in traces for z in trace.raw_wrenches[:, 2].tolist()]
    assert [one.digest for one in episodes] == [entry.episode.digest() for entry in entries]
    assert episodes[4].cost == entries[4].episode.cost
    assert [one.name for one in episodes[0].factors] == ["impact", "correction", "search", "insert"]


def test_export_wants_a_file(learned, capsys):
    assert "got neither" in refusal(capsys, "skill", "export", str(learned))
    words = ("--csv", "/nowhere/a.csv")
    assert "--csv: got /nowhere" in refusal(capsys, "skill", "export", str(learned), *words)


def test_help_names_every_method():
    assert set(METHODS) == set(methods.METHODS)
