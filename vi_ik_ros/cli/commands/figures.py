# SPDX-License-Identifier: Apache-2.0
"""`vi-ik figures`: pictures of what the benchmarks fit."""

import argparse
import importlib
from pathlib import Path

from vi_ik_ros.cli.output import emit, say
from vi_ik_ros.cli.parser import hint
from vi_ik_ros.exceptions import InvalidInput

EXAMPLE = "vi-ik figures planar-line bimanual --out figures"
FIGURES: dict[str, str] = {
    "planar-line": "the density of a planar arm on a line, banana and Gaussian components",
    "planar-projection": "where two pseudo-inverse steps lead onto the line",
    "planar-connectivity": "overlap graphs of mixtures",
    "planar-hierarchy": "optional tasks that exclude each other, and their masses",
    "planar-inverse": "all that an arm of ten joints can do to reach a point, by two networks",
    "bimanual": "two hands and two targets, with and without priorities",
    "panda-position": "Pandas with a fingertip at a point, ten Gaussians and one",
    "panda-training": "errors of the Panda's draws over the time of training",
    "skill-boundaries": "shares of success of screw insertion over its three parameters",
    "skill-learning": "a contact skill learned by every method: regret, successes, parameters",
    "talos": "humanoids on both feet: a mixture, HMC, and a hand that may be given up",
}


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
    if arguments.out.exists() and not arguments.out.is_dir():
        raise InvalidInput("--out", str(arguments.out), "a directory, or a name for a new one")
    arguments.out.mkdir(parents=True, exist_ok=True)
    paths = []
    for name in arguments.names or known:
        module = importlib.import_module(f"vi_ik_ros.benchmarks.figures.{name.replace('-', '_')}")
        paths += module.draw(
            arguments.out,
            quick=arguments.quick,
            on_progress=lambda line, name=name: say(f"{name}: {line}"),
        )
    written = [str(path) for path in paths]
    emit(arguments.json, {"pictures": written}, "\n".join(written))
    return 0
