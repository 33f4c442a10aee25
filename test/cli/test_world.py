# SPDX-License-Identifier: Apache-2.0
import json
from pathlib import Path

import pytest

from vi_ik_ros.cli import main as cli

WORLDS = Path(__file__).parents[2] / "worlds"


def test_both_files_of_a_scene_are_written(capsys, tmp_path):
    out = tmp_path / "new"
    assert cli.main(["world", "screw_cross", "--out", str(out), "--json"]) == 0
    written = json.loads(capsys.readouterr().out)
    assert set(written) == {"world", "bridge"}
    for path in map(Path, written.values()):
        assert path.parent == out
        assert path.read_bytes() == (WORLDS / path.name).read_bytes()


def test_a_seed_moves_the_plate_and_nothing_of_the_bridge(tmp_path):
    assert cli.main(["world", "screw_slot", "--out", str(tmp_path), "--seed", "5"]) == 0
    same = {p.name: p.read_bytes() == (WORLDS / p.name).read_bytes() for p in tmp_path.iterdir()}
    assert same == {"screw_slot.sdf": False, "screw_slot_bridge.yaml": True}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["screw_slt", "--out", "w"], ("scene", "screw_slt", "screw_slot")),
        (["/nowhere.yaml", "--out", "w"], ("/nowhere.yaml", "No such file")),
        (["screw_slot", "--out", __file__], ("--out", __file__, "directory")),
        (["screw_slot", "--out", "w", "--seed", "-1"], ("--seed", "-1", "0 or more")),
        (["screw_slot"], ("required", "--out")),
    ],
)
def test_bad_input_gets_one_line_and_exit_code_2(capsys, tmp_path, monkeypatch, words, expected):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["world", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1
    assert all(part in captured.err for part in expected)
    assert list(tmp_path.iterdir()) == []
