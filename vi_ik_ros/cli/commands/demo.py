# SPDX-License-Identifier: Apache-2.0
"""`vi-ik demo`: a real sampler node asked for several Panda targets; a table and a picture."""

import argparse
import time
from pathlib import Path

from vi_ik_ros.cli.output import emit, say
from vi_ik_ros.exceptions import InvalidInput

EXAMPLE = "vi-ik demo --out demo.png"
OK, FAILED = 0, 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `vi-ik demo`."""
    parser.add_argument(
        "--out", metavar="FILE.png", type=Path, default=Path("demo.png"), help="default: demo.png"
    )
    parser.add_argument("--seed", type=int, default=1, help="random seed (default 1)")


def run(arguments: argparse.Namespace) -> int:
    """Start a sampler node, ask it for every target, stop it, show what it said."""
    if not arguments.out.parent.is_dir() or arguments.out.is_dir():
        raise InvalidInput("--out", str(arguments.out), "a file in a directory that exists")
    if not 1 <= arguments.seed < 2**64:
        raise InvalidInput("--seed", arguments.seed, "1 to 2**64 - 1")
    started = time.monotonic()
    say("starting a sampler node in a process of its own ...")

    # Seconds of imports, which --help and a mistyped option must not wait for.
    from vi_ik_ros.cli.demo import DEMO_MODEL, TARGETS, ask, draw, results_table, summary
    from vi_ik_ros.nodes.processes.private_sampler import PrivateSampler
    from vi_ik_ros.sampling.store.model_store import ModelStore

    ModelStore().load(DEMO_MODEL)  # A missing model is the user's to know, not the node's log's.
    sampler = PrivateSampler({"default_model": DEMO_MODEL})
    with sampler:
        say(f"it answers after {sampler.startup:.1f} s; asking ...")
        asked = [ask(sampler.client, target, arguments.seed) for target in TARGETS]
    draw(asked[0], arguments.out)
    rows = summary(asked)
    seconds = time.monotonic() - started
    good = all(row["as expected"] for row in rows) and sampler.exit_code == 0
    data = {"targets": rows, "picture": str(arguments.out), "seconds": seconds, "ok": good}
    emit(arguments.json, data, results_table(rows))
    node = "cleanly" if sampler.exit_code == 0 else f"with exit code {sampler.exit_code}"
    say(f"picture: {arguments.out}; the node ended {node}; {seconds:.1f} s in all")
    return OK if good else FAILED
