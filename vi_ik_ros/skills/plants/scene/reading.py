# SPDX-License-Identifier: Apache-2.0
"""Frozen dataclasses from plain values, strictly: ranges stand in the annotations."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from difflib import get_close_matches
from typing import Annotated, Literal, TypeVar, get_args, get_origin, get_type_hints

import numpy as np

from vi_ik_ros.exceptions import InvalidInput

T = TypeVar("T")


@dataclass(frozen=True)
class Within:
    """The range of a number, or of each number of a tuple, bounds included.

    Attributes:
        low: the least.
        high: the most.
        unit: of both, for the eyes of who writes a file.
    """

    low: float
    high: float
    unit: str

    def __str__(self) -> str:
        """Say which numbers are accepted."""
        return f"from {self.low:g} to {self.high:g} [{self.unit}]".replace(" []", "")


@dataclass(frozen=True)
class Quaternion(Within):
    """The range of the first three numbers of a pose; the other four are a unit quaternion."""


def read(cls: type[T], values: object, path: str) -> T:
    """Make a dataclass from a mapping that has its fields as keys, no others.

    Args:
        cls: the dataclass; its fields are dataclasses, names, numbers or tuples of numbers.
        values: the mapping; fields that have a default may be missing.
        path: where it stands, for errors.

    Raises:
        InvalidInput: a key is unknown or missing, or a value is not what its field takes.
    """
    all_hints = get_type_hints(cls, include_extras=True)
    known = [one for one in fields(cls) if one.init]  # type: ignore[arg-type]  # a dataclass
    hints = {one.name: all_hints[one.name] for one in known}
    if not isinstance(values, Mapping):
        raise InvalidInput(path, values, f"a mapping with {', '.join(hints)}")
    for key in values:
        if key not in hints:
            raise InvalidInput(f"{path}.{key}", "an unknown key", nearest(str(key), list(hints)))
    for one in known:
        if one.name not in values and one.default is MISSING:
            raise InvalidInput(f"{path}.{one.name}", "nothing", f"a value; {path} needs {one.name}")
    return cls(**{key: _value(hints[key], values[key], f"{path}.{key}") for key in values})


def nearest(name: str, known: list[str]) -> str:
    """Say which names are valid, the nearest first."""
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    listed = ", ".join(known)
    return f"{near[0]} (valid: {listed})" if near else f"one of {listed}"


def _value(hint: object, value: object, path: str) -> object:
    """Read the value of one field."""
    if isinstance(hint, type) and is_dataclass(hint):
        return read(hint, value, path)
    if get_origin(hint) is Literal:
        names = list(get_args(hint))
        if value not in names:
            raise InvalidInput(path, value, nearest(str(value), names))
        return value
    if get_origin(hint) is Annotated:
        kind, within = get_args(hint)
        if get_origin(kind) is tuple:
            return _numbers(value, path, within, size=len(get_args(kind)))
        return _number(value, path, within, whole=kind is int)
    if not isinstance(value, str) or not value.isprintable() or not value.strip():
        raise InvalidInput(path, value, "a name")
    return value


def _number(value: object, path: str, within: Within, *, whole: bool = False) -> float:
    """Read one number, whole or not."""
    what = "a whole number" if whole else "a number"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInput(path, value, f"{what} {within}")
    if not within.low <= value <= within.high or (whole and value != int(value)):
        raise InvalidInput(path, value, f"{what} {within}")
    return int(value) if whole else float(value)


def _numbers(value: object, path: str, within: Within, *, size: int) -> tuple[float, ...]:
    """Read a tuple of numbers."""
    if not isinstance(value, list | tuple) or len(value) != size:
        raise InvalidInput(path, value, f"a list of {size} numbers {within}")
    if not isinstance(within, Quaternion):
        return tuple(_number(v, f"{path}[{i}]", within) for i, v in enumerate(value))
    position = [_number(v, f"{path}[{i}]", within) for i, v in enumerate(value[:3])]
    unit = Within(-1.001, 1.001, "")
    quaternion = [_number(v, f"{path}[{i + 3}]", unit) for i, v in enumerate(value[3:])]
    norm = float(np.linalg.norm(quaternion))
    if abs(norm - 1.0) > 1e-3:
        raise InvalidInput(path, value, "a quaternion qx qy qz qw of norm 1 after x y z [m]")
    return (*position, *(entry / norm for entry in quaternion))
