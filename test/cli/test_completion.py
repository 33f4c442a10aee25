# SPDX-License-Identifier: Apache-2.0
import os
import shutil
import subprocess
import sys

import pytest

from vi_ik_ros.cli import completion
from vi_ik_ros.cli import main as cli
from vi_ik_ros.cli.commands.bench import BENCHMARKS
from vi_ik_ros.cli.commands.completion import SHELLS

pytest.importorskip("argcomplete")
HEAVY = {"torch", "rclpy", "pinocchio", "numba", "scipy", "mujoco", "matplotlib"}
PROGRAM = [sys.executable, "-m", "vi_ik_ros.cli.main"]
TYPED = """
vi-ik() { "$PYTHON" -m vi_ik_ros.cli.main "$@"; }
eval "$(vi-ik completion bash)"
COMP_LINE="vi-ik sample --refi"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9
_python_argcomplete vi-ik
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def store(tmp_path):
    """A model store with the directory of one model, which is enough for its name."""
    (tmp_path / "vi_ik_ros" / "models" / "my_model").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def offered(tmp_path, store):
    """Return the words that are offered where a line ends, and the modules that it took."""

    def call(line):
        out = tmp_path / "words"
        environment = {
            **os.environ,
            "_ARGCOMPLETE": "1",
            "_ARGCOMPLETE_IFS": "\n",
            "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
            "_ARGCOMPLETE_STDOUT_FILENAME": str(out),
            "COMP_LINE": line,
            "COMP_POINT": str(len(line)),
            "COMP_TYPE": "9",
            "XDG_DATA_HOME": str(store),
        }
        done = subprocess.run(
            [sys.executable, "-X", "importtime", *PROGRAM[1:]],
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.stdout == ""
        modules = {row.rsplit("|")[-1].strip() for row in done.stderr.splitlines()}
        return out.read_text().split("\n"), modules

    return call


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("vi-ik conn", ["connectivity"]),
        ("vi-ik ", list(cli.COMMANDS)),
        ("vi-ik sample --refi", ["--refine"]),
        ("vi-ik sample my", ["my_model"]),
        ("vi-ik train --robot racer", ["racer5"]),
        ("vi-ik train --family am", ["amortized"]),
        ("vi-ik skill le", ["learn"]),
        ("vi-ik skill run screw", ["screw_insertion"]),
        ("vi-ik skill learn peg_in_hole --scene peg", ["peg_oblong"]),
        ("vi-ik objectives pub", ["publish"]),
        ("vi-ik bench ", sorted(BENCHMARKS)),
        ("vi-ik up --nodes tr", ["trainer"]),
    ],
)
def test_word_that_is_begun_is_completed_without_heavy_imports(offered, line, words):
    found, modules = offered(line)
    assert sorted(found) == sorted(words)
    assert "argcomplete" in modules
    assert not HEAVY & modules


def test_models_of_the_named_store_are_offered(offered, tmp_path):
    (tmp_path / "other" / "elsewhere").mkdir(parents=True)
    found, _ = offered(f"vi-ik sample --store {tmp_path / 'other'} else")
    assert found == ["elsewhere"]


@pytest.mark.parametrize("shell", list(SHELLS))
def test_script_is_printed_whole(capsys, shell):
    assert cli.main(["completion", shell]) == cli.OK
    written = capsys.readouterr()
    assert "vi-ik" in written.out and "COMP_LINE" in written.out and written.err == ""
    if shutil.which(shell):
        done = subprocess.run([shell, "-n"], input=written.out, capture_output=True, text=True)
        assert done.returncode == 0 and done.stderr == ""


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes_with_the_script(store):
    environment = {**os.environ, "PYTHON": sys.executable, "XDG_DATA_HOME": str(store)}
    done = subprocess.run(["bash", "-c", TYPED], env=environment, capture_output=True, text=True)
    assert done.stdout == "--refine \n", done.stderr


def test_unknown_shell_is_refused_in_one_line(capsys):
    assert cli.main(["completion", "bsh"]) == cli.BAD_INPUT
    expected = "SHELL: got bsh, expected bash, zsh or fish (did you mean bash?)\n"
    assert capsys.readouterr().err == f"vi-ik completion: {expected}"


def test_missing_package_is_said_in_one_line(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "argcomplete", None)
    assert cli.main(["completion", "bash"]) == cli.BAD_INPUT
    assert "pip install" in capsys.readouterr().err


def test_lists_of_heavy_modules_are_up_to_date():
    from vi_ik_ros.cli.skill.stage import PLANTS
    from vi_ik_ros.sampling.training.fit import FAMILIES

    assert set(completion.FAMILIES) == set(FAMILIES)
    assert set(completion.PLANTS) == set(PLANTS)
