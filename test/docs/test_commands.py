# SPDX-License-Identifier: Apache-2.0
"""Every command of README and pages works; commands.yaml says how each one is run or checked."""

import contextlib
import importlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from vi_ik_ros.cli import main as cli
from vi_ik_ros.cli.commands.bench import BENCHMARKS
from vi_ik_ros.cli.commands.figures import FIGURES
from vi_ik_ros.nodes.processes.node_process import NODES

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
TABLE = yaml.safe_load(Path(__file__).with_name("commands.yaml").read_text("utf-8"))
LINKED = ("config", "docs", "examples", "test", "vi_ik_ros")  # what commands name
PATIENCE = 300.0  # [s], of a command that runs until it is stopped
# Of draws that begin a training and that score its model, in place of minutes.
FEWER = {
    "runs.mixture_run.MANY_PROPOSALS": 20_000,
    "scores.NUM_CONTEXTS": 20,
    "scores.NUM_SAMPLES": 2,
}
FOREIGN = {"colcon", "cp", "gz", "python3", "sudo", ".", "pip", "ros2", "make"}


def shell_lines(text: str) -> list[str]:
    """The command lines of a page: fenced as bash, or indented where they are no list's text."""
    lines, language, before = [], None, ""
    for line in text.splitlines():
        fence = re.match(r"\s*```(\w*)", line)
        if fence:
            language = fence[1] or "text" if language is None else None
        elif language == "bash" or (
            language is None
            and line.startswith("    ")
            and (not before.strip() or before.startswith("    "))
        ):
            lines.append(line)
        before = line
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    found = (re.sub(r"\s+#\s.*", "", line).strip() for line in joined.splitlines())
    return [re.sub(r"\s+", " ", line) for line in found if line]


