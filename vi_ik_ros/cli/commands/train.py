# SPDX-License-Identifier: Apache-2.0
"""`vi-ik train`: fit a model to an objectives file."""

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from vi_ik_ros.cli.output import emit, say
from vi_ik_ros.exceptions import InvalidInput

if TYPE_CHECKING:
    from rich.progress import Progress

    from vi_ik_ros.sampling.training.runs.run import FitProgress

EXAMPLE = "vi-ik train config/objectives/panda_position.yaml --out ~/my_models/reach --seed 1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `vi-ik train`."""
    parser.add_argument("objectives", metavar="OBJECTIVES.yaml", type=Path)
    parser.add_argument(
        "--out", metavar="DIR", type=Path, required=True,
        help="directory of the model; its last part is the model's name",
    )  # fmt: skip
    parser.add_argument(
        "--family", default="amortized",
        help="amortized (default) or moe for objectives with a context, gaussian or banana for "
        "those without",
    )  # fmt: skip
    parser.add_argument("--components", type=int, metavar="K", help="mixture components")
    parser.add_argument("--seed", type=int, default=0, help="random seed (default 0)")
    parser.add_argument("--steps", type=int, help="end after so many updates")
    parser.add_argument("--time-limit", type=float, metavar="SEC", help="end after so long")
    parser.add_argument("--width", type=int, help="width of the network")
    parser.add_argument("--blocks", type=int, help="residual blocks of the network")
    parser.add_argument("--batch-size", type=int, help="pairs of one update")
    parser.add_argument(
        "--resume", action="store_true", help="go on from the checkpoint in DIR.partial/"
    )


def run(arguments: argparse.Namespace) -> int:
    """Fit the model with a progress line and write it whole."""
    directory = _directory(arguments.out)
    options = _settings(arguments)

    import torch
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from vi_ik_ros.sampling.experts.objective_file import load_objectives
    from vi_ik_ros.sampling.training.fit import fit
    from vi_ik_ros.sampling.training.settings import FitSettings

    if arguments.family != "amortized":  # Small matrices: a second thread costs more than it does.
        torch.set_num_threads(1)
    objectives = load_objectives(arguments.objectives, dtype=torch.float32)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    quiet = not console.is_terminal  # where an empty bar would leave an empty line
    with Progress(*columns, console=console, transient=True, disable=quiet) as progress:
        report = fit(
            objectives,
            directory,
            settings=FitSettings(**options),  # type: ignore[arg-type]
            family=arguments.family,
            command=shlex.join(["vi-ik", *sys.argv[1:]]),
            resume=arguments.resume,
            on_progress=_Line(progress),
            on_warning=lambda line: say(f"warning: {line}"),
        )
    scores = ", ".join(f"{name} {value:.4g}" for name, value in report.scores.items())
    line = f"{directory}: {report.steps} steps in {report.seconds:.0f} s; {scores}"
    data = {"out": str(directory), "digest": report.digest, "scores": report.scores}
    emit(arguments.json, data | {"steps": report.steps, "seconds": report.seconds}, line)
    return 0


class _Line:
    """The progress line of one fit; where there is no terminal, a line for each tenth of it."""

    def __init__(self, progress: "Progress") -> None:
        self._progress = progress
        self._task = progress.add_task("training", total=1.0)
        self._tenths = 0

    def __call__(self, state: "FitProgress") -> None:
        figures = (f"{name} {value:.2f}" for name, value in state.figures.items())
        words = ", ".join([f"step {state.step}", *figures])
        self._progress.update(self._task, completed=state.fraction, description=words)
        if not self._progress.console.is_terminal and state.fraction * 10 >= self._tenths + 1:
            self._tenths = int(state.fraction * 10)
            say(f"{self._tenths * 10} %: {words}, {state.seconds_left:.0f} s left")


def _directory(out: Path) -> Path:
    """Return the model's directory, refused before any training if it cannot be one."""
    from vi_ik_ros.sampling.store.model_store import is_model_name

    directory = out.expanduser().resolve()
    if not is_model_name(directory.name):
        raise InvalidInput("--out", str(out), "a directory named with 1 to 64 of a-z, 0-9 and _")
    if directory.exists() and not directory.is_dir():
        raise InvalidInput("--out", str(out), "a directory, not a file")
    return directory


def _settings(arguments: argparse.Namespace) -> dict[str, int | float]:
    """Return the settings that were given, each checked."""
    fields = {"components": "num_components", "blocks": "num_blocks"}
    options: dict[str, int | float] = {"seed": arguments.seed}
    if not 0 <= arguments.seed < 2**63:
        raise InvalidInput("--seed", arguments.seed, "0 to 2**63 - 1")
    for name in ("components", "steps", "time_limit", "width", "blocks", "batch_size"):
        value = getattr(arguments, name)
        if value is None:
            continue
        if not value > 0:
            raise InvalidInput(f"--{name.replace('_', '-')}", value, "a number above 0")
        options[fields.get(name, name)] = value
    return options
