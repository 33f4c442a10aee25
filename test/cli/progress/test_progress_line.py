# SPDX-License-Identifier: Apache-2.0
import io
import subprocess
import sys

import pytest
from rich.console import Console

from vi_ik_ros.cli.progress import progress_line as module
from vi_ik_ros.cli.progress.progress_line import SILENCE, ProgressLine, progress_line

SHOWN = """
import sys
from vi_ik_ros.cli.progress.progress_line import progress_line

with progress_line("fitting") as line:
    line.update(0.0, "step 0")
    line.tell("[the first] trial")
    line.update(0.5, "step 1", 300.0)
    print("the answer")
"""


class Clock:
    """A clock that stands still until it is set."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def line(clock):
    return ProgressLine("fitting", None, clock)


def test_without_a_terminal_each_tenth_gets_a_line(line, clock, capsys):
    for step in range(1001):
        clock.now = 0.01 * step
        line.update(step / 1000, f"step {step}")
    said = capsys.readouterr()
    assert said.out == ""
    lines = said.err.splitlines()
    assert [one.split(":")[0] for one in lines] == [f"{10 * tenth} %" for tenth in range(1, 11)]
    assert lines[1] == "20 %: step 200, 8 s left"


def test_without_a_terminal_silence_ends_after_a_minute(line, clock, capsys):
    line.update(0.001, "step 1", 7000.0)
    clock.now = SILENCE - 1.0
    line.update(0.002, "step 2", 7000.0)
    assert capsys.readouterr().err == ""
    clock.now = SILENCE
    line.update(0.003, "step 3", 7000.0)
    assert capsys.readouterr().err == "0 %: step 3, 1 h 57 min left\n"
    line.update(0.003, "step 4", 7000.0)
    assert capsys.readouterr().err == ""


def test_without_a_share_there_is_no_percentage(line, clock, capsys):
    clock.now = SILENCE
    line.update(None, "[waiting]")
    assert capsys.readouterr().err == "[waiting]\n"


def test_what_is_told_stays_with_the_time_left(line, capsys):
    line.update(None, "bench", 200.0)
    line.tell("the first case ...")
    assert capsys.readouterr().err == "the first case ..., 3 min left\n"


def test_on_a_terminal_a_bar_shows_words_and_time_left(monkeypatch):
    written = io.StringIO()
    terminal = Console(file=written, force_terminal=True, width=100, color_system=None)
    monkeypatch.setattr("rich.console.Console", lambda **options: terminal)
    with progress_line("fitting") as line:
        line._bar.refresh()
        assert "fitting" in written.getvalue() and "so far" in written.getvalue()
        line.update(0.5, "step [1]", 300.0)
        line._bar.refresh()
        assert "step [1]" in written.getvalue() and "5 min left" in written.getvalue()
        line.update(None, "waiting", 3000.0)
        line._bar.refresh()
        assert "50 min left" in written.getvalue()


def test_standard_output_is_left_to_the_answer():
    done = subprocess.run([sys.executable, "-c", SHOWN], capture_output=True, text=True)
    assert done.stdout == "the answer\n"
    assert done.stderr.splitlines() == ["[the first] trial", "50 %: step 1, 5 min left"]


def test_module_waits_for_rich_until_it_is_needed():
    program = f"import sys, {module.__name__}; print('rich' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "False\n"
