# SPDX-License-Identifier: Apache-2.0
"""`vi-ik completion`: what a shell needs to complete the words of `vi-ik`."""

import argparse
import importlib.util
import sys

from vi_ik_ros.cli.output import emit, say
from vi_ik_ros.cli.parser import UsageError, hint
from vi_ik_ros.exceptions import InvalidInput

EXAMPLE = 'vi-ik completion bash  # put  eval "$(vi-ik completion bash)"  into ~/.bashrc'
SHELLS = {  # how a shell is told, once and for all
    "bash": "echo 'eval \"$(vi-ik completion bash)\"' >> ~/.bashrc",
    "zsh": "echo 'eval \"$(vi-ik completion zsh)\"' >> ~/.zshrc",
    "fish": "vi-ik completion fish > ~/.config/fish/completions/vi-ik.fish",
}
ZSH_BEFORE = "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }"
ZSH_AFTER = """_vi_ik() { _python_argcomplete "$@" || { compset -P "*="; _files } }
compdef _vi_ik vi-ik"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `vi-ik completion`."""
    parser.add_argument("shell", metavar="SHELL", help="bash, zsh or fish")


def run(arguments: argparse.Namespace) -> int:
    """Print what the shell is to read."""
    shell = arguments.shell
    if shell not in SHELLS:
        raise InvalidInput("SHELL", shell, f"bash, zsh or fish{hint(shell, list(SHELLS))}")
    if importlib.util.find_spec("argcomplete") is None:
        raise UsageError('needs argcomplete: pip install "argcomplete>=3.1"')
    import argcomplete

    script = argcomplete.shellcode(["vi-ik"], shell=shell)
    if shell == "zsh":
        script = _with_files(script)
    if arguments.json:
        emit(True, {"shell": shell, "script": script, "install": SHELLS[shell]}, "")
        return 0
    sys.stdout.write(f"{script.strip()}\n")
    if sys.stdout.isatty():
        say(f"for every new shell: {SHELLS[shell]}")
    return 0


def _with_files(script: str) -> str:
    """Let zsh complete files where `vi-ik` knows of no words, and start what it completes with."""
    first, rest = script.strip().split("\n", 1)  # the first line is for a file in $fpath
    return "\n".join((first, ZSH_BEFORE, rest, ZSH_AFTER))
