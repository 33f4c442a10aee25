# SPDX-License-Identifier: Apache-2.0
"""`vi-ik bench`: every benchmark by name."""

import argparse
import importlib
import time

from vi_ik_ros.cli.output import emit
from vi_ik_ros.cli.parser import hint
from vi_ik_ros.cli.progress.earlier_runs import earlier_seconds, note_seconds
from vi_ik_ros.cli.progress.progress_line import progress_line
from vi_ik_ros.exceptions import InvalidInput

EXAMPLE = "vi-ik bench service-latency --quick --json"
BENCHMARKS: dict[str, str] = {
    "amortized": "conditional mixtures of five arms beside simpler models of the same budget",
    "control-law": "a force controller on an ideal spring: stability limits, noise, drift",
    "control-loop": "a robot interface node at 50 Hz in real time: late ticks, gains, clocks",
    "crash-safety": "trainers and samplers killed at random moments: nothing lost, broken or left",
    "gmm-ik": "inverse kinematics by a joint mixture: the source's table beside several fits",
    "hot-reload": "models trained, exchanged and served at once: time, latency, no wrong answer",
    "learn-objectives": "a hidden task of the Panda, learned from a few demonstrations",
    "never-nan": "short fits of 200 extreme random objectives files: finite, or a clear error",
    "new-robot": "four arms from their URDF alone: fits of ten minutes beside other starts",
    "page": "the live page in a headless browser: first paint, updates of 64 robots, frames",
    "panda-position": "mixtures of the Panda's configurations at one point, by sampled divergences",
    "panda-pose": "samples, warm starts and answers of every family against other starts",
    "panda-training": "how good the Panda's draws are after how much training",
    "planar-inverse": "draws of every family for planar arms of 4 to 10 joints beside exact ones",
    "planar-line": "mixtures of a planar arm on a line, by divergences on a grid",
    "prioritized-bimanual": "two hands out of reach of both targets, with and without priorities",
    "safety-gate": "a million random commands: no limit exceeded, every fault latched and named",
    "scale": "1 to 8 samplers, 1 to 32 clients, one model store: rates, cost, discovery",
    "service-latency": "time of an answer of the sampler node over ROS 2, by number of samples",
    "skill-boundaries": "screw insertion over its parameters: where it stops working",
    "skill-crash-safety": "learning runs killed at random moments: no episode lost or doubled",
    "skill-learning": "episodes that optimisers need for a contact skill, and what comes of it",
    "talos-reach": "a humanoid that stands and reaches: starts of the whole-body refiner",
    "talos-stance": "a mixture of a humanoid's whole-body configurations beside HMC",
    "unigauss-hierarchy": "optional tasks that exclude each other, by their masses on a grid",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `vi-ik bench`."""
    parser.add_argument("name", metavar="NAME", nargs="?", help="see --list")
    parser.add_argument("--list", action="store_true", help="list the benchmarks")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="repeats (default 1)")
    parser.add_argument("--quick", action="store_true", help="the same code on less")
    parser.add_argument(
        "--budget", type=float, metavar="SEC", help="training time per model, where one is trained"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run one benchmark and print its figures with their standard errors."""
    if arguments.list:
        lines = [f"{name}: {summary}" for name, summary in BENCHMARKS.items()]
        emit(arguments.json, {"benchmarks": BENCHMARKS}, "\n".join(lines))
        return 0
    known = list(BENCHMARKS)
    if arguments.name not in known:
        expected = f"one of {', '.join(known)}{hint(arguments.name or '', known)}"
        raise InvalidInput("NAME", arguments.name or "nothing", expected)
    if arguments.seeds < 1:
        raise InvalidInput("--seeds", arguments.seeds, "1 or more")
    if arguments.budget is not None and not arguments.budget > 0.0:
        raise InvalidInput("--budget", arguments.budget, "a time above 0 [s]")
    module = importlib.import_module(f"vi_ik_ros.benchmarks.{arguments.name.replace('-', '_')}")
    words, started = _words(arguments), time.monotonic()
    with progress_line(words) as line:
        line.update(None, words, earlier_seconds(words))
        report = module.run(
            seeds=arguments.seeds,
            quick=arguments.quick,
            budget=arguments.budget,
            on_progress=line.tell,
        )
    note_seconds(words, time.monotonic() - started)
    emit(arguments.json, report.json(), report.table())
    return 0


def _words(arguments: argparse.Namespace) -> str:
    """Return what is run, with the options that decide how long it takes."""
    words = f"bench {arguments.name} --seeds {arguments.seeds}"
    words += " --quick" if arguments.quick else ""
    return words if arguments.budget is None else f"{words} --budget {arguments.budget:g}"
