# SPDX-License-Identifier: Apache-2.0
"""`vi-ik skill`: contact skills, in process and in lock-step."""

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from vi_ik_ros.cli.output import emit, say
from vi_ik_ros.exceptions import InvalidInput

if TYPE_CHECKING:
    from vi_ik_ros.skills.execution.episode import Episode
    from vi_ik_ros.skills.execution.graph.skill import Skill
    from vi_ik_ros.skills.execution.trace import Snapshot, Trace
    from vi_ik_ros.skills.plants.plant import Plant
    from vi_ik_ros.skills.plants.scene import Scene

EXAMPLE = "vi-ik skill run screw_insertion --set search_speed=0.004 --plot episode.png"
PLANTS = ("mujoco", "analytic")
SUCCESS, FAILED = 0, 1  # exit codes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what can be done, each with its options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    run_one = _action(actions, "run", "carry out one episode in a contact simulation")
    run_one.epilog = f"example:\n  {EXAMPLE}"
    run_one.add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[], dest="given",
        help="a parameter of the skill, in its unit; repeat for more",
    )  # fmt: skip
    run_one.add_argument("--seed", type=int, default=0, metavar="S", help="of the scene and noise")
    run_one.add_argument("--scene", metavar="SCENE", help="name or file (default: the skill's)")
    run_one.add_argument(
        "--plant",
        metavar="PLANT",
        default=PLANTS[0],
        help=f"{' or '.join(PLANTS)} (default mujoco)",
    )
    run_one.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the course")
    run_one.add_argument("--video", type=Path, metavar="FILE.mp4", help="film it (mujoco)")
    run_one.add_argument("--frames", type=Path, metavar="DIR", help="film it as PNGs (mujoco)")
    show = _action(actions, "show", "list the parameters, primitives and factors of a skill")
    show.epilog = "example:\n  vi-ik skill show peg_in_hole"


def _action(
    actions: argparse._SubParsersAction, name: str, summary: str
) -> argparse.ArgumentParser:
    """Add the parser of one action, with the options that all have."""
    one = actions.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
    one.add_argument("skill", metavar="SKILL", help="name in config/skills, or a YAML file")
    one.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON object"
    )
    return one


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked."""
    return {"run": _run, "show": _show}[arguments.action](arguments)


def _run(arguments: argparse.Namespace) -> int:
    """Carry out one episode, show it, draw it."""
    from vi_ik_ros.cli.skill_film import film
    from vi_ik_ros.cli.skill_output import episode_table, given_parameters
    from vi_ik_ros.skills.execution.graph.skill_file import load_skill
    from vi_ik_ros.skills.execution.run import run_episode
    from vi_ik_ros.skills.execution.trace import Recorder
    from vi_ik_ros.skills.plants.limits import Limits
    from vi_ik_ros.skills.plants.safety_gate import SafetyGate
    from vi_ik_ros.skills.plants.scene import load_scene

    _check(arguments)
    skill = load_skill(arguments.skill)
    scene = load_scene(arguments.scene or skill.scene)
    parameters = skill.space.checked(given_parameters(arguments.given))
    _say_hints(skill, parameters, scene)
    plant, recorder = _plant(arguments.plant, scene), Recorder()
    gate = SafetyGate(plant, Limits.of(scene))
    with film(plant, skill, arguments.video, arguments.frames) as camera:

        def keep(snapshot: "Snapshot") -> None:
            recorder.add(snapshot)
            camera(snapshot)

        episode = run_episode(gate, skill, scene, parameters, seed=arguments.seed, on_tick=keep)
    for path in filter(None, (arguments.video, arguments.frames)):
        say(f"wrote {path}")
    trace = recorder.trace()
    if arguments.plot:
        _plot(arguments, skill, episode, trace)
    data = {**asdict(episode), "digest": episode.digest(), "trace_digest": trace.digest()}
    emit(arguments.json, data, episode_table(episode))
    return SUCCESS if episode.success else FAILED


def _check(arguments: argparse.Namespace) -> None:
    """Refuse what cannot be carried out, before anything moves."""
    if arguments.plant not in PLANTS:
        raise InvalidInput("--plant", arguments.plant, f"{' or '.join(PLANTS)}")
    if arguments.seed < 0:
        raise InvalidInput("--seed", arguments.seed, "a whole number from 0")
    for option in ("plot", "video"):
        path = getattr(arguments, option)
        if path is not None and not path.resolve().parent.is_dir():
            raise InvalidInput(f"--{option}", str(path), "a file in a directory that exists")


def _plant(name: str, scene: "Scene") -> "Plant":
    """Make a plant."""
    if name == "analytic":
        from vi_ik_ros.skills.plants.analytic_plant import AnalyticPlant

        return AnalyticPlant(scene)
    from vi_ik_ros.skills.plants.mujoco import MujocoPlant

    return MujocoPlant(scene)


def _say_hints(skill: "Skill", parameters: Mapping[str, float], scene: "Scene") -> None:
    """Say which force gains are near the stability limit."""
    import numpy as np

    from vi_ik_ros.skills.execution.graph.checks.gain_hints import gain_hints

    bound = skill.bind(parameters, np.eye(4))
    for hint in gain_hints(bound, scene.delay_ticks, 1.0 / scene.control_rate):
        say(f"{'warning' if hint.is_warning else 'hint'}: {hint.text}")


def _plot(
    arguments: argparse.Namespace, skill: "Skill", episode: "Episode", trace: "Trace"
) -> None:
    """Draw the course of an episode."""
    from vi_ik_ros.cli.skill_output import verdict
    from vi_ik_ros.viewer.episodes.episode_figure import EpisodePicture, save_episode_picture

    values = ", ".join(f"{name} {value:g}" for name, value in episode.parameters.items())
    title = f"{episode.skill.replace('_', ' ')}: {verdict(episode)}"
    subtitle = f"{values}; seed {episode.seed}, plant {arguments.plant}"
    picture = EpisodePicture.of(skill, episode, trace, title=title, subtitle=subtitle)
    save_episode_picture(arguments.plot, picture)
    say(f"wrote {arguments.plot}")


def _show(arguments: argparse.Namespace) -> int:
    """List what a skill consists of."""
    from vi_ik_ros.cli.skill_output import skill_data, skill_table
    from vi_ik_ros.skills.execution.graph.skill_file import load_skill

    skill = load_skill(arguments.skill)
    emit(arguments.json, skill_data(skill), skill_table(skill))
    return SUCCESS
