# SPDX-License-Identifier: Apache-2.0
"""`vi-ik figures`: pictures of what the benchmarks fit."""

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from vi_ik_ros.benchmarks.figures import FIGURES, draw
from vi_ik_ros.cli.output import emit
from vi_ik_ros.cli.parser import hint
from vi_ik_ros.cli.paths import make_directory
from vi_ik_ros.cli.progress.progress_line import ProgressLine, progress_line
from vi_ik_ros.exceptions import InvalidInput

EXAMPLE = "vi-ik figures planar-line bimanual --out figures"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `vi-ik figures`."""
    parser.add_argument("names", metavar="NAME", nargs="*", help="see --list (default: all)")
    parser.add_argument("--list", action="store_true", help="list the pictures")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, default=Path("figures"), help="default: figures"
    )
    parser.add_argument("--quick", action="store_true", help="small and rough, in seconds")


def run(arguments: argparse.Namespace) -> int:
    """Fit what the pictures show, and write them as PNG."""
    if arguments.list:
        lines = [f"{name}: {summary}" for name, summary in FIGURES.items()]
        emit(arguments.json, {"figures": FIGURES}, "\n".join(lines))
        return 0
    known = list(FIGURES)
    for name in arguments.names:
        if name not in known:
            expected = f"one of {', '.join(known)}{hint(name, known)}"
            raise InvalidInput("NAME", name, expected)
    make_directory("--out", arguments.out)
    written = _drawn(arguments.names or known, arguments.out, arguments.quick)
    emit(arguments.json, {"pictures": written}, "\n".join(written))
    return 0


def _drawn(names: Sequence[str], out: Path, quick: bool) -> list[str]:
    """Draw one picture after the other; return the files."""
    paths: list[Path] = []
    with progress_line(names[0]) as progress:
        for number, name in enumerate(names):
            progress.update(number / len(names), name)
            paths += draw(name, out, quick=quick, on_progress=partial(_tell, progress, name))
    return [str(path) for path in paths]


def _tell(progress: ProgressLine, name: str, line: str) -> None:
    progress.tell(f"{name}: {line}")
