# SPDX-License-Identifier: Apache-2.0
"""`vi-ik skill run`: one episode, shown, drawn and filmed."""

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from vi_ik_ros.cli.output import emit, say
from vi_ik_ros.cli.paths import check_file
from vi_ik_ros.cli.skill.files.film import film
from vi_ik_ros.cli.skill.output import episode_table, given_parameters, verdict
from vi_ik_ros.cli.skill.stage import Stage, check_plant
from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.episode import Episode
from vi_ik_ros.skills.execution.graph.checks.gain_hints import gain_hints
from vi_ik_ros.skills.execution.graph.skill import Skill
from vi_ik_ros.skills.execution.trace import Trace

SUCCESS, FAILED = 0, 1  # exit codes


def run(arguments: argparse.Namespace) -> int:
    """Carry out one episode, show it, draw it."""
    check_plant(arguments.plant)
    check_seed_option(arguments.seed)
    for option in ("plot", "video"):
        check_file(f"--{option}", getattr(arguments, option))
    stage = Stage.of(arguments.skill, arguments.scene, arguments.plant)
    parameters = stage.skill.space.checked(given_parameters(arguments.given))
    _say_hints(stage, parameters)
    with film(stage.plant, stage.skill, arguments.video, arguments.frames) as camera:
        episode, trace = stage.run(parameters, arguments.seed, camera)
    for path in filter(None, (arguments.video, arguments.frames)):
        say(f"wrote {path}")
    if arguments.plot:
        plot(arguments.plot, stage.skill, episode, trace, arguments.plant)
    data = {**asdict(episode), "digest": episode.digest(), "trace_digest": trace.digest()}
    emit(arguments.json, data, episode_table(episode))
    return SUCCESS if episode.success else FAILED


def check_seed_option(seed: int) -> None:
    """Refuse a seed that is none."""
    if seed < 0:
        raise InvalidInput("--seed", seed, "a whole number from 0")


def plot(path: Path, skill: Skill, episode: Episode, trace: Trace, plant: str) -> None:
    """Draw the course of an episode."""
    from vi_ik_ros.viewer.episodes.episode_figure import EpisodePicture, save_episode_picture

    values = ", ".join(f"{name} {value:g}" for name, value in episode.parameters.items())
    title = f"{episode.skill.replace('_', ' ')}: {verdict(episode)}"
    subtitle = f"{values}; seed {episode.seed}, plant {plant}"
    picture = EpisodePicture.of(skill, episode, trace, title=title, subtitle=subtitle)
    save_episode_picture(path, picture)
    say(f"wrote {path}")


def _say_hints(stage: Stage, parameters: Mapping[str, float]) -> None:
    """Say which force gains are near the stability limit."""
    bound, scene = stage.skill.bind(parameters, np.eye(4)), stage.scene
    for hint in gain_hints(bound, scene.delay_ticks, 1.0 / scene.control_rate):
        say(f"{'warning' if hint.is_warning else 'hint'}: {hint.text}")
