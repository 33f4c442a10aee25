# SPDX-License-Identifier: Apache-2.0
import importlib.util
import json
import subprocess
import sys

import pytest

from vi_ik_ros.cli import main as cli
from vi_ik_ros.cli.output import plain
from vi_ik_ros.exceptions import ViIkError
from vi_ik_ros.kinematics.share import share_dir

LINE = str(share_dir() / "config" / "objectives" / "planar2_line.yaml")


def run(capsys, *words):
    code = cli.main(list(words))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_help_lists_every_command_without_heavy_imports():
    program = (
        "import sys; from vi_ik_ros.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit as end: assert not end.code\n"
        "heavy = {'torch', 'numba', 'rclpy', 'pinocchio', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for command in cli.COMMANDS:
        assert f"\n    {command} " in done.stdout


@pytest.mark.parametrize("command", list(cli.COMMANDS))
def test_every_command_has_help_with_an_example_and_json(capsys, command):
    with pytest.raises(SystemExit) as end:
        cli.main([command, "--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert f"example:\n  vi-ik {command}" in text
    assert "--json" in text


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["smaple"], ("COMMAND", "smaple", "did you mean sample")),
        ([], ("required", "COMMAND")),
        (["up", "--nodes", "samler"], ("--nodes", "samler", "sampler")),
        (["up", "--params", "/nowhere.yaml"], ("--params", "/nowhere.yaml", "exists")),
        (["sample", "no_such", "-n", "x"], ("-n", "got x", "a whole number")),
        (["sample", "m", "--sed", "3"], ("--sed", "did you mean --seed?", "vi-ik sample --help")),
        (["skill", "explort"], ("ACTION", "explort", "did you mean export?")),
        (["skill", "run", "s", "--scen", "x"], ("did you mean --scene?", "vi-ik skill run --help")),
        (["models", "--store", __file__], ("--store", __file__, "a directory")),
        (["sample", "m", "--targets", "/"], ("--targets: got /, expected a readable CSV",)),
        (["sample", "m", "--timeout", "soon"], ("--timeout", "got soon", "a number")),
        (["up", "--nodes", ","], ("--nodes", "one of", "sampler")),
        (["up", "--params", __file__], ("--params", "YAML")),
        (["figures", "--out", "/proc/none"], ("--out", "/proc/none", "can be made")),
        (["world", "screw_slot", "--out", __file__], ("--out", "a directory")),
        (["train", "/nowhere.yaml", "--out", "/proc/m"], ("--out", "/proc/m", "can be written")),
        (["train", LINE, "--out", "m", "--start", "x"], ("--start", "got x", "none with banana")),
        (["sample", "no_such"], ("model", "no_such")),
        (["sample", "m", "--target", "1", "2"], ("--target", "2 numbers", "7")),
        (["sample", "m", "--targets", "/nowhere.csv"], ("/nowhere.csv", "No such file")),
        (["sample", "m", "--out", "/nowhere/q.npz"], ("--out", "/nowhere/q.npz", "directory")),
        (["sample", "m", "--seed", "-1"], ("--seed", "-1", "fresh")),
        (["density", "m"], ("required", "--configurations")),
        (["density", "m", "--configurations", "/no.npy"], ("/no.npy", "No such file")),
        (["bench", "no_such"], ("NAME", "no_such", "panda-pose")),
        (["demo", "--out", "/nowhere/demo.png"], ("--out", "/nowhere/demo.png", "directory")),
        (["train", "/nowhere.yaml", "--out", "m"], ("/nowhere.yaml",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_gets_one_line_and_exit_code_2(capsys, words, expected):
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("vi-ik")
    for part in expected:
        assert part in err


def test_numbers_with_exponents_and_infinities_are_values_not_options(capsys):
    code, _, err = run(capsys, "sample", "no_such", "--target", "-1e-3", "-inf", "-.5")
    assert code == 2
    assert "no_such" in err  # So the numbers have been read.


def test_interrupt_is_exit_code_130(capsys, monkeypatch):
    from vi_ik_ros.cli.commands import models

    def interrupted(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(models, "run", interrupted)
    assert cli.main(["models"]) == 130


def test_failure_that_is_not_the_input_is_exit_code_1(capsys, monkeypatch):
    from vi_ik_ros.cli.commands import models

    def failed(arguments):
        raise ViIkError("no answer")

    monkeypatch.setattr(models, "run", failed)
    assert run(capsys, "models") == (1, "", "vi-ik models: no answer\n")


def test_benchmarks_are_listed_and_exist(capsys):
    code, out, _ = run(capsys, "bench", "--list", "--json")
    names = json.loads(out)["benchmarks"]
    assert code == 0
    for name in names:
        assert importlib.util.find_spec(f"vi_ik_ros.benchmarks.{name.replace('-', '_')}")


def test_plain_makes_json_of_arrays_and_null_of_what_is_no_number():
    import numpy as np

    value = {"a": np.array([1.0, np.nan]), "b": (np.float32(2), np.inf), "c": np.uint32(3)}
    assert plain(value) == {"a": [1.0, None], "b": [2.0, None], "c": 3}
