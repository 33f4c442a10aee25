# SPDX-License-Identifier: Apache-2.0
"""How single values of an objectives file stand in the fields of a message, both ways.

A message has no null: a field that is empty, zero or false is left out of the file. So a value of
the file that reads otherwise than nothing, but would be such a field, is refused.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.msg import NumberRow
from vi_ik_ros.sampling.experts.fields import LARGEST_WHOLE, is_list, is_number

Message = Any  # rosidl's classes and their fields have no types
_MATRIX = "a matrix of finite numbers, row by row"


class Kind(ABC):
    """How the value of a key stands in one field of a message, or in several.

    A new kind is a subclass with `slots`, `write` and `read`. Both take the place of the key in
    the file, such as `objectives[0].density.std`, and raise ObjectiveError with it.
    """

    @property
    @abstractmethod
    def slots(self) -> tuple[str, ...]:
        """Names of the fields."""

    @abstractmethod
    def write(self, value: object, path: str) -> dict[str, object]:
        """Return the fields that hold a value of the file."""

    @abstractmethod
    def read(self, message: Message, path: str) -> object:
        """Return the value that the fields of a message hold, in the words of the file."""

    def given(self, message: Message) -> bool:
        """Tell whether the fields of a message hold anything."""
        return any(getattr(message, slot) for slot in self.slots)


@dataclass(frozen=True)
class Leaf(Kind):
    """A value in one field.

    Attributes:
        slot: the field.
    """

    slot: str

    @property
    def slots(self) -> tuple[str, ...]:
        """The one field."""
        return (self.slot,)

    def write(self, value: object, path: str) -> dict[str, object]:
        """Return the field with the value."""
        return {self.slot: self.pack(value, path)}

    def read(self, message: Message, path: str) -> object:
        """Return the value of the field."""
        return self.unpack(getattr(message, self.slot), path)

    @abstractmethod
    def pack(self, value: object, path: str) -> object:
        """Turn a value of the file into that of the field."""

    def unpack(self, value: Message, path: str) -> object:
        """Turn the value of the field into that of the file; often they are the same."""
        return value


class Text(Leaf):
    """A name, or any other text."""

    def pack(self, value: object, path: str) -> str:
        """Refuse what is no text or cannot be sent."""
        return sendable_text(value, path)


class Names(Leaf):
    """A list of names, at least one."""

    def pack(self, value: object, path: str) -> list[str]:
        """Refuse other lists."""
        if not is_list(value) or not value:
            raise ObjectiveError(path, value, "a list of names")
        return [sendable_text(item, f"{path}[{index}]") for index, item in enumerate(value)]

    def unpack(self, value: Message, path: str) -> list[str]:
        """Return the list."""
        return list(value)


class Flag(Leaf):
    """True, or false, which is the same as nothing."""

    def pack(self, value: object, path: str) -> bool:
        """Refuse other values."""
        if not isinstance(value, bool):
            raise ObjectiveError(path, value, "true or false")
        return value


@dataclass(frozen=True)
class Word(Leaf):
    """One word that is a flag in the message."""

    word: str

    def pack(self, value: object, path: str) -> bool:
        """Refuse other words."""
        if value != self.word:
            raise ObjectiveError(path, value, self.word)
        return True

    def unpack(self, value: Message, path: str) -> str:
        """Return the word."""
        return self.word


@dataclass(frozen=True)
class Whole(Leaf):
    """A whole number.

    Attributes:
        zero: whether 0 is the same as nothing.
    """

    zero: bool = False

    def pack(self, value: object, path: str) -> int:
        """Refuse other numbers and those beyond an unsigned integer of 32 bits."""
        least = 0 if self.zero else 1
        if not is_number(value) or not least <= value <= LARGEST_WHOLE or value != int(value):
            raise ObjectiveError(path, value, f"a whole number from {least} to {LARGEST_WHOLE}")
        return int(value)


@dataclass(frozen=True)
class Number(Leaf):
    """A finite number; a list of one stands for it.

    Attributes:
        zero: whether it may be 0. Then it is never left out.
    """

    zero: bool = False

    def given(self, message: Message) -> bool:
        """Tell whether the field is not 0, or may be."""
        return self.zero or super().given(message)

    def pack(self, value: object, path: str) -> float:
        """Refuse what is no number."""
        entry = value[0] if is_list(value) and len(value) == 1 else value
        if not is_number(entry) or (entry == 0.0 and not self.zero):
            raise ObjectiveError(path, value, f"a finite number{' other than 0' * (not self.zero)}")
        return float(entry)

    def unpack(self, value: Message, path: str) -> float:
        """Refuse NaN and infinity."""
        return finite(value, path)


class Numbers(Leaf):
    """A list of numbers; one number may stand without brackets."""

    def pack(self, value: object, path: str) -> list[float]:
        """Refuse other lists and an empty one."""
        entries = value if is_list(value) else [value]
        row = [number for number in map(self._number, entries) if number is not None]
        if not row or len(row) != len(entries):
            raise ObjectiveError(path, value, "a finite number or a list of them")
        return row

    def unpack(self, value: Message, path: str) -> object:
        """Return one number, which may stand for as many as are needed, or the list."""
        entries = [self._entry(number, path) for number in value]
        return entries[0] if len(entries) == 1 else entries

    def _number(self, entry: object) -> float | None:
        """Return an entry of the file as the message holds it; None if it is no number."""
        return float(entry) if is_number(entry) else None

    def _entry(self, number: float, path: str) -> float | None:
        """Return an entry of the message as the file holds it."""
        return finite(number, path)


@dataclass(frozen=True)
class Bounds(Numbers):
    """Numbers of which those without a bound are null in the file.

    Attributes:
        none: what stands for no bound in the message, -inf or inf.
    """

    none: float

    def _number(self, entry: object) -> float | None:
        return self.none if entry is None or entry == self.none else super()._number(entry)

    def _entry(self, number: float, path: str) -> float | None:
        return None if number == self.none else finite(number, path)


@dataclass(frozen=True)
class Matrix(Leaf):
    """Rows of numbers, each of any length.

    Attributes:
        bare: whether a row of one number may stand without brackets.
    """

    bare: bool = False

    def pack(self, value: object, path: str) -> list[NumberRow]:
        """Refuse what is no list of rows."""
        rows = []
        for row in value if is_list(value) else ():
            entries = [row] if self.bare and is_number(row) else row
            numbers = [float(e) for e in entries if is_number(e)] if is_list(entries) else []
            if not is_list(entries) or len(numbers) != len(entries):
                raise ObjectiveError(path, value, _MATRIX)
            rows.append(NumberRow(values=numbers))
        if not rows:
            raise ObjectiveError(path, value, _MATRIX)
        return rows

    def unpack(self, value: Message, path: str) -> list[list[float]]:
        """Return the rows, ragged ones too."""
        return [[finite(number, path) for number in row.values] for row in value]


def mapping(value: object, path: str) -> Mapping:
    """Return a mapping of the file, refused if it is something else."""
    if not isinstance(value, Mapping):
        raise ObjectiveError(path, value, "a mapping of keys to values")
    return value


def finite(number: float, path: str) -> float:
    """Return a number of a message, refused if it is NaN or infinite."""
    if not math.isfinite(number):
        raise ObjectiveError(path, number, "a finite number")
    return float(number)


def sendable_text(value: object, path: str) -> str:
    """Return a text that survives a message: not blank, UTF-8, and no zero cuts it off."""
    try:
        if isinstance(value, str) and value.strip() and b"\0" not in value.encode():
            return value
    except UnicodeEncodeError:
        pass
    raise ObjectiveError(path, value, "a name")
