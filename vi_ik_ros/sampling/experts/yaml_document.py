# SPDX-License-Identifier: Apache-2.0
"""YAML as a mapping of plain values, with one-line errors that name the line."""

import re
from collections.abc import Hashable
from pathlib import Path

import yaml

from vi_ik_ros.exceptions import ObjectiveError


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key written twice and reads 5e-3 as a number."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        """Build a mapping whose keys all differ."""
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.MarkedYAMLError(
                    None, None, f"{key} is written twice", key_node.start_mark
                )
            seen.add(key if isinstance(key, Hashable) else str(key))
        return super().construct_mapping(node, deep)


_StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), "-+.0123456789"
)


def read_yaml(
    path: Path, kind: str = "objectives file", holds: str = "robot, objectives and context"
) -> dict:
    """Read the mapping that a YAML file holds.

    Args:
        path: of the file.
        kind: what an error calls the file.
        holds: what an error says that the mapping has.

    Raises:
        ObjectiveError: The file is missing, is not YAML, or holds something else than a mapping.
    """
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)
    except OSError as error:
        reason = f"a readable {kind} ({error.strerror})"
        raise ObjectiveError(kind, str(path), reason) from None
    except UnicodeDecodeError:
        raise ObjectiveError(str(path), "bytes that are no text", "UTF-8 YAML") from None
    except RecursionError:
        raise ObjectiveError(str(path), "too many levels", "YAML of a few levels") from None
    except yaml.YAMLError as error:
        raise ObjectiveError(str(path), _where(error), "valid YAML") from None
    except ValueError as error:  # A date that is none, a number of thousands of digits.
        raise ObjectiveError(str(path), str(error), "YAML of plain numbers and texts") from None
    if not isinstance(document, dict):
        raise ObjectiveError(str(path), document, f"a mapping with {holds}")
    return document


def _where(error: yaml.YAMLError) -> str:
    """Say what is wrong and in which line."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
    return f"line {mark.line + 1}: {problem}" if mark is not None else problem
