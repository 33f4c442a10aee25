# SPDX-License-Identifier: Apache-2.0
"""`vi-ik sweep`: a search over model families and settings."""

import argparse
import importlib.util
import math
import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from vi_ik_ros.cli.output import emit, say
from vi_ik_ros.cli.parser import UsageError
from vi_ik_ros.cli.paths import store_directory
from vi_ik_ros.cli.progress.progress_line import ProgressLine, progress_line
from vi_ik_ros.exceptions import InvalidInput

if TYPE_CHECKING:
    from rich.table import Table

    from vi_ik_ros.sampling.training.sweeps.sweep_report import (
        SweepProgress,
        SweepReport,
        TrialRow,
    )

EXAMPLE = "vi-ik sweep config/sweeps/planar2_line.yaml --trials 4"
NEEDED = ("ray", "pandas", "pyarrow")  # what Ray Tune cannot be imported without
OLDEST = (2, 44)  # version of Ray


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `vi-ik sweep`."""
    parser.add_argument("config", metavar="CONFIG.yaml", type=Path)
    parser.add_argument("--trials", type=int, metavar="N", help="fits, in place of num_trials")
    parser.add_argument(
        "--time-limit", type=float, metavar="SEC", help="of one fit, in place of time_limit"
    )
    parser.add_argument(
        "--out", metavar="DIR", type=Path,
        help="directory of the sweep, on a cluster one that all its machines see; default: "
        "$XDG_DATA_HOME/vi_ik_ros/sweeps/MODEL",
    )  # fmt: skip
    parser.add_argument(
        "--store", metavar="DIR", type=store_directory,
        help="where the best model goes; default: $XDG_DATA_HOME/vi_ik_ros/models",
    )  # fmt: skip
    parser.add_argument(
        "--force", action="store_true", help="replace a model in the store that scores better"
    )
    parser.add_argument(
        "--address", metavar="ADDR",
        help="use an existing Ray cluster, HOST:PORT or auto; default: this machine",
    )  # fmt: skip
    parser.add_argument(
        "--resume", action="store_true",
        help="go on with an interrupted sweep; reads files of Ray in its directory that can make "
        "Python do anything, so only where nobody else can write",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Run the trials with a progress line, then print them and what the store holds now."""
    _refuse_without_ray()
    overrides = _overrides(arguments)

    from vi_ik_ros.sampling.store.model_store import ModelStore
    from vi_ik_ros.sampling.training.sweeps.run_sweep import default_directory, run_sweep
    from vi_ik_ros.sampling.training.sweeps.sweep_config import read_sweep

    config = read_sweep(arguments.config, overrides)
    for line in config.warnings:
        say(f"warning: {line}")
    directory = (arguments.out or default_directory(config.model)).expanduser().resolve()
    try:
        with progress_line("starting Ray") as progress:
            report = run_sweep(
                config,
                directory,
                ModelStore(arguments.store),
                address=arguments.address,
                resume=arguments.resume,
                force=arguments.force,
                command=shlex.join(["vi-ik", *sys.argv[1:]]),
                on_progress=lambda state: _show(progress, config.metric, state),
            )
    except KeyboardInterrupt:
        say(f"interrupted; the same command with --resume goes on with {directory}")
        raise
    emit(arguments.json, _data(report, config.model), _table(report, config.metric, config.model))
    return 0 if report.best is not None else 1


def _refuse_without_ray() -> None:
    """Refuse where the optional extra is missing, without the seconds that its import takes."""
    there = all(importlib.util.find_spec(name) is not None for name in NEEDED)
    numbers = version("ray").split(".")[:2] if there else ["0", "0"]
    if tuple(map(int, numbers)) < OLDEST:
        raise UsageError('needs Ray Tune (extra "cluster"): pip install "ray[tune]>=2.44"')


def _overrides(arguments: argparse.Namespace) -> dict[str, object]:
    """Return the keys of the file that options replace."""
    overrides: dict[str, object] = {}
    if arguments.trials is not None:
        if arguments.trials < 1:
            raise InvalidInput("--trials", arguments.trials, "a number above 0")
        overrides["num_trials"] = arguments.trials
    if arguments.time_limit is not None:
        if not arguments.time_limit > 0:
            raise InvalidInput("--time-limit", arguments.time_limit, "a number above 0")
        overrides["time_limit"] = arguments.time_limit
    return overrides


def _show(line: ProgressLine, metric: str, state: "SweepProgress") -> None:
    """Show how far a sweep is."""
    from vi_ik_ros.sampling.training.sweeps.sweep_report import FAILED, RUNNING

    ended = sum(row.has_ended for row in state.trials)
    words = [f"{ended} of {state.num_trials} trials done", f"{state.count(RUNNING)} running"]
    if state.count(FAILED):
        words.append(f"{state.count(FAILED)} failed")
    if state.best is not None:
        words.append(f"best {metric} {state.best.score:.4g} ({_words(state.best)})")
    left = None if math.isnan(state.seconds_left) else state.seconds_left
    line.update(ended / state.num_trials, ", ".join(words), left)


def _words(row: "TrialRow") -> str:
    """Write what a trial tried in one line."""
    config = dict(row.config)
    parts = [str(config.pop("family", ""))]
    parts += [f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in config.items()]
    return ", ".join(parts)


def _data(report: "SweepReport", model: str) -> dict[str, object]:
    """Return what `--json` prints."""
    best, adoption = report.best, report.adoption
    return {
        "model": model,
        "out": str(report.directory),
        "trials": [_trial(row) for row in report.trials],
        "best": None if best is None else _trial(best),
        "store": None if adoption is None else asdict(adoption),
        "seconds": report.seconds,
    }


def _trial(row: "TrialRow") -> Mapping[str, object]:
    return {**asdict(row), "model": None if row.model is None else str(row.model)}


def _table(report: "SweepReport", metric: str, model: str) -> "Table":
    """Return the trials, the best one first, and what became of the model below them."""
    from rich.markup import escape
    from rich.table import Table

    title = f"{len(report.trials)} trials in {report.directory}, {report.seconds:.0f} s"
    table = Table(title=escape(title), caption=escape(_outcome(report, model)))
    for name in ("trial", metric, "seconds"):
        table.add_column(name, justify="right")
    table.add_column("family and settings")
    table.add_column("status")
    worst_last = sorted(report.trials, key=lambda row: (math.isnan(row.score), -row.score))
    for row in worst_last:
        score = "" if math.isnan(row.score) else f"{row.score:.4f}"
        seconds = "" if math.isnan(row.seconds) else f"{row.seconds:.1f}"
        status = (
            row.status if row.progress in (0.0, 100.0) else f"{row.status} at {row.progress:.0f} %"
        )
        table.add_row(
            str(row.number), score, seconds, escape(_words(row)),
            escape(f"{status}: {row.reason}" if row.reason else status),
        )  # fmt: skip
    return table


def _outcome(report: "SweepReport", model: str) -> str:
    """Say what the store holds now."""
    best, adoption = report.best, report.adoption
    if best is None or adoption is None:
        return "no trial has fitted a model"
    if adoption.adopted:
        return f"trial {best.number} is the model {model} of the store now"
    return f"trial {best.number} {adoption.reason}"
