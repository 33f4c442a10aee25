# SPDX-License-Identifier: Apache-2.0
"""What `sample` and `density` are told about a model and its context."""

import argparse
import csv
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vi_ik_ros.cli.paths import store_directory
from vi_ik_ros.exceptions import InvalidInput

if TYPE_CHECKING:  # Loading a model costs seconds of imports; --help must not.
    from vi_ik_ros.nodes.sampling.served_models import ServedModel

POSE_COLUMNS = ("x", "y", "z", "qx", "qy", "qz", "qw")


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which model is meant and what it is conditioned on."""
    parser.add_argument("model", metavar="MODEL", help="name in the store, or a model's directory")
    parser.add_argument(
        "--target",
        nargs="+",
        type=float,
        metavar="X",
        help="pose x y z qx qy qz qw [m, unit quaternion] in the model's base frame; "
        "x y z for a position model",
    )
    parser.add_argument(
        "--context", nargs="+", type=float, metavar="C", help="context row of any other model"
    )
    parser.add_argument(
        "--store",
        metavar="DIR",
        type=store_directory,
        help="default: $XDG_DATA_HOME/vi_ik_ros/models",
    )


def add_temperature_argument(parser: argparse.ArgumentParser, usual: float, words: str) -> None:
    """Declare how wide the model is taken: usually as told by a number, in words."""
    parser.add_argument(
        "--temperature",
        type=float,
        default=usual,
        metavar="T",
        help="factor on the spread of the model, 0.001 to 2; less is nearer to the target and "
        f"less diverse (default {words})",
    )


def load(arguments: argparse.Namespace) -> "ServedModel":
    """Load the model that is meant, with its robot and solver."""
    from vi_ik_ros.nodes.sampling.served_models import serve
    from vi_ik_ros.sampling.store.model_store import ModelStore

    return serve(ModelStore(arguments.store).load(arguments.model))


def pose_row(values: list[float], field: str) -> np.ndarray:
    """Return a target as a pose (7,); a position gets the identity orientation."""
    if len(values) not in (3, 7):
        raise InvalidInput(field, f"{len(values)} numbers", "7 (x y z qx qy qz qw) or 3 (x y z)")
    return np.array([*values, 0.0, 0.0, 0.0, 1.0][:7])


def read_obstacle_list(path: Path) -> tuple[Mapping[str, object], ...]:
    """Read the list `obstacles` of a YAML file."""
    from vi_ik_ros.sampling.experts.fields import Fields
    from vi_ik_ros.sampling.experts.yaml_document import read_yaml

    fields = Fields(read_yaml(path, "obstacles file", "a list of obstacles"))
    fields.allow("obstacles")
    return tuple(item.values for item in fields.children("obstacles"))


def read_targets(path: Path) -> np.ndarray:
    """Read targets (B, 7) from a CSV file, one pose or position a line, with or without header."""
    rows: list[np.ndarray] = []
    for number, cells in _lines(path):
        if not rows and cells in (POSE_COLUMNS, POSE_COLUMNS[:3]):
            continue
        try:
            values = [float(cell) for cell in cells]
        except ValueError:
            raise InvalidInput(f"{path}:{number}", ",".join(cells), "numbers") from None
        rows.append(pose_row(values, f"{path}:{number}"))
    if not rows:
        raise InvalidInput(str(path), "no rows", "one target a line: x,y,z,qx,qy,qz,qw")
    return np.array(rows)


def _lines(path: Path) -> list[tuple[int, tuple[str, ...]]]:
    """Return the lines of a CSV file, each with its number, without empty ones and comments."""
    try:
        text = path.read_text(encoding="utf-8")
        lines = list(enumerate(csv.reader(text.splitlines()), start=1))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else "no text"
        raise InvalidInput("--targets", str(path), f"a readable CSV file ({reason})") from None
    stripped = [(n, tuple(cell.strip() for cell in row if cell.strip())) for n, row in lines]
    return [(number, cells) for number, cells in stripped if cells and cells[0][0] != "#"]
