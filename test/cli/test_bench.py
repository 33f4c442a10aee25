# SPDX-License-Identifier: Apache-2.0
import json
import sys
from types import SimpleNamespace

import pytest

from vi_ik_ros.cli.main import BAD_INPUT, OK, main
from vi_ik_ros.cli.progress.earlier_runs import earlier_seconds, note_seconds


@pytest.fixture
def told(monkeypatch, tmp_path):
    """Put a benchmark in the place of one; return what it was told."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    received = {}

    def run(*, on_progress, **options):
        received.update(options)
        on_progress("the first [case] ...")
        if options["budget"] == 13.0:
            raise KeyboardInterrupt
        return SimpleNamespace(json=lambda: {"rows": []}, table=lambda: "a table")

    monkeypatch.setitem(sys.modules, "vi_ik_ros.benchmarks.planar_line", SimpleNamespace(run=run))
    return received


def test_progress_goes_to_standard_error_and_json_to_the_other(told, capsys):
    assert main(["bench", "planar-line", "--quick", "--seeds", "2", "--json"]) == OK
    written = capsys.readouterr()
    assert told == {"seeds": 2, "quick": True, "budget": None}
    assert json.loads(written.out) == {"rows": []}
    assert written.err == "the first [case] ...\n"


def test_time_left_is_that_of_the_last_run_with_these_options(told, capsys):
    note_seconds("bench planar-line --seeds 1 --quick", 3600.0)
    main(["bench", "planar-line", "--seeds", "1", "--quick"])
    assert capsys.readouterr().err == "the first [case] ..., 60 min left\n"
    assert earlier_seconds("bench planar-line --seeds 1 --quick") < 3600.0  # as it was now
    main(["bench", "planar-line", "--seeds", "1", "--quick", "--budget", "2"])
    assert "left" not in capsys.readouterr().err


def test_run_that_was_broken_off_is_not_remembered(told):
    assert main(["bench", "planar-line", "--budget", "13"]) == 130
    assert earlier_seconds("bench planar-line --seeds 1 --budget 13") is None


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["planar-lin"], "NAME: got planar-lin, expected one of amortized,"),
        (["planar-line", "--seeds", "0"], "--seeds: got 0, expected 1 or more"),
        (["planar-line", "--budget", "nan"], "--budget: got nan, expected a time above 0 [s]"),
    ],
)
def test_bad_input_is_refused_in_one_line(told, capsys, options, line):
    assert main(["bench", *options]) == BAD_INPUT
    error = capsys.readouterr().err
    assert error.startswith(f"vi-ik bench: {line}") and error.count("\n") == 1
    assert told == {}
