# SPDX-License-Identifier: Apache-2.0
"""Command line parsing that answers a mistake with one line."""

import argparse
import difflib
import re
from typing import NoReturn

from vi_ik_ros.exceptions import InvalidInput


class OneLineParser(argparse.ArgumentParser):
    """An `ArgumentParser` whose errors are `InvalidInput`: one line, exit code 2."""

    def __init__(self, **options: object) -> None:
        """Make the parser; numbers such as -1e-3 and -inf count as values, not as options."""
        options.setdefault("formatter_class", _HelpFormatter)
        super().__init__(allow_abbrev=False, **options)  # type: ignore[arg-type]
        self._negative_number_matcher = re.compile(r"^-(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$|^-inf$", re.I)

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving."""
        wrong_command = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if wrong_command is not None and "argument COMMAND" in message:
            came, names = wrong_command.group(1), wrong_command.group(2).replace("'", "")
            raise InvalidInput("COMMAND", came, f"one of {names}{hint(came, names.split(', '))}")
        raise UsageError(f"{message} (see {self.prog} --help)")


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the longest command and its summary on one line: argparse forgets its indent."""

    def add_argument(self, action: argparse.Action) -> None:
        super().add_argument(action)
        if isinstance(action, argparse._SubParsersAction):
            self._action_max_length += self._indent_increment


class UsageError(InvalidInput):
    """A command line that cannot be read."""

    def __init__(self, message: str) -> None:
        """Keep argparse's words, which name the option and the value."""
        Exception.__init__(self, message)


def command_parser(
    commands: argparse._SubParsersAction, name: str, summary: str
) -> argparse.ArgumentParser:
    """Add the parser of one command, with the option that all commands have."""
    parser = commands.add_parser(
        name, help=summary, description=f"{summary[0].upper()}{summary[1:]}."
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object; progress goes to standard error"
    )
    return parser


def hint(name: str, known: list[str]) -> str:
    """Say which known name was probably meant, or nothing."""
    near = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {near[0]}?)" if near else ""
