# SPDX-License-Identifier: Apache-2.0
"""`vi-ik record`: calls of a sampler and episodes of a skill node, as an MCAP file."""

import argparse
import threading
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vi_ik_ros.cli.output import emit, say
from vi_ik_ros.exceptions import InvalidInput

if TYPE_CHECKING:
    from vi_ik_ros.cli.recording.recording_file import RecordingFile
    from vi_ik_ros.nodes.recording.recorder import Recorder, Taken

EXAMPLE = "vi-ik record cell.mcap --duration 60"
PERIOD = 0.5  # [s] between two looks for topics, and what a killed process may lose
OF_SKILL = ("episode", "wrench")
OF_ROBOT = ("/joint_states", "/wrench", "/tcp_pose")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `vi-ik record`."""
    parser.add_argument("out", metavar="FILE.mcap", type=Path, help="the file to make")
    parser.add_argument(
        "--sampler", metavar="NODE", default="/sampler", help="its full name (default /sampler)"
    )
    parser.add_argument(
        "--skill", metavar="NODE", default="/skill", help="its full name (default /skill)"
    )
    parser.add_argument(
        "--topics",
        metavar="TOPIC",
        nargs="*",
        default=OF_ROBOT,
        help=f"further topics of any type (default {' '.join(OF_ROBOT)})",
    )
    parser.add_argument(
        "--duration", metavar="SEC", type=float, default=0.0, help="0 = until Ctrl-C (default)"
    )
    parser.add_argument(
        "--timeout", metavar="SEC", type=float, default=10.0,
        help="say so when no sampler publishes its calls for so long (default 10)",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Record until Ctrl-C, then say what came."""
    _check(arguments)

    from vi_ik_ros.cli.recording.recording_file import RecordingFile
    from vi_ik_ros.cli.recording.stop_signal import stop_signal
    from vi_ik_ros.cli.skill.files.definitions import definition
    from vi_ik_ros.nodes.recording.recorder import Recorder
    from vi_ik_ros.nodes.recording.type_text import installed_text

    skill, started = arguments.skill.rstrip("/"), time.monotonic()
    topics = [*(f"{skill}/{name}" for name in OF_SKILL), *arguments.topics]
    text_of = partial(definition, text_of=installed_text)
    with stop_signal() as stopped, Recorder(arguments.sampler, topics, remark=say) as recorder:
        with RecordingFile(arguments.out, text_of) as file:
            _record(recorder, file, arguments, stopped)
    return _report(arguments, file.counts, time.monotonic() - started)


def _check(arguments: argparse.Namespace) -> None:
    """Refuse what cannot be recorded."""
    out = arguments.out
    if not out.parent.is_dir() or out.suffix != ".mcap":
        raise InvalidInput("FILE.mcap", str(out), "a name that ends with .mcap, in a directory")
    if out.exists():
        raise InvalidInput("FILE.mcap", str(out), "a file that is not there yet")
    for option in ("duration", "timeout"):
        value = getattr(arguments, option)
        if not 0.0 <= value < float("inf"):
            raise InvalidInput(f"--{option}", value, "a time [s], or 0")
    for topic in arguments.topics:
        if not topic.startswith("/"):
            raise InvalidInput("--topics", topic, "whole names, such as /joint_states")


def _write(file: "RecordingFile", taken: "Taken") -> None:
    """Write a message; of a call also the request or the answer by itself."""
    from vi_ik_ros.nodes.recording.exchange import side_of
    from vi_ik_ros.nodes.recording.recorder import EVENT_TYPE

    stamps = {"received": taken.received, "published": taken.published}
    file.write(taken.topic, taken.kind, taken.data, **stamps)
    side = side_of(taken.data) if taken.kind == EVENT_TYPE else None
    if side is not None:
        service = taken.topic.rpartition("/")[0]
        file.write(f"{service}/{side.name}", side.kind, side.data, **stamps)


def _record(
    recorder: "Recorder",
    file: "RecordingFile",
    arguments: argparse.Namespace,
    stopped: threading.Event,
) -> None:
    """Take what comes until it is enough."""
    began = time.monotonic()
    heard = False
    while not stopped.is_set():
        passed = time.monotonic() - began
        if arguments.duration and passed >= arguments.duration:
            return
        if not heard and recorder.wait(0.0):
            heard = True
            say(f"recording {recorder.server} to {arguments.out}; Ctrl-C ends it")
        elif not heard and arguments.timeout and passed > arguments.timeout:
            heard = True
            say(f"{recorder.server}: no sampler publishes its calls yet; recording what else comes")
        recorder.look()
        left = arguments.duration - passed if arguments.duration else PERIOD
        for taken in recorder.spin(min(PERIOD, left)):
            _write(file, taken)
        file.flush()


def _report(arguments: argparse.Namespace, counts: Counter[str], seconds: float) -> int:
    """Say what came."""
    service = f"/{arguments.sampler.strip('/')}/sample"
    asked, answered = counts[f"{service}/request"], counts[f"{service}/response"]
    if asked != answered:
        say(f"remark: {asked} requests and {answered} answers; the others were not heard")
    data = {
        "out": str(arguments.out),
        "seconds": seconds,
        "bytes": arguments.out.stat().st_size,
        "requests": asked,
        "answers": answered,
        "messages": dict(sorted(counts.items())),
    }
    lines = [f"{arguments.out}: {data['bytes']} bytes, {seconds:.1f} s"]
    lines += [f"{count:8d}  {topic}" for topic, count in sorted(counts.items())]
    emit(arguments.json, data, "\n".join(lines))
    return 0
