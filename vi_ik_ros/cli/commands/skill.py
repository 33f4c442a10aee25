# SPDX-License-Identifier: Apache-2.0
"""`vi-ik skill`: contact skills, in process and in lock-step."""

import argparse
import importlib
from pathlib import Path

from vi_ik_ros.cli.output import emit

EXAMPLE = "vi-ik skill run screw_insertion --set search_speed=0.004 --plot episode.png"
ACTIONS = {"run": "run_one", "learn": "learn", "replay": "replay", "export": "export"}  # modules
PLANTS = "mujoco or analytic"
METHODS = ("factor_graph", "naive_bayes", "sobol", "eic", "nei", "scbo", "pibu", "gpcr")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what can be done, each with its options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    run_one = _action(actions, "run", "carry out one episode in a contact simulation", EXAMPLE)
    _add_skill(run_one)
    _add_run(run_one)
    example = "vi-ik skill show peg_in_hole"
    show = _action(
        actions, "show", "list the parameters, primitives and factors of a skill", example
    )
    _add_skill(show)
    example = "vi-ik skill learn screw_insertion --episodes 60 --seed 1 --out runs/screw"
    words = "learn the parameters of a skill from episodes in a contact simulation"
    learn = _action(actions, "learn", words, f"{example}\n  {example} --resume")
    _add_skill(learn)
    _add_learn(learn)
    example = "vi-ik skill replay runs/screw --episode 12 --plot episode.png --again"
    replay = _action(actions, "replay", "show episodes of a learning run", example)
    _add_store(replay)
    _add_replay(replay)
    example = "vi-ik skill export runs/screw --mcap screw.mcap --csv screw.csv"
    export = _action(
        actions, "export", "write the episodes of a learning run for other tools", example
    )
    _add_store(export)
    export.add_argument("--csv", type=Path, metavar="FILE", help="a line an episode")
    export.add_argument(
        "--mcap", type=Path, metavar="FILE", help="records, wrenches and positions as ROS messages"
    )


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked."""
    if arguments.action == "show":
        return _show(arguments)
    module = importlib.import_module(f"vi_ik_ros.cli.skill.{ACTIONS[arguments.action]}")
    return module.run(arguments)


def _action(
    actions: argparse._SubParsersAction, name: str, summary: str, example: str
) -> argparse.ArgumentParser:
    """Add the parser of one action, with the option that all have."""
    one = actions.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
    one.epilog = f"example:\n  {example}"
    one.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON object"
    )
    return one


def _add_skill(one: argparse.ArgumentParser) -> None:
    one.add_argument("skill", metavar="SKILL", help="name in config/skills, or a YAML file")


def _add_store(one: argparse.ArgumentParser) -> None:
    one.add_argument("store", type=Path, metavar="STORE", help="what --out of `learn` was")


def _add_run(one: argparse.ArgumentParser) -> None:
    """Declare the options of `run`."""
    one.add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[], dest="given",
        help="a parameter of the skill, in its unit; repeat for more",
    )  # fmt: skip
    one.add_argument("--seed", type=int, default=0, metavar="S", help="of the scene and noise")
    one.add_argument("--scene", metavar="SCENE", help="name or file (default: the skill's)")
    words = f"{PLANTS} (default mujoco)"
    one.add_argument("--plant", metavar="PLANT", default="mujoco", help=words)
    one.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the course")
    one.add_argument("--video", type=Path, metavar="FILE.mp4", help="film it (mujoco)")
    one.add_argument("--frames", type=Path, metavar="DIR", help="film it as PNGs (mujoco)")


def _add_learn(one: argparse.ArgumentParser) -> None:
    """Declare the options of `learn`; what is not given is that of the store to resume."""
    words = f"what chooses: {', '.join(METHODS)} (default {METHODS[0]})"
    one.add_argument("--method", metavar="NAME", help=words)
    one.add_argument(
        "--episodes", type=int, default=60, metavar="N", help="valid ones in all (default 60)"
    )
    one.add_argument("--seed", type=int, metavar="S", help="of everything random (default 0)")
    words = "directory or .sqlite file that keeps every episode"
    one.add_argument("--out", type=Path, required=True, metavar="DIR", help=words)
    one.add_argument("--resume", action="store_true", help="go on with the run that is there")
    one.add_argument("--scene", metavar="SCENE", help="name or file (default: the skill's)")
    one.add_argument("--plant", metavar="PLANT", help=f"{PLANTS} (default mujoco)")
    one.add_argument(
        "--required-probability", type=float, default=0.8, metavar="P",
        help="of success, of what is recommended (default 0.8)",
    )  # fmt: skip
    one.add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[], dest="settings",
        help="a setting of the method, such as num_initial=8; repeat for more",
    )  # fmt: skip
    words = "first try the skill's default parameters, known to succeed"
    one.add_argument("--safe-start", action="store_true", help=words)
    words = "start from what a run of a similar skill learned (factor_graph, naive_bayes)"
    one.add_argument("--earlier", type=Path, metavar="STORE", help=words)


def _add_replay(one: argparse.ArgumentParser) -> None:
    """Declare the options of `replay`."""
    one.add_argument(
        "--episode", type=int, metavar="N", help="number, from 1 (default: a line for each)"
    )
    one.add_argument("--plot", type=Path, metavar="FILE.png", help="draw its stored course")
    one.add_argument(
        "--again", action="store_true", help="carry out again: is every number the same?"
    )


def _show(arguments: argparse.Namespace) -> int:
    """List what a skill consists of."""
    from vi_ik_ros.cli.skill.output import skill_data, skill_table
    from vi_ik_ros.skills.execution.graph.skill_file import load_skill

    skill = load_skill(arguments.skill)
    emit(arguments.json, skill_data(skill), skill_table(skill))
    return 0
