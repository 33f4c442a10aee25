# SPDX-License-Identifier: Apache-2.0
"""Entry point of `vi-ik`: finds the command, runs it, turns errors into one line and a code."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from vi_ik_ros.cli.completion import ASKED, leaves, offer, typed_command
from vi_ik_ros.cli.parser import OneLineParser, command_parser
from vi_ik_ros.exceptions import InvalidInput, ViIkError

COMMANDS: dict[str, str] = {
    "demo": "ask a real sampler node for several Panda targets; a table and a picture",
    "up": "start the nodes as processes; Ctrl-C stops them",
    "models": "list the models of the store",
    "train": "fit a model to an objectives file",
    "sweep": "search families and settings on Ray Tune, best model into the store",
    "sample": "draw configurations from a model, refined if wanted",
    "density": "log-density of given configurations under a model",
    "intersect": "multiply two Gaussian mixtures into a model of its own",
    "connectivity": "which components of a mixture have mass in common",
    "skill": "run and learn contact skills in a simulation; look at what was learned",
    "objectives": "send an objectives file to the trainer node, or cancel its training",
    "learn-objectives": "find the numbers of an objectives file from demonstrations",
    "record": "take down requests, answers and episodes, as an MCAP file",
    "play": "send recorded requests to a sampler again and compare the answers",
    "world": "write a scene for Gazebo: a world and what its bridge carries",
    "bench": "run a benchmark by name",
    "figures": "draw what the benchmarks fit, as PNG",
    "view": "a live page in the browser: sampled robots, training, skill episodes",
    "doctor": "what is installed, what is missing, and whether it works",
    "completion": "what a shell needs to complete the words of vi-ik",
}
THREADED = ("train", "doctor")  # have matrices for several BLAS threads, or count the threads
OK, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130  # exit codes


def main(argv: Sequence[str] | None = None) -> int:
    """Run `vi-ik` with the given words and return its exit code."""
    if ASKED in os.environ and argv is None:
        command = typed_command(COMMANDS)
        offer(_parser(command), command)
    words = list(sys.argv[1:] if argv is None else argv)
    command = next((word for word in words if not word.startswith("-")), None)
    if command not in THREADED:  # numpy reads it when it is loaded.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        arguments, unknown = (parser := _parser(command)).parse_known_args(words)
        if unknown:
            _leaf(parser, arguments).refuse_unknown(unknown)
        return _module(arguments.command).run(arguments)
    except InvalidInput as error:
        return _refuse(command, str(error))
    except ViIkError as error:  # Such as a node that does not answer: nobody's input is to blame.
        _refuse(command, str(error))
        return FAILED
    except OSError as error:
        if isinstance(error, BrokenPipeError):  # `vi-ik ... | head` is no error.
            sys.stderr.close()
            return OK
        return _refuse(command, f"{error.filename or 'file'}: {error.strerror or error}")
    except KeyboardInterrupt:
        return INTERRUPTED


def _parser(command: str | None) -> OneLineParser:
    """Build the parser; only the chosen command's module is imported, so --help stays quick."""
    parser = OneLineParser(prog="vi-ik", description="Warm-start configurations over ROS 2.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        one = command_parser(commands, name, summary)
        if name == command:
            module = _module(name)
            one.epilog = f"example:\n  {module.EXAMPLE}"
            module.add_arguments(one)
    return parser


def _leaf(parser: OneLineParser, arguments: argparse.Namespace) -> OneLineParser:
    """Return the parser that has read the last words: that of the command or of its action."""
    words = (parser.prog, arguments.command, getattr(arguments, "action", None))
    name = " ".join(filter(None, words))
    found = [leaf for leaf in leaves(parser) if leaf.prog == name]
    return next((leaf for leaf in found if isinstance(leaf, OneLineParser)), parser)


def _module(command: str):  # noqa: ANN202 (a module)
    return importlib.import_module(f"vi_ik_ros.cli.commands.{command.replace('-', '_')}")


def _refuse(command: str | None, reason: str) -> int:
    line = " ".join(reason.split())
    sys.stderr.write(f"vi-ik {command or ''}: {line}\n".replace(" :", ":"))
    return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
