# SPDX-License-Identifier: Apache-2.0
"""Print the page of the program `vi-ik`: the help of every command, as markdown.

Run by the Python of the package, since the commands tell their options themselves.
"""

import argparse
import os

os.environ["COLUMNS"] = "100"

from vi_ik_ros.cli.completion import leaves
from vi_ik_ros.cli.main import COMMANDS, _parser

INTRO = """# The program `vi-ik`

What `vi-ik COMMAND --help` prints. Every command takes `--json`: one machine-readable object on
standard output. Exit codes: 0 done, 1 failed, 2 bad input, with one line that says what was
expected, 130 interrupted.
"""


def main() -> None:
    """Print the page."""
    print(INTRO)
    for command in COMMANDS:
        for leaf in leaves(_parser(command)):
            if leaf.prog.split()[1] == command:
                print(_section(leaf))


def _section(leaf: argparse.ArgumentParser) -> str:
    """Return the help of one command or action under its name."""
    return f"## {leaf.prog}\n\n```text\n{leaf.format_help().rstrip()}\n```\n"


if __name__ == "__main__":
    main()
