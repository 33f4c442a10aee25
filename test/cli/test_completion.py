# SPDX-License-Identifier: Apache-2.0
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from vi_ik_ros.cli import completion
from vi_ik_ros.cli import main as cli
from vi_ik_ros.cli.commands.bench import BENCHMARKS
from vi_ik_ros.cli.commands.completion import SHELLS

pytest.importorskip("argcomplete")
HEAVY = {"torch", "rclpy", "pinocchio", "numba", "scipy", "mujoco", "matplotlib"}
PATIENCE = 120.0  # [s], of a shell
PROGRAM = [sys.executable, "-m", "vi_ik_ros.cli.main"]
TYPED = """
vi-ik() { "$PYTHON" -m vi_ik_ros.cli.main "$@"; }
eval "$(vi-ik completion bash)"
COMP_LINE="vi-ik sample --refi"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9
_python_argcomplete vi-ik
printf '%s\\n' "${COMPREPLY[@]}"
"""

# Types a line and TAB into an interactive zsh, then a key that shows the line; prints it.
ZSH = """
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1= PS2=; eval "$(vi-ik completion zsh)"'
zpty -w shell 'show() { print -r -- "shown""<$BUFFER>" }; zle -N show; bindkey "^X" show'
zpty -n -w shell "$1"$'\\t\\x18'
zpty -r shell told '*shown<*>*'
print -r -- "${${told##*shown<}%%>*}"
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


@pytest.mark.parametrize(
    ("shell", "offers_files"), [("bash", True), ("fish", True), ("zsh", False)]
)
def test_files_are_offered_but_to_zsh_which_does_it_better(
    offered, monkeypatch, tmp_path, shell, offers_files
):
    monkeypatch.setenv("_ARGCOMPLETE_SHELL", shell)
    monkeypatch.chdir(tmp_path)
    Path("scene.yaml").touch()
    monkeypatch.setenv("PYTHONPATH", str(Path(cli.__file__).parents[2]))
    found, _ = offered("vi-ik play sce")
    assert found == (["scene.yaml"] if offers_files else [""])


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


@pytest.fixture
def shell_environment(tmp_path, store):
    """An environment with an empty home and a program `vi-ik`, in a directory with files."""
    program = tmp_path / "bin" / "vi-ik"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m vi_ik_ros.cli.main "$@"\n')
    program.chmod(0o755)
    (tmp_path / "my scene.yaml").touch()
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    package = str(Path(cli.__file__).parents[2])
    here = {"HOME": str(tmp_path), "PATH": path, "PYTHONPATH": package, "TERM": "dumb"}
    return {**os.environ, **here, "XDG_DATA_HOME": str(store)}


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("vi-ik sample my_", "vi-ik sample my_model "),
        ("vi-ik play my", "vi-ik play my\\ scene.yaml "),
        ("vi-ik play ~/my", "vi-ik play ~/my\\ scene.yaml "),
        ('vi-ik play "my', 'vi-ik play "my scene.yaml" '),
        ("vi-ik train --out=~/vi_ik", "vi-ik train --out=~/vi_ik_ros/"),
    ],
)
def test_zsh_completes_with_the_script(shell_environment, tmp_path, line, completed):
    done = subprocess.run(
        ["zsh", "-f", "-c", ZSH, "zsh", line],
        env=shell_environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.stdout == f"{completed}\n", done.stderr


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("vi-ik sample --refi", ["--refine"]),
        ("vi-ik sample my_", ["my_model"]),
        ("vi-ik play ~/my", ["~/my scene.yaml"]),
    ],
)
def test_fish_completes_with_the_script(shell_environment, tmp_path, line, words):
    asked = ["fish", "-N", "-c", "vi-ik completion fish | source; complete -C $argv", line]
    done = subprocess.run(
        asked, env=shell_environment, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE
    )
    assert [row.split("\t")[0] for row in done.stdout.splitlines()] == words, done.stderr


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
