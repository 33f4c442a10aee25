# SPDX-License-Identifier: Apache-2.0
"""What a shell is offered where a word of `vi-ik` is begun: names of models, robots, skills, ..."""

import argparse
import os
from collections.abc import Callable, Container, Iterable, Iterator
from typing import NoReturn

ASKED = "_ARGCOMPLETE"  # which the shell sets where it only wants the words
SHELL = "_ARGCOMPLETE_SHELL"  # and which one it is
# Of modules that take a second to import; a test holds them together.
FAMILIES = ("gaussian", "banana", "moe", "amortized", "em", "inn", "cvae", "kd_tree")
PLANTS = ("mujoco", "analytic")

Completer = Callable[..., Iterable[str]]


def typed_command(names: Container[str]) -> str | None:
    """Return the command of the line that is being typed, None before there is one."""
    line = os.environ.get("COMP_LINE", "")
    point = os.environ.get("COMP_POINT", "")
    typed = line[: int(point)] if point.isdigit() else line
    words = (word for word in typed.split()[1:] if not word.startswith("-"))
    command = next(words, None)
    return command if command is not None and command in names else None


def offer(parser: argparse.ArgumentParser, command: str | None) -> NoReturn:
    """Write the words that fit to the shell, and end."""
    import argcomplete
    from argcomplete.completers import FilesCompleter, SuppressCompleter

    for leaf in leaves(parser):
        for action in leaf._actions:
            completer = _completer(command, action)
            if completer is not None:
                vars(action)["completer"] = completer  # where argcomplete looks
    # zsh offers files itself, where it is offered nothing: it knows ~ and quotes
    files = SuppressCompleter() if os.environ.get(SHELL) == "zsh" else FilesCompleter()
    argcomplete.autocomplete(parser, always_complete_options=False, default_completer=files)
    raise SystemExit(0)  # the shell did not give what it has to: COMP_LINE, COMP_POINT


def leaves(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Return the parsers below a parser that have none below themselves, or the parser."""
    below = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not below:
        yield parser
    for action in below:
        for one in dict.fromkeys(action.choices.values()):
            yield from leaves(one)


def _completer(command: str | None, action: argparse.Action) -> Completer | None:
    """Return what lists the values of an option or a word, None where files are offered."""
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    option = next((word for word in action.option_strings if word.startswith("--")), "")
    for key in (f"{command} {metavar}", option, metavar):
        if key in COMPLETERS:
            return COMPLETERS[key]
    return None


def _model_names(prefix: str, parsed_args: argparse.Namespace, **_: object) -> Iterable[str]:
    from vi_ik_ros.sampling.store.model_store import ModelStore

    return ModelStore(getattr(parsed_args, "store", None)).names()


def _robot_names(**_: object) -> Iterable[str]:
    from vi_ik_ros.kinematics.robot_description import robot_aliases

    return robot_aliases()


def _files_of(kind: str) -> Completer:
    """Return what lists the names of YAML files in a folder of config/."""

    def names(**_: object) -> Iterable[str]:
        from vi_ik_ros.kinematics.share import share_dir

        return sorted(path.stem for path in (share_dir() / "config" / kind).glob("*.yaml"))

    return names


def _benchmarks(**_: object) -> Iterable[str]:
    from vi_ik_ros.cli.commands.bench import BENCHMARKS

    return BENCHMARKS


def _figures(**_: object) -> Iterable[str]:
    from vi_ik_ros.cli.commands.figures import FIGURES

    return FIGURES


def _methods(**_: object) -> Iterable[str]:
    from vi_ik_ros.cli.commands.skill import METHODS

    return METHODS


def _families(**_: object) -> Iterable[str]:
    return FAMILIES


def _nodes(**_: object) -> Iterable[str]:
    from vi_ik_ros.nodes.processes.node_process import NODES

    return NODES


def _plants(**_: object) -> Iterable[str]:
    return PLANTS


COMPLETERS: dict[str, Completer] = {  # by command and metavar, by option, or by metavar
    "bench NAME": _benchmarks,
    "figures NAME": _figures,
    "intersect A": _model_names,
    "intersect B": _model_names,
    "view NAME": _model_names,
    "--family": _families,
    "--method": _methods,
    "--nodes": _nodes,
    "--plant": _plants,
    "--robot": _robot_names,
    "MODEL": _model_names,
    "SCENE": _files_of("scenes"),
    "SKILL": _files_of("skills"),
}