def inline_commands(text: str) -> list[str]:
    """The commands of this package in the running text of a page."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    spans = (" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose))
    return [span for span in spans if re.match(r"(\.venv/bin/)?vi-ik [a-z]|make [a-z]", span)]


COMMANDS = {command: page.relative_to(ROOT).as_posix()
            for page in PAGES for command in shell_lines(page.read_text("utf-8"))}  # fmt: skip
INLINE = {command: page.relative_to(ROOT).as_posix()
          for page in PAGES for command in inline_commands(page.read_text("utf-8"))}  # fmt: skip


def test_every_command_of_the_pages_is_in_the_table():
    told = [*TABLE["run"], *TABLE["check"]]
    assert len(told) == len(set(told))
    missing = {c: page for c, page in COMMANDS.items() if c not in told}
    assert missing == {}, "say in test/docs/commands.yaml how these are tested"
    assert set(told) - set(COMMANDS) == set(), "no page has these any more"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_can_be_read(command):
    """Names, options, files and types of a command exist, whether it is run as well or not."""
    for part in command.split(" && "):
        words = [word for word in shlex.split(part) if not re.match(r"[A-Z_]+=", word)]
        check(words)


@pytest.mark.parametrize("command", INLINE)
def test_a_command_in_the_text_can_be_read(command):
    words = shlex.split(re.sub(r"(\.{3}|\[.*?\])", "", command))
    if words[0] == "make":
        check(words[:2])
    else:
        leaf, rest = leaf_of(words)
        known = {option for action in leaf._actions for option in action.option_strings}
        assert {word for word in rest if re.match("--?[a-z]", word)} <= known
        check_names(words)


def check(words: list[str]) -> None:
    """Fail if a command names what does not exist."""
    program = Path(words[0]).name
    if program == "vi-ik":
        assert cli._parser(words[1]).parse_args(words[1:]).command == words[1]
        check_names(words)
    elif program == "python" and words[1] != "-c":
        is_module = words[1] == "-m"
        found = importlib.util.find_spec(words[2]) if is_module else (ROOT / words[1]).is_file()
        assert found
    elif program == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    elif words[:3] == ["pip", "install", "-r"]:
        assert (ROOT / words[3]).is_file()
    elif program == "ros2":
        check_ros(words[1:])
    else:
        assert program in FOREIGN or (ROOT / words[0]).exists(), f"what is {program}?"


def check_names(words: list[str]) -> None:
    """Fail if a benchmark, a figure or a node of a `vi-ik` command does not exist."""
    name = next((word for word in words[2:] if not word.startswith("-")), "NAME")
    if words[1] in ("bench", "figures") and name != "NAME":
        assert name in (BENCHMARKS if words[1] == "bench" else FIGURES)
    if "--nodes" in words:
        assert set(words[words.index("--nodes") + 1].split(",")) <= set(NODES)


def leaf_of(words: list[str]) -> tuple:
    """The parser of a command, or of its action, and the words behind its name."""
    assert words[1] in cli.COMMANDS
    parser = cli._parser(words[1])._subparsers._group_actions[0].choices[words[1]]
    if parser._subparsers is not None and len(words) > 2 and words[2].islower():
        return parser._subparsers._group_actions[0].choices[words[2]], words[3:]
    return parser, words[2:]


def check_ros(words: list[str]) -> None:
    """Fail if a command of ROS 2 names an unknown launch file, argument, node, type or field."""
    verb = words[0]
    if verb == "launch":
        text = (ROOT / "launch" / words[2]).read_text("utf-8")
        text += (ROOT / "vi_ik_ros/nodes/launching/arguments.py").read_text("utf-8")
        unknown = [w for w in words[3:] if f'"{w.partition(":=")[0]}"' not in text]
        assert words[1] == "vi_ik_ros" and unknown == []
    elif verb == "run" and words[1] == "vi_ik_ros":
        assert words[2].removesuffix("_node") in NODES
    elif words[:2] in (["service", "call"], ["action", "send_goal"], ["topic", "pub"]):
        kind, text = next((a, b) for a, b in zip(words, words[1:], strict=False) if "/" in a[1:]
                          and b.startswith("{"))  # fmt: skip
        package, folder, name = kind.split("/")
        top = getattr(importlib.import_module(f"{package}.{folder}"), name)
        part = {"srv": "Request", "action": "Goal"}.get(folder)
        check_fields(getattr(top, part) if part else top, yaml.safe_load(text))
    else:
        assert verb in ("run", "topic"), f"ros2 {verb} is not checked yet"


def check_fields(kind: type, values: dict) -> None:
    """Fail if a message has no such fields."""
    types = kind.get_fields_and_field_types()
    assert set(values) <= set(types)
    for field, value in values.items():
        inner = value[0] if isinstance(value, list) and value else value
        if isinstance(inner, dict):
            package, name = re.match(r"(?:sequence<)?(\w+)/(\w+)", types[field]).groups()
            check_fields(getattr(importlib.import_module(f"{package}.msg"), name), inner)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A directory like a checkout, and a home, that commands may write into."""
    place = tmp_path_factory.mktemp("checkout")
    for name in LINKED:
        (place / name).symlink_to(ROOT / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("HOME", str(place / "home"))
        patch.setenv(
            "XDG_CACHE_HOME", os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
        )
        patch.delenv("XDG_DATA_HOME", raising=False)
        for name, fewer in FEWER.items():
            patch.setattr(f"vi_ik_ros.sampling.training.{name}", fewer)
        yield place
    shutil.rmtree(place, ignore_errors=True)


RUN = [pytest.param(command, marks=[pytest.mark.docs] if (how or {}).get("long") else [])
       for command, how in TABLE["run"].items()]  # fmt: skip


@pytest.mark.parametrize("command", RUN)
def test_a_command_runs(command, place, done):
    carry_out(command, place, done)


@pytest.fixture(scope="module")
def done():
    """The commands that have been carried out in this module."""
    return set()


def carry_out(command: str, place: Path, done: set) -> None:
    """Run a command once, and before it what it needs."""
    if command in done:
        return
    how = TABLE["run"][command] or {}
    for needed in how.get("needs", ()):
        carry_out(needed, place, done)
    for name in how.get("files", ()):
        (place / name).write_text(FILES[name](), encoding="utf-8")
    line = command
    for printed, instead in how.get("instead", {}).items():
        assert printed in line
        line = line.replace(printed, instead)
    with contextlib.ExitStack() as stack:
        for other, ready in how.get("beside", {}).items():
            stack.enter_context(running(other, [ready]))
        run(line, how.get("until"))
    for name in how.get("makes", ()):
        assert (place / name).exists(), f"{command} made no {name}"
    done.add(command)


def words_of(command: str) -> list[str]:
    """The words that a shell would make, with this Python in place of .venv."""
    words = [os.path.expanduser(word) for word in shlex.split(command)]
    python, vi_ik = [sys.executable], [sys.executable, "-m", "vi_ik_ros.cli.main"]
    programs = {".venv/bin/python": python, ".venv/bin/vi-ik": vi_ik, "vi-ik": vi_ik}
    return [*programs.get(words[0], words[:1]), *words[1:]]


def run(command: str, until: list[str] | None) -> None:
    """Run a command to its end; one that has none, until it has said some words."""
    words = words_of(command)
    if until is not None:
        with running(command, until):
            return
    if words[2:3] == ["vi_ik_ros.cli.main"]:
        assert cli.main(words[3:]) == 0
    else:
        subprocess.run(words, check=True, timeout=PATIENCE, env=environment())


@contextlib.contextmanager
def running(command: str, until: Sequence[str]):
    """Have a command run beside others once it has said some words; it must end well."""
    process = subprocess.Popen(
        words_of(command),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(),
    )
    killer = threading.Timer(PATIENCE, process.kill)
    killer.start()
    told = ""
    try:
        for line in process.stdout:
            told += line
            if all(word in told for word in until):
                break
        assert all(word in told for word in until), told
        yield
        process.send_signal(signal.SIGINT)
        told += process.stdout.read()
        assert process.wait() == 0, told
    finally:
        killer.cancel()
        process.kill()
        process.stdout.close()
        process.wait()


def environment() -> dict[str, str]:
    """The environment of a command: the package from this checkout, lines as they come."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def shown_configurations() -> str:
    """Some configurations about the Panda's ready posture, as a CSV file."""
    import numpy as np

    names = ",".join(f"panda_joint{i}" for i in range(1, 8))
    ready = np.array([0.0, -0.785, 0.0, -2.356, 0.0, 1.571, 0.785])
    rows = ready + 0.05 * np.random.default_rng(0).normal(size=(20, 7))
    return "\n".join([names, *(",".join(f"{x:.6f}" for x in row) for row in rows)])


def yaml_of_the_page() -> str:
    """The objectives file that the page on training prints."""
    page = ROOT / "docs" / "how-to" / "train-a-model.md"
    return re.search(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)[1]


FILES = {
    "demos.csv": shown_configurations,
    "xarm.yaml": yaml_of_the_page,
    "my_scene.yaml": lambda: (ROOT / "config/scenes/screw_slot.yaml").read_text("utf-8"),
}
