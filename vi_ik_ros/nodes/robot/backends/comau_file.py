# SPDX-License-Identifier: Apache-2.0
"""The YAML file of a COMAU cell."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.plants.comau.parameters import ComauParameters
from vi_ik_ros.skills.plants.scene.reading import nearest
from vi_ik_ros.skills.plants.scene.yaml_file import load_yaml

_WORDS = {str: "a text", int: "a whole number", float: "a number"}


def load_comau_file(path: str | Path) -> ComauParameters:
    """Read the parameters of a cell: a mapping with the names of `ComauParameters`.

    Raises:
        InvalidInput: the file, a key or a value cannot be used, or a needed one is missing.
    """
    if not str(path):
        expected = "the path of a YAML file such as config/comau_cell.yaml, for backend comau"
        raise InvalidInput("parameter comau_file", "nothing", expected)
    values = load_yaml("comau_file", Path(path).expanduser().absolute())
    known = {one.name: one for one in fields(ComauParameters)}
    if not isinstance(values, Mapping):
        raise InvalidInput("comau_file", values, f"a mapping with {', '.join(known)}")
    for key in values:
        if key not in known:
            raise InvalidInput(f"comau.{key}", "an unknown key", nearest(str(key), list(known)))
    for one in known.values():
        if one.default is MISSING and one.name not in values:
            raise InvalidInput(f"comau.{one.name}", "nothing", "a value; it has no default")
    read = {key: _value(f"comau.{key}", known[key].type, value) for key, value in values.items()}
    try:
        return ComauParameters(**read)  # type: ignore[arg-type]
    except InvalidInput as error:
        raise InvalidInput(f"comau.{error.field}", error.value, error.expected) from None


def _value(path: str, kind: object, value: object) -> object:
    """Return a value of a field's type."""
    if isinstance(kind, type) and kind in _WORDS:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if kind is float and number:
            return float(value)  # type: ignore[arg-type]
        if isinstance(value, kind) and not isinstance(value, bool):
            return value
        raise InvalidInput(path, value, _WORDS[kind])
    if isinstance(value, list):
        return tuple(_value(f"{path}[{i}]", float, entry) for i, entry in enumerate(value))
    raise InvalidInput(path, value, "a list of numbers")
