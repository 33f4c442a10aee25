# SPDX-License-Identifier: Apache-2.0
"""What every command and every action below one has in common."""

import shlex

import pytest

from vi_ik_ros.cli import main as cli
from vi_ik_ros.cli.completion import leaves

LEAVES = {leaf.prog: leaf for name in cli.COMMANDS for leaf in leaves(cli._parser(name))
          if leaf.prog.split()[1] == name}  # fmt: skip


def examples(leaf):
    """The command lines of the example, without comments."""
    lines = (leaf.epilog or "").partition("example:\n")[2].splitlines()
    return [shlex.split(line, comments=True) for line in lines]


def test_every_command_is_among_the_leaves():
    assert {prog.split()[1] for prog in LEAVES} == set(cli.COMMANDS)
    assert {"vi-ik skill learn", "vi-ik objectives cancel", "vi-ik models"} <= set(LEAVES)


@pytest.mark.parametrize("prog", list(LEAVES))
def test_leaf_prints_json_on_request(prog):
    (option,) = [one for one in LEAVES[prog]._actions if "--json" in one.option_strings]
    assert option.nargs == 0 and option.help
    assert "--json" in LEAVES[prog].format_help()


@pytest.mark.parametrize("prog", list(LEAVES))
def test_leaf_has_an_example_that_can_be_read(prog):
    found = examples(LEAVES[prog])
    assert found and found[0], f"{prog} has no example"
    assert LEAVES[prog].epilog in LEAVES[prog].format_help()
    for words in found:
        line = shlex.join(words)
        assert words[0] == "vi-ik" and line.startswith(prog)
        arguments = cli._parser(words[1]).parse_args(words[1:])
        assert arguments.command == words[1]


@pytest.mark.parametrize("prog", list(LEAVES))
def test_leaf_says_what_it_does_and_what_each_option_is(prog):
    leaf = LEAVES[prog]
    assert leaf.description.endswith(".") and leaf.description[0].isupper()
    silent = [one.dest for one in leaf._actions if one.option_strings and not one.help]
    assert silent == []
