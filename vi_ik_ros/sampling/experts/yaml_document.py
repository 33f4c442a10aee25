# SPDX-License-Identifier: Apache-2.0
"""YAML as a mapping of plain values, with one-line errors that name the line."""

from pathlib import Path

import yaml

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.strict_yaml import parse_yaml


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
        document = parse_yaml(path.read_text(encoding="utf-8"))
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
