# SPDX-License-Identifier: Apache-2.0
"""What lies on the disk: models, robots, and the directories that are written."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from vi_ik_ros.cli.doctor.finding import Finding, State, reason
from vi_ik_ros.exceptions import ViIkError

if TYPE_CHECKING:
    from vi_ik_ros.sampling.store.model_store import ModelStore

MODELS, ROBOTS, DIRECTORIES = "models", "robots", "directories"


def model_findings(root: Path | None) -> Iterator[Finding]:
    """Read every model of the store whole.

    Args:
        root: the writable layer of the store; None: the default one.
    """
    from vi_ik_ros.sampling.store.model_store import ModelStore

    store = ModelStore(root)
    there = "" if store.root.is_dir() else " (made by the first training)"
    yield Finding(MODELS, "store", State.OK, f"{store.root}{there}; shipped: {store.shipped}")
    names = store.names()
    if not names:
        remedy = "no samples: vi-ik train, or install the package anew"
        yield Finding(MODELS, "models", State.FAILED, "none", remedy)
    for name in names:
        yield _model(store, name)


def _model(store: "ModelStore", name: str) -> Finding:
    """Read one model."""
    try:
        document = store.load(name).document
    except ViIkError as refusal:
        remedy = f"no samples of {name}: remove its directory, or train it again"
        return Finding(MODELS, name, State.WARNING, str(refusal), remedy)
    robot, family = document["robot"]["name"], document["family"]
    return Finding(MODELS, name, State.OK, f"{family}, {robot}")


def robot_findings() -> Iterator[Finding]:
    """Load every robot that has an alias."""
    from vi_ik_ros.kinematics.robot_description import robot_aliases
    from vi_ik_ros.kinematics.robot_model import RobotModel

    aliases, loaded = robot_aliases(), []
    for alias in aliases:
        try:
            RobotModel.load(alias)
        except Exception as error:  # pinocchio raises what it likes
            words = str(error) if isinstance(error, ViIkError) else reason(error)
            remedy = f"no models of {alias}: pip install example-robot-data"
            yield Finding(ROBOTS, alias, State.WARNING, words, remedy)
        else:
            loaded.append(alias)
    yield Finding(ROBOTS, f"{len(loaded)} of {len(aliases)}", State.OK, ", ".join(loaded))


def directory_findings(root: Path | None) -> Iterator[Finding]:
    """Tell whether what we write to can be written; nothing is made or changed."""
    from vi_ik_ros.sampling.store.model_store import data_home, default_root

    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vi_ik_ros"
    places = (
        ("models", root or default_root(), "no training into the store"),
        ("data", data_home(), "no trainer node, no sweeps"),
        ("cache", cache, "benchmarks fit everything again"),
        ("temporary", Path(tempfile.gettempdir()), "no private nodes, no vi-ik demo"),
    )
    for name, place, cost in places:
        yield directory_finding(name, place, cost)


def directory_finding(name: str, place: Path, cost: str) -> Finding:
    """Look at a directory, or at the one that it would be made in."""
    there = place.absolute()
    while not there.exists():
        there = there.parent
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        words = f"{place}: {there} is {'not to be written' if there.is_dir() else 'a file'}"
        remedy = f"{cost}: make it writable, or set another place"
        return Finding(DIRECTORIES, name, State.WARNING, words, remedy)
    free = shutil.disk_usage(there).free / 1e9
    return Finding(DIRECTORIES, name, State.OK, f"{place} ({free:.1f} GB free)")
