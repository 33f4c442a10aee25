# SPDX-License-Identifier: Apache-2.0
"""YAML files of config/ by name, others by path, with one-line errors that name the line."""

from pathlib import Path

import yaml

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.skills.plants.scene.reading import nearest
from vi_ik_ros.strict_yaml import parse_yaml


def load_yaml(kind: str, path_or_name: str | Path) -> object:
    """Read what a file holds.

    Args:
        kind: `scene` or `skill`; names are looked up in config/scenes/ or config/skills/.
        path_or_name: of a YAML file, or its name there without the ending.

    Raises:
        InvalidInput: there is no such file, or it is not YAML.
    """
    path = _find(kind, str(path_or_name))
    try:
        return parse_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "no text"
        raise InvalidInput(kind, str(path), f"a readable YAML file ({reason})") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        problem = f"{where}{getattr(error, 'problem', None) or 'unreadable'}"
        raise InvalidInput(str(path), problem, "valid YAML") from None


def file_names(kind: str) -> list[str]:
    """Return the names of the files of a kind in config/."""
    return sorted(path.stem for path in _folder(kind).glob("*.yaml"))


def _folder(kind: str) -> Path:
    """Return the folder of a kind."""
    return share_dir() / "config" / f"{kind}s"


def _find(kind: str, path_or_name: str) -> Path:
    """Return the file of a name, or the path as it is."""
    if Path(path_or_name).suffix in (".yaml", ".yml") or "/" in path_or_name:
        return Path(path_or_name).expanduser()
    names = file_names(kind)
    if path_or_name not in names:
        raise InvalidInput(kind, path_or_name, f"a path, or {nearest(path_or_name, names)}")
    return _folder(kind) / f"{path_or_name}.yaml"
