# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from vi_ik_ros.cli.main import BAD_INPUT, main

RUN = ("skill", "run", "screw_insertion", "--plant", "analytic")


def test_run_prints_how_every_primitive_ended(capsys):
    assert main([*RUN, "--seed", "1"]) == 0
    table = capsys.readouterr().out
    for word in ("success after", "approach_surface", "alignment", "skipped", "factor impact"):
        assert word in table


def test_failed_episode_has_its_own_exit_code_and_says_why(capsys):
    assert main([*RUN, "--set", "approach_speed=0.015"]) == 1
    out = capsys.readouterr().out
    assert "failed in" in out
    assert "force_above" in out
    assert "came back" in out


def test_json_is_the_whole_record_and_repeats(capsys):
    found = []
    for _ in range(2):
        assert main([*RUN, "--json"]) == 0
        found.append(json.loads(capsys.readouterr().out))
    assert found[0] == found[1]
    episode = found[0]
    assert episode["success"] is True
    assert [one["name"] for one in episode["factors"]] == [
        "impact",
        "correction",
        "search",
        "insert",
    ]
    assert episode["parameters"]["search_speed"] == 0.005
    assert len(episode["trace_digest"]) == 64


def test_gain_beyond_the_stability_limit_is_warned_of(capsys):
    main([*RUN, "--set", "force_gain=0.0024"])
    assert "warning: K_P 0.0024" in capsys.readouterr().err


def test_plot_is_written(tmp_path, capsys):
    path = tmp_path / "episode.png"
    assert main([*RUN, "--plot", str(path)]) == 0
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--set", "speed"], "--set: got speed, expected NAME=VALUE"),
        (["--set", "speed=1"], "parameters.speed"),
        (["--set", "approach_speed=1"], "parameters.approach_speed: got 1.0"),
        (["--set", "approach_speed=nan"], "parameters.approach_speed"),
        (["--plant", "gazebo"], "--plant: got gazebo, expected mujoco or analytic"),
        (["--seed", "-1"], "--seed: got -1"),
        (["--video", "film.mp4"], "--video: got AnalyticPlant, expected a plant with bodies"),
        (["--plot", "/nowhere/episode.png"], "--plot: got /nowhere/episode.png"),
        (["--scene", "moon"], "scene: got moon"),
    ],
)
def test_wrong_words_are_refused_in_one_line(words, line, capsys):
    assert main([*RUN, *words]) == BAD_INPUT
    err = capsys.readouterr().err
    assert line in err
    assert err.count("\n") == 1


def test_unknown_skill_is_refused_with_the_known_ones(capsys):
    assert main(["skill", "run", "screw_insert"]) == BAD_INPUT
    assert "screw_insertion" in capsys.readouterr().err


def test_show_lists_parameters_primitives_and_factors(capsys):
    assert main(["skill", "show", "peg_in_hole"]) == 0
    out = capsys.readouterr().out
    assert "insert_gain" in out
    assert main(["skill", "show", "screw_insertion", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["adjacency"] == [[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 1, 1]]
