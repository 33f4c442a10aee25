# SPDX-License-Identifier: Apache-2.0
"""Mappings, lists and names where a file must have them."""

from collections.abc import Mapping, Sequence

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.plants.scene.reading import nearest


def mapping_of(
    values: object, path: str, required: Sequence[str], optional: Sequence[str] = ()
) -> Mapping[str, object]:
    """Return a mapping that has all required keys, and no unknown ones.

    Raises:
        InvalidInput: it is none, or has not.
    """
    known = [*required, *optional]
    if not isinstance(values, Mapping):
        raise InvalidInput(path, values, f"a mapping with {', '.join(known)}")
    for key in values:
        if key not in known:
            raise InvalidInput(f"{path}.{key}", "an unknown key", nearest(str(key), known))
    for key in required:
        if key not in values:
            raise InvalidInput(f"{path}.{key}", "nothing", f"a value; {path} needs {key}")
    return values


def named_mapping(values: object, path: str) -> Mapping[str, object]:
    """Return a mapping whose keys are names that may stand for something.

    Raises:
        InvalidInput: it is none, or one of them is no word.
    """
    if not isinstance(values, Mapping):
        raise InvalidInput(path, values, "a mapping")
    for key in values:
        if not isinstance(key, str) or not key.isidentifier():
            raise InvalidInput(path, key, "a name of letters, digits and _")
    return values


def list_of(values: object, path: str) -> Sequence[object]:
    """Return a list.

    Raises:
        InvalidInput: it is none.
    """
    if not isinstance(values, list | tuple):
        raise InvalidInput(path, values, "a list")
    return values


def one_of(value: object, path: str, known: Sequence[str]) -> str:
    """Return a name that is known.

    Raises:
        InvalidInput: it is not.
    """
    if not isinstance(value, str) or value not in known:
        expected = nearest(str(value), list(known)) if known else "nothing: there are no names"
        raise InvalidInput(path, value, expected)
    return value


def truth_of(value: object, path: str) -> bool:
    """Return true or false.

    Raises:
        InvalidInput: it is neither.
    """
    if not isinstance(value, bool):
        raise InvalidInput(path, value, "true or false")
    return value
