# SPDX-License-Identifier: Apache-2.0
"""`vi-ik play`: recorded requests go to a sampler again, and the answers are compared."""

import argparse
import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vi_ik_ros.cli.output import emit, say
from vi_ik_ros.exceptions import InvalidInput

if TYPE_CHECKING:
    from vi_ik_ros.nodes.recording.exchange import Exchange
    from vi_ik_ros.nodes.recording.player import Played
    from vi_ik_ros.nodes.sampling.sampler_client import SamplerClient

EXAMPLE = "vi-ik play cell.mcap --private --rate 0"
OK, FAILED = 0, 1  # exit codes
SHOWN = 5  # remarks on answers that differ
NOT_THE_SAME = ("different", "other_model")
WORDS = {  # by name of a verdict
    "EQUAL": "answers equal the recorded ones in every bit",
    "DIFFERENT": "answers differ",
    "OTHER_MODEL": "answers of another model: not compared",
    "FRESH_SEED": "requests without a seed: every answer is another one",
    "TIMED": "answers differ, of requests with a timeout",
    "NOT_RECORDED": "requests whose answer was not recorded",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `vi-ik play`."""
    parser.add_argument("file", metavar="FILE.mcap", type=Path, help="of `vi-ik record`")
    parser.add_argument(
        "--sampler", metavar="NODE", default="/sampler", help="its full name (default /sampler)"
    )
    parser.add_argument(
        "--private", action="store_true", help="start a sampler for this alone, and end it"
    )
    parser.add_argument(
        "--rate", metavar="X", type=float, default=1.0,
        help="times as fast as recorded; 0 = each as soon as the last is answered (default 1)",
    )  # fmt: skip
    parser.add_argument(
        "--loop", metavar="N", type=int, default=1, help="times; 0 = until Ctrl-C (default 1)"
    )
    parser.add_argument(
        "--timeout", metavar="SEC", type=float, default=30.0, help="of an answer (default 30)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Send the requests, count the answers that are the same; 1 if one is not."""
    _check(arguments)
    found = _read(arguments.file)

    from vi_ik_ros.cli.recording.stop_signal import stop_signal
    from vi_ik_ros.nodes.recording.player import play_one

    rounds = range(arguments.loop) if arguments.loop else itertools.count()
    played = []
    with stop_signal() as stopped, _sampler(arguments) as client:
        for exchange in _paced(found, rounds, arguments.rate, stopped):
            played.append(play_one(client, exchange, arguments.timeout))
    return _report(arguments, played)


def _check(arguments: argparse.Namespace) -> None:
    """Refuse what cannot be played."""
    if not arguments.file.is_file():
        raise InvalidInput("FILE.mcap", str(arguments.file), "a file that exists")
    if not 0.0 <= arguments.rate < float("inf"):
        raise InvalidInput("--rate", arguments.rate, "a number above 0, or 0")
    if arguments.loop < 0:
        raise InvalidInput("--loop", arguments.loop, "a number of times, or 0")
    if not arguments.timeout > 0.0:
        raise InvalidInput("--timeout", arguments.timeout, "a time above 0 [s]")


def _read(path: Path) -> list["Exchange"]:
    """Return the calls of a recording."""
    from vi_ik_ros.cli.recording.service_events import read_service_events
    from vi_ik_ros.cli.skill.files.definitions import definition_parts
    from vi_ik_ros.nodes.recording.exchange import exchanges
    from vi_ik_ros.nodes.recording.recorder import EVENT_TYPE
    from vi_ik_ros.nodes.recording.type_text import installed_text

    # What ROS 2 adds to a service, `ros2 bag record` leaves out of the definition.
    parts = definition_parts(EVENT_TYPE, installed_text)
    texts = {name: text for name, text in parts.items() if not name.endswith(("_Event", "Info"))}
    read = read_service_events(path, EVENT_TYPE, texts)
    found = exchanges(read.events, str(path))
    if read.trouble:
        say(f"remark: {path} is not whole ({read.trouble}); {len(found)} requests of it were read")
    return found


@contextmanager
def _sampler(arguments: argparse.Namespace) -> Iterator["SamplerClient"]:
    """Yield the client of the sampler that is to answer."""
    from vi_ik_ros.nodes.processes.private_sampler import PrivateSampler
    from vi_ik_ros.nodes.sampling.sampler_client import SamplerClient

    if arguments.private:
        with PrivateSampler({}) as sampler:
            yield sampler.client
    else:
        with SamplerClient(arguments.sampler) as client:
            yield client


def _paced(
    found: list["Exchange"], rounds: Iterable[int], rate: float, stopped: threading.Event
) -> Iterator["Exchange"]:
    """Yield each call when it is due, until Ctrl-C."""
    for _ in rounds:
        began = time.monotonic()
        for exchange in found:
            due = (exchange.time - found[0].time) / rate if rate else 0.0
            stopped.wait(max(0.0, began + due - time.monotonic()))
            if stopped.is_set():
                return
            yield exchange


def _report(arguments: argparse.Namespace, played: list["Played"]) -> int:
    """Say how many answers are the same."""
    from vi_ik_ros.nodes.recording.player import Verdict

    counts = Counter(one.verdict.value for one in played)
    details = Counter(one.detail for one in played if one.verdict.value in NOT_THE_SAME)
    for detail, count in details.most_common(SHOWN):
        say(f"remark: {count} of {len(played)} answers: {detail}")
    if len(details) > SHOWN:
        say(f"remark: and {len(details) - SHOWN} further differences")
    now, then = ([getattr(one, name) for one in played] for name in ("elapsed", "recorded_elapsed"))
    data = {
        "file": str(arguments.file),
        "requests": len(played),
        **{verdict.value: counts[verdict.value] for verdict in Verdict},
        "elapsed [s]": _median(now),
        "recorded elapsed [s]": _median(then),
    }
    lines = [f"{len(played)} requests of {arguments.file}"]
    lines += [f"{counts[one.value]:8d}  {WORDS[one.name]}" for one in Verdict if counts[one.value]]
    lines.append(f"in the sampler {1e3 * _median(now):.1f} ms a request (median)")
    lines[-1] += f", recorded {1e3 * _median(then):.1f} ms"
    emit(arguments.json, data, "\n".join(lines))
    return FAILED if any(counts[name] for name in NOT_THE_SAME) else OK


def _median(values: list[float]) -> float:
    finite = [value for value in values if np.isfinite(value)]
    return float(np.median(finite)) if finite else float("nan")
