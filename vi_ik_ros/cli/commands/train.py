# SPDX-License-Identifier: Apache-2.0
"""`vi-ik train`: fit a model to an objectives file."""

import argparse
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from vi_ik_ros.cli.output import emit, say
from vi_ik_ros.cli.paths import check_file, check_place
from vi_ik_ros.cli.progress.progress_line import ProgressLine, progress_line
from vi_ik_ros.cli.training_input import (
    add_sharpening_arguments,
    add_training_arguments,
    given_settings,
    read_document,
)
from vi_ik_ros.cli.training_plot import plot_training
from vi_ik_ros.exceptions import InvalidInput

if TYPE_CHECKING:
    from vi_ik_ros.sampling.training.runs.run import FitProgress

FURTHER_RATE = 5e-4  # learning rate of a network that has been trained before
EXAMPLE = "vi-ik train config/objectives/panda_position.yaml --out ~/my_models/reach --seed 1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `vi-ik train`."""
    defaults = "amortized, or banana up to 12 dimensions and gaussian beyond"
    add_training_arguments(parser, defaults)
    add_sharpening_arguments(parser)
    parser.add_argument(
        "--out", metavar="DIR", type=Path, required=True,
        help="directory of the model; its last part is the model's name",
    )  # fmt: skip
    parser.add_argument(
        "--device", default="auto",
        help="auto (default: an accelerator if there is one), cpu, or an accelerator's name",
    )  # fmt: skip
    parser.add_argument(
        "--loss", metavar="NAME",
        help="of the family inn: likelihood (default; it has a density then), or source, the "
        "losses of Ardizzone et al. (no density)",
    )  # fmt: skip
    parser.add_argument(
        "--decide-gates", action="store_true",
        help="of the family amortized: raise the gates to the power that suits the objective best",
    )  # fmt: skip
    parser.add_argument(
        "--start", metavar="MODEL",
        help="train the network of a stored amortized model further, by the ELBO from the first "
        "update on; with --components, split the components that contexts need until there are so "
        "many; name in the store or directory",
    )  # fmt: skip
    parser.add_argument(
        "--plot", type=Path, metavar="FILE.png", help="draw the training curve at the end"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on from the checkpoint in DIR.partial/"
    )


def run(arguments: argparse.Namespace) -> int:
    """Fit the model with a progress line and write it whole."""
    directory = _directory(arguments.out)
    check_file("--plot", arguments.plot)
    given = {**given_settings(arguments), **_loss(arguments), **_start(arguments)}
    given |= _gates(arguments)
    document = read_document(arguments)

    import torch

    from vi_ik_ros.sampling.experts.objective_file import load_objectives
    from vi_ik_ros.sampling.store.model_store import ModelStore
    from vi_ik_ros.sampling.training.device import resolve_device
    from vi_ik_ros.sampling.training.fit import default_family, fit
    from vi_ik_ros.sampling.training.settings import FitSettings

    device = resolve_device(arguments.device, "--device")
    objectives = load_objectives(document, dtype=torch.float32)
    family = arguments.family or default_family(objectives)
    _check_family(given, family)
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
    if arguments.plot is not None:
        plot_training(arguments.plot, ModelStore(), directory)
    return 0


def _loss(arguments: argparse.Namespace) -> dict[str, str]:
    """Return the loss that was asked for, refused where the family has no choice."""
    from vi_ik_ros.sampling.models.generators.options import LOSSES

    if arguments.loss is None:
        return {}
    if arguments.family != "inn":
        expected = f"none with {arguments.family or 'the default family'}: only inn has a choice"
        raise InvalidInput("--loss", arguments.loss, expected)
    if arguments.loss not in LOSSES:
        raise InvalidInput("--loss", arguments.loss, f"one of {', '.join(LOSSES)}")
    return {"loss": arguments.loss}


def _check_family(given: Mapping[str, object], family: str) -> None:
    """Refuse what only networks have where the default family has none."""
    for name in ("start", "decide_gates"):
        if name in given and family != "amortized":
            option = f"--{name.replace('_', '-')}"
            expected = f"none with {family}, the default family of these objectives"
            raise InvalidInput(option, given[name], expected)


def _start(arguments: argparse.Namespace) -> dict[str, str | float]:
    """Return how a stored network is trained further: sharpened all along, in small steps."""
    if arguments.start is None:
        return {}
    if arguments.family not in ("", "amortized"):
        raise InvalidInput("--start", arguments.start, "none with another family than amortized")
    if arguments.components is not None:  # split components have much to learn
        return {"start": arguments.start}
    return {"start": arguments.start, "sharpen_from": 0.0, "learning_rate": FURTHER_RATE}


def _gates(arguments: argparse.Namespace) -> dict[str, bool]:
    """Return whether gates are decided, refused where there are none of networks."""
    if arguments.decide_gates and arguments.family not in ("", "amortized"):
        raise InvalidInput("--decide-gates", arguments.family, "none but the family amortized")
    return {"decide_gates": True} if arguments.decide_gates else {}


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
    check_place("--out", directory)
    return directory
