# SPDX-License-Identifier: Apache-2.0
"""`vi-ik objectives`: a running trainer node is told what to train."""

import argparse
import math
import shlex
import signal
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from vi_ik_ros.cli.output import emit, say
from vi_ik_ros.cli.training_input import (
    add_training_arguments,
    check_source,
    checked_model_name,
    given_settings,
    read_document,
)
from vi_ik_ros.exceptions import InvalidInput, NoAnswer
from vi_ik_ros.sampling.training.jobs.job_status import JobState, JobStatus

EXAMPLE = "vi-ik objectives publish config/objectives/panda_position.yaml --model reach"
OK, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130  # exit codes
PATIENCE = 30.0  # [s] without a word of the trainer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what can be done, each with its options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    publish = _action(actions, "publish", "send an objectives file and follow its training")
    publish.epilog = f"example:\n  {EXAMPLE}"
    add_training_arguments(publish, "what suits the objectives")
    publish.add_argument("--model", metavar="NAME", help="in the store (default: the file's name)")
    publish.add_argument(
        "--force", action="store_true", help="replace a model in the store that scores better"
    )
    publish.add_argument("--no-wait", action="store_true", help="send the file and end")
    cancel = _action(actions, "cancel", "break off the training that is going on")
    cancel.epilog = "example:\n  vi-ik objectives cancel --trainer /trainer"


def _action(
    actions: argparse._SubParsersAction, name: str, summary: str
) -> argparse.ArgumentParser:
    """Add the parser of one action, with the options that all have."""
    one = actions.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
    one.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON object"
    )
    one.add_argument(
        "--trainer", metavar="NODE", default="/trainer", help="its full name (default /trainer)"
    )
    one.add_argument(
        "--timeout", type=float, default=10.0, metavar="SEC",
        help="longest time until a trainer is found (default 10)",
    )  # fmt: skip
    return one


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked."""
    if not arguments.timeout > 0.0:
        raise InvalidInput("--timeout", arguments.timeout, "a time above 0 [s]")
    return {"publish": _publish, "cancel": _cancel}[arguments.action](arguments)


def _default_name(arguments: argparse.Namespace) -> str:
    """Name a model after its file, or after its robot."""
    return Path(arguments.objectives or arguments.robot or "").stem


def _publish(arguments: argparse.Namespace) -> int:
    """Send the file, then follow its training."""
    check_source(arguments)
    name = _default_name(arguments) if arguments.model is None else arguments.model
    model, settings = checked_model_name(name, "--model"), given_settings(arguments)
    document = _placed(read_document(arguments))

    from vi_ik_ros.nodes.training.objective_messages import objectives_to_msg
    from vi_ik_ros.nodes.training.status_messages import status_from_msg
    from vi_ik_ros.nodes.training.trainer_client import TrainerClient

    options = {"model": model, "family": arguments.family, "force": arguments.force}
    objectives = objectives_to_msg(document, **options, **settings)  # type: ignore[arg-type]
    with TrainerClient(arguments.trainer) as client:
        client.publish(objectives, arguments.timeout)
        if arguments.no_wait:
            if not client.delivered(arguments.timeout):
                waited = f"within {arguments.timeout:g} s"
                raise NoAnswer(f"{arguments.trainer}: {model} did not arrive {waited}")
            line = f"{model}: sent to {arguments.trainer}"
            emit(arguments.json, {"model": model, "state": "SENT"}, line)
            return OK
        ctrl_c = _CtrlC()
        try:
            status = _follow(model, map(status_from_msg, client.follow(objectives, PATIENCE)))
        except BaseException:
            if not ctrl_c.came:
                raise
            words = ["vi-ik", "objectives", "cancel", "--trainer", arguments.trainer]
            say(f"{model}: the training goes on; to end it: {shlex.join(words)}")
            return INTERRUPTED
        finally:
            ctrl_c.forget()
    return _report(arguments.json, status)


class _CtrlC:
    """Remembers that Ctrl-C came: inside of the middleware it may come out as another error."""

    def __init__(self) -> None:
        self.came = False
        self._before = signal.signal(signal.SIGINT, self._on_signal)

    def _on_signal(self, *_: object) -> None:
        self.came = True
        raise KeyboardInterrupt

    def forget(self) -> None:
        """Leave Ctrl-C to whom it was left before."""
        signal.signal(signal.SIGINT, self._before)


def _cancel(arguments: argparse.Namespace) -> int:
    """Ask the trainer to break off."""
    from vi_ik_ros.nodes.training.trainer_client import TrainerClient

    with TrainerClient(arguments.trainer) as client:
        message = client.cancel(arguments.timeout)
    emit(arguments.json, {"message": message}, message)
    return OK


def _placed(document: Mapping[str, object]) -> dict[str, object]:
    """Return the document with a URDF that lies here by its whole path, for a trainer elsewhere."""
    robot = document.get("robot")
    if isinstance(robot, Mapping) and isinstance(robot.get("urdf"), str):
        return {**document, "robot": {**robot, "urdf": _whole_path(robot["urdf"])}}
    return {**document, "robot": _whole_path(robot) if isinstance(robot, str) else robot}


def _whole_path(text: str) -> str:
    """Return the whole path of a file; an alias, an address or XML as it is."""
    is_path = "/" in text or text.endswith(".urdf")
    if not is_path or "<" in text or not Path(text).expanduser().is_file():
        return text
    return str(Path(text).expanduser().resolve())


def _follow(model: str, statuses: Iterable[JobStatus]) -> JobStatus:
    """Show how the training goes and return its last status."""
    from vi_ik_ros.cli.progress.progress_line import progress_line

    said: set[str] = set()
    with progress_line(f"{model}: sent") as line:
        for status in statuses:
            for warning in dict.fromkeys(status.warnings):
                if warning not in said:
                    say(f"warning: {warning}")
            said |= set(status.warnings)
            left = None if math.isnan(status.seconds_left) else status.seconds_left
            line.update(status.progress, _words(status), left)
    return status


def _words(status: JobStatus) -> str:
    """Say what is going on."""
    words = f"{status.model}: {status.state.name.lower()}"
    if status.step:
        words += f", step {status.step}"
    return ", ".join([words, *(f"{name} {value:.2f}" for name, value in status.figures.items())])


def _report(as_json: bool, status: JobStatus) -> int:
    """Print how the training ended and return the exit code."""
    data = asdict(status) | {"state": status.state.name, "reason": status.reason.name}
    line = f"{status.model}: {status.state.name.lower()}"
    line += f" ({status.message})" if status.message else ""
    if status.state is JobState.DONE:
        line += f"; {status.step} steps in {status.elapsed:.0f} s, score {status.score:.4g} nat"
        emit(as_json, data, line)
        return OK
    if as_json:
        emit(True, data, "")
    refused = status.state is JobState.REFUSED
    reason = " ".join((status.message if refused else line).split())
    sys.stderr.write(f"vi-ik objectives: {reason}\n")
    return BAD_INPUT if refused else FAILED
