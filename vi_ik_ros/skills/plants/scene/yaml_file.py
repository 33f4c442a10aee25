# SPDX-License-Identifier: Apache-2.0
"""YAML files of config/ by name, others by path, with one-line errors that name the line."""

import re
from collections.abc import Hashable
from pathlib import Path

import yaml

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.skills.plants.scene.reading import nearest


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
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)
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
