# SPDX-License-Identifier: Apache-2.0
"""`vi-ik train`: fit a model to an objectives file."""

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from vi_ik_ros.cli.output import emit, say
from vi_ik_ros.cli.progress_line import ProgressLine, progress_line
from vi_ik_ros.cli.training_input import add_training_arguments, given_settings, read_document
from vi_ik_ros.exceptions import InvalidInput

if TYPE_CHECKING:
    from vi_ik_ros.sampling.training.runs.run import FitProgress

EXAMPLE = "vi-ik train config/objectives/panda_position.yaml --out ~/my_models/reach --seed 1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `vi-ik train`."""
    defaults = "amortized, or banana up to 12 dimensions and gaussian beyond"
    add_training_arguments(parser, defaults)
    parser.add_argument(
        "--out", metavar="DIR", type=Path, required=True,
        help="directory of the model; its last part is the model's name",
    )  # fmt: skip
    parser.add_argument(
        "--device", default="auto",
        help="auto (default: an accelerator if there is one), cpu, or an accelerator's name",
    )  # fmt: skip
    parser.add_argument(
        "--resume", action="store_true", help="go on from the checkpoint in DIR.partial/"
    )


def run(arguments: argparse.Namespace) -> int:
    """Fit the model with a progress line and write it whole."""
    directory = _directory(arguments.out)
    given, document = given_settings(arguments), read_document(arguments)

    import torch

    from vi_ik_ros.sampling.experts.objective_file import load_objectives
    from vi_ik_ros.sampling.training.device import resolve_device
    from vi_ik_ros.sampling.training.fit import default_family, fit
    from vi_ik_ros.sampling.training.settings import FitSettings

    device = resolve_device(arguments.device, "--device")
    objectives = load_objectives(document, dtype=torch.float32)
    family = arguments.family or default_family(objectives)
    if family != "amortized":  # Small matrices: a second thread costs more than it does.
        torch.set_num_threads(1)
    with progress_line("training") as line:
        report = fit(
            objectives,
            directory,
            settings=FitSettings(**given),  # type: ignore[arg-type]
            family=family,
            device=device,
            command=shlex.join(["vi-ik", *sys.argv[1:]]),
            resume=arguments.resume,
            on_progress=lambda state: _show(line, state),
            on_warning=lambda line: say(f"warning: {line}"),
        )
    scores = ", ".join(f"{name} {value:.4g}" for name, value in report.scores.items())
    words = f"{directory}: {report.steps} steps in {report.seconds:.0f} s; {scores}"
    data = {"out": str(directory), "digest": report.digest, "scores": report.scores}
    emit(arguments.json, data | {"steps": report.steps, "seconds": report.seconds}, words)
    return 0


def _show(line: ProgressLine, state: "FitProgress") -> None:
    """Show how far a fit is."""
    figures = (f"{name} {value:.2f}" for name, value in state.figures.items())
    line.update(state.fraction, ", ".join([f"step {state.step}", *figures]), state.seconds_left)


def _directory(out: Path) -> Path:
    """Return the model's directory, refused before any training if it cannot be one."""
    from vi_ik_ros.sampling.store.model_store import is_model_name

    directory = out.expanduser().resolve()
    if not is_model_name(directory.name):
        raise InvalidInput("--out", str(out), "a directory named with 1 to 64 of a-z, 0-9 and _")
    if directory.exists() and not directory.is_dir():
        raise InvalidInput("--out", str(out), "a directory, not a file")
    return directory
