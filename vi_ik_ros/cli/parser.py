# SPDX-License-Identifier: Apache-2.0
"""Command line parsing that answers a mistake with one line."""

import argparse
import difflib
import re
from typing import NoReturn

from vi_ik_ros.exceptions import InvalidInput

NUMBERS = {"int": "a whole number", "float": "a number"}


class OneLineParser(argparse.ArgumentParser):
    """An `ArgumentParser` whose errors are `InvalidInput`: one line, exit code 2."""

    def __init__(self, **options: object) -> None:
        """Make the parser; numbers such as -1e-3 and -inf count as values, not as options."""
        options.setdefault("formatter_class", _HelpFormatter)
        super().__init__(allow_abbrev=False, **options)  # type: ignore[arg-type]
        self._negative_number_matcher = re.compile(r"^-(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$|^-inf$", re.I)

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving."""
        choice = re.search(r"argument (\S+): invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if choice is not None:
            field, came, names = choice.group(1), choice.group(2), choice.group(3).replace("'", "")
            raise InvalidInput(field, came, f"one of {names}{hint(came, names.split(', '))}")
        number = re.search(r"argument (\S+): invalid (int|float) value: '(.*)'", message)
        if number is not None:
            field, kind, came = number.groups()
            raise InvalidInput(field, came or "nothing", NUMBERS[kind])
        raise UsageError(f"{message} (see {self.prog} --help)")

    def refuse_unknown(self, words: list[str]) -> NoReturn:
        """Refuse words that nobody asked for, with the option that was probably meant."""
        options = list(self._option_string_actions)
        meant = hint(words[0].partition("=")[0], options) if words[0].startswith("-") else ""
        reason = f"unrecognized arguments: {' '.join(words)}{meant}"
        raise UsageError(f"{reason} (see {self.prog} --help)")


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
