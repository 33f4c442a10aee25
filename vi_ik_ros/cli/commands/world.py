# SPDX-License-Identifier: Apache-2.0
"""`vi-ik world`: a scene for Gazebo."""

import argparse
from pathlib import Path

from vi_ik_ros.cli.output import emit
from vi_ik_ros.cli.paths import make_directory
from vi_ik_ros.exceptions import InvalidInput

EXAMPLE = "vi-ik world screw_slot --out worlds"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `vi-ik world`."""
    parser.add_argument("scene", metavar="SCENE", help="a YAML file, or a name in config/scenes/")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="of both files")
    parser.add_argument(
        "--seed", type=int, help="put the plate where the episode of this seed has it"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the world and the configuration of the bridge."""
    from vi_ik_ros.skills.plants.gazebo import bridge_yaml, world_sdf
    from vi_ik_ros.skills.plants.scene import load_scene

    seed, out = arguments.seed, arguments.out
    if seed is not None and seed < 0:
        raise InvalidInput("--seed", seed, "a whole number, 0 or more")
    scene = load_scene(arguments.scene)
    placed = scene if seed is None else scene.drawn(seed)
    texts = {
        "world": (f"{scene.name}.sdf", world_sdf(placed)),
        "bridge": (f"{scene.name}_bridge.yaml", bridge_yaml(scene)),
    }
    make_directory("--out", out)
    for name, text in texts.values():
        (out / name).write_text(text, encoding="utf-8")
    written = {key: str(out / name) for key, (name, _) in texts.items()}
    emit(arguments.json, written, "\n".join(written.values()))
    return 0
