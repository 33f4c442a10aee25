# SPDX-License-Identifier: Apache-2.0
"""Scenes as YAML files: those of config/scenes/ by name, others by path."""

import re
from collections.abc import Hashable
from pathlib import Path

import yaml

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.skills.plants.scene.reading import nearest, read
from vi_ik_ros.skills.plants.scene.scene import Scene


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key written twice and reads 5e-3 as a number."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        """Build a mapping whose keys all differ."""
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.MarkedYAMLError(None, None, f"{key} twice", key_node.start_mark)
            seen.add(key if isinstance(key, Hashable) else str(key))
        return super().construct_mapping(node, deep)


_StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), "-+.0123456789"
)


def load_scene(path_or_name: str | Path) -> Scene:
    """Read a scene.

    Args:
        path_or_name: of a YAML file, or the name of one in config/scenes/ without its ending.

    Raises:
        InvalidInput: there is no such scene, or something in it is wrong.
    """
    path = _find(str(path_or_name))
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "no text"
        raise InvalidInput("scene", str(path), f"a readable YAML file ({reason})") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        problem = f"{where}{getattr(error, 'problem', None) or 'unreadable'}"
        raise InvalidInput(str(path), problem, "valid YAML") from None
    return read(Scene, values, "scene")


def scene_names() -> list[str]:
    """Return the names of the scenes in config/scenes/."""
    return sorted(path.stem for path in (share_dir() / "config" / "scenes").glob("*.yaml"))


def _find(path_or_name: str) -> Path:
    """Return the file of a name, or the path as it is."""
    if Path(path_or_name).suffix in (".yaml", ".yml") or "/" in path_or_name:
        return Path(path_or_name).expanduser()
    names = scene_names()
    if path_or_name not in names:
        raise InvalidInput("scene", path_or_name, f"a path, or {nearest(path_or_name, names)}")
    return share_dir() / "config" / "scenes" / f"{path_or_name}.yaml"
