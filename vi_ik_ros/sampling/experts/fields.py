# SPDX-License-Identifier: Apache-2.0
"""Strict reading of a mapping from an objectives file, with errors that name the place."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn, TypeGuard

from vi_ik_ros.exceptions import ObjectiveError

LARGEST = 1e9  # of numbers; positive ones lie from 1 / LARGEST to LARGEST^2, as float32 bears
LARGEST_WHOLE = 2**32 - 1  # as messages bear
_REPRESENTED = 1.797e308  # a whole number beyond it is no float


@dataclass(frozen=True)
class Fields:
    """A mapping and where it stands in the file, such as `objectives[1].density`.

    Every method raises ObjectiveError for a value that it cannot take.
    """

    values: Mapping[str, object]
    path: str = ""

    def at(self, key: str) -> str:
        """Return the path of a key."""
        return f"{self.path}.{key}" if self.path else key

    def fail(self, key: str, expected: str) -> NoReturn:
        """Refuse the value of a key."""
        value = self.values[key] if key in self.values else "nothing"
        raise ObjectiveError(self.at(key), value, expected)

    def allow(self, *keys: str) -> None:
        """Refuse every key but these, naming the nearest of them."""
        for key in self.values:
            if key not in keys:
                raise ObjectiveError(self.at(str(key)), "an unknown key", _one_of(str(key), keys))

    def child(self, key: str) -> "Fields":
        """Return the mapping under a key."""
        value = self.values.get(key)
        if not isinstance(value, Mapping):
            self.fail(key, "a mapping of keys to values")
        return Fields(value, self.at(key))

    def children(self, key: str) -> tuple["Fields", ...]:
        """Return the mappings in the list under a key; none if the key is absent."""
        value = self.values.get(key, ())
        if not is_list(value):
            self.fail(key, "a list of mappings")
        items: list[Fields] = []
        for index, item in enumerate(value):
            path = f"{self.at(key)}[{index}]"
            if not isinstance(item, Mapping):
                raise ObjectiveError(path, item, "a mapping of keys to values")
            items.append(Fields(item, path))
        return tuple(items)

    def text(self, key: str, default: str | None = None) -> str:
        """Read a name that is not empty."""
        value = self.values.get(key, default)
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            self.fail(key, "a name")
        return value

    def name(self, key: str, choices: Sequence[str], default: str | None = None) -> str:
        """Read one of the valid names."""
        value = self.values.get(key, default)
        if not isinstance(value, str) or value not in choices:
            self.fail(key, _one_of(value, choices))
        return value

    def names(
        self, key: str, choices: Sequence[str], default: Sequence[str] = ()
    ) -> tuple[str, ...]:
        """Read a list of different valid names, at least one."""
        value = self.values.get(key, default)
        if not is_list(value) or len(value) == 0:
            self.fail(key, f"a list of names from {_listed(choices)}")
        found: list[str] = []
        for index, item in enumerate(value):
            path = f"{self.at(key)}[{index}]"
            if not isinstance(item, str) or item not in choices:
                raise ObjectiveError(path, item, _one_of(item, choices))
            if item in found:
                raise ObjectiveError(path, item, "each name once")
            found.append(item)
        return tuple(found)

    def integer(self, key: str, default: int) -> int:
        """Read a whole number that is not negative; 2.0 is one too."""
        value = self.values.get(key, default)
        if not is_number(value) or not 0 <= value <= LARGEST_WHOLE or value != int(value):
            self.fail(key, f"a whole number, 0 or more, up to {LARGEST_WHOLE}")
        return int(value)

    def numbers(
        self, key: str, size: int, *, quaternion: slice | None = None
    ) -> tuple[float, ...] | None:
        """Read `size` numbers up to LARGEST (one may stand without brackets), None if absent.

        With `quaternion`, those entries must have norm 1 to 1e-3.
        """
        if key not in self.values:
            return None
        value = self.values[key]
        entries = value if is_list(value) else (value,)
        row = tuple(float(entry) for entry in entries if is_number(entry))
        if len(entries) != size or len(row) != size:
            self.fail(key, "1 finite number" if size == 1 else f"{size} finite numbers")
        self._refuse_sizes(key, row, 0.0, LARGEST)
        if quaternion is not None and abs(math.hypot(*row[quaternion]) - 1.0) > 1e-3:
            self.fail(key, "a quaternion qx qy qz qw of norm 1")
        return row

    def positive(self, key: str, size: int, *, any_size: bool = False) -> tuple[float, ...]:
        """Read `size` positive numbers; one number stands for all of them.

        They lie between 1 / LARGEST and LARGEST^2, unless they may have any size.
        """
        value = self.values.get(key)
        entries = value if is_list(value) else (value,) * size
        row = tuple(float(entry) for entry in entries if is_number(entry) and entry > 0)
        if len(entries) != size or len(row) != size:
            many = "a positive number" if size == 1 else f"a positive number or a list of {size}"
            self.fail(key, many)
        if not any_size:
            self._refuse_sizes(key, row, 1.0 / LARGEST, LARGEST**2)
        return row

    def matrix(self, key: str, size: int, expected: str) -> tuple[tuple[float, ...], ...]:
        """Read a matrix of finite numbers of any size, row by row."""
        value = self.values.get(key)
        lists = [row for row in value if is_list(row)] if is_list(value) else []
        rows = tuple(tuple(float(e) for e in row if is_number(e)) for row in lists)
        widths = [len(row) for row in (*lists, *rows)]
        if not is_list(value) or len(value) != size or widths != [size] * (2 * size):
            self.fail(key, expected)
        return rows

    def _refuse_sizes(self, key: str, row: Sequence[float], least: float, most: float) -> None:
        """Refuse numbers whose arithmetic would leave the range of floats."""
        if not all(least <= abs(entry) <= most for entry in row):
            self.fail(key, f"numbers of a size from {least:g} to {most:g}, in m and rad")


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether a value is a finite number and not a truth value."""
    finite = isinstance(value, int | float) and abs(value) < _REPRESENTED  # not so a NaN
    return finite and not isinstance(value, bool)


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    """Tell a list from a text and a mapping."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _one_of(value: object, choices: Sequence[str]) -> str:
    """Say which names are valid, the nearest first."""
    near = get_close_matches(str(value), choices, n=1, cutoff=0.5)
    return f"{near[0]} (valid: {_listed(choices)})" if near else f"one of {_listed(choices)}"


def _listed(choices: Sequence[str]) -> str:
    """Join names, the first dozen."""
    return ", ".join(choices[:12]) + (", ..." if len(choices) > 12 else "")
