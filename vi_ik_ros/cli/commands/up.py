# SPDX-License-Identifier: Apache-2.0
"""`vi-ik up`: the nodes as processes, where `ros2 launch` is not installed."""

import argparse
import signal
import time
from pathlib import Path

from vi_ik_ros.cli.output import emit, say
from vi_ik_ros.cli.parser import hint
from vi_ik_ros.exceptions import InvalidInput

EXAMPLE = "vi-ik up --nodes sampler --params config/sampler.yaml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `vi-ik up`."""
    parser.add_argument(
        "--nodes", metavar="A,B", default="", help="nodes to start, with commas; default: all"
    )
    parser.add_argument("--params", metavar="FILE", type=Path, help="ROS 2 parameter file (YAML)")


def run(arguments: argparse.Namespace) -> int:
    """Start the nodes, wait for Ctrl-C or for one to end, stop the others."""
    from vi_ik_ros.nodes.processes.node_process import NODES, NodeProcess, stop

    names = _names(arguments.nodes, list(NODES))
    if arguments.params is not None:
        _check_parameters(arguments.params)
    for firmness in (signal.SIGINT, signal.SIGTERM):  # A shell's background job ignores SIGINT.
        signal.signal(firmness, signal.default_int_handler)
    processes = {}
    try:
        for name in names:
            processes[name] = NodeProcess(name, params_file=arguments.params).start()
        say(f"started {', '.join(names)}; Ctrl-C stops")
        while all(process.poll() is None for process in processes.values()):
            time.sleep(0.1)
    except KeyboardInterrupt:
        pass
    ended = [name for name, process in processes.items() if process.poll() is not None]
    codes = dict(zip(processes, stop(list(processes.values())), strict=True))
    lines = [f"{name}: ended with exit code {code}" for name, code in codes.items()]
    emit(arguments.json, {"exit_codes": codes, "ended_first": ended}, "\n".join(lines))
    return 0 if all(code == 0 for code in codes.values()) else 1


def _names(text: str, known: list[str]) -> list[str]:
    names = [name.strip() for name in text.split(",")] if text else known
    for name in names:
        if name not in known:
            raise InvalidInput("--nodes", name, f"one of {', '.join(known)}{hint(name, known)}")
    return list(dict.fromkeys(names))


def _check_parameters(path: Path) -> None:
    """Refuse a file that no node could read."""
    import yaml

    if not path.is_file():
        raise InvalidInput("--params", str(path), "a file that exists")
    try:
        nodes = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        expected = f"a readable YAML file ({' '.join(str(error).split())})"
        raise InvalidInput("--params", str(path), expected) from None
    if not isinstance(nodes, dict):
        expected = "a mapping of nodes to their ros__parameters"
        raise InvalidInput("--params", f"{path} with {nodes!r}", expected)
