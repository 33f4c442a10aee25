# SPDX-License-Identifier: Apache-2.0
"""Mappings of an objectives file as messages: from one table of keys, both ways."""

from collections.abc import Mapping
from dataclasses import dataclass

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.nodes.training.tables.kinds import (
    Flag,
    Kind,
    Leaf,
    Message,
    finite,
    mapping,
    sendable_text,
)
from vi_ik_ros.sampling.experts.fields import Fields, is_list, is_number

Keys = Mapping[str, Kind]  # of a mapping of the file, each with its place in the message


@dataclass(frozen=True)
class Table:
    """A mapping of the file that is a message of its own.

    Attributes:
        message: class of the message.
        keys: what the mapping may hold.
    """

    message: type
    keys: Keys

    def pack(self, value: object, path: str) -> Message:
        """Return the message of a mapping."""
        return self.message(**_write(self.keys, mapping(value, path), path))

    def unpack(self, message: Message, path: str) -> dict[str, object]:
        """Return the mapping of a message."""
        return _read(self.keys, message, path)


@dataclass(frozen=True)
class Record(Leaf):
    """A mapping that is a message of its own; never left out."""

    table: Table

    def pack(self, value: object, path: str) -> Message:
        """Return its message."""
        return self.table.pack(value, path)

    def unpack(self, value: Message, path: str) -> dict[str, object]:
        """Return the mapping."""
        return self.table.unpack(value, path)


@dataclass(frozen=True)
class Records(Leaf):
    """A list of mappings, each a message of its own."""

    table: Table

    def pack(self, value: object, path: str) -> list[Message]:
        """Return their messages."""
        if not is_list(value):
            raise ObjectiveError(path, value, "a list of mappings")
        return [self.table.pack(item, f"{path}[{index}]") for index, item in enumerate(value)]

    def unpack(self, value: Message, path: str) -> list[dict[str, object]]:
        """Return the mappings."""
        return [self.table.unpack(item, f"{path}[{index}]") for index, item in enumerate(value)]


@dataclass(frozen=True)
class Nested(Kind):
    """A mapping whose keys are fields of the same message.

    Attributes:
        keys: what the mapping may hold.
        required: whether it stands in the file even if it is empty.
    """

    keys: Keys
    required: bool = False

    @property
    def slots(self) -> tuple[str, ...]:
        """The fields of all keys."""
        return tuple(slot for kind in self.keys.values() for slot in kind.slots)

    def given(self, message: Message) -> bool:
        """Tell whether the mapping stands in the file."""
        return self.required or super().given(message)

    def write(self, value: object, path: str) -> dict[str, object]:
        """Return the fields of its keys."""
        if not mapping(value, path):
            raise ObjectiveError(path, value, f"a mapping with {', '.join(self.keys)}")
        return _write(self.keys, mapping(value, path), path)

    def read(self, message: Message, path: str) -> dict[str, object]:
        """Return the keys that are given."""
        return _read(self.keys, message, path)


@dataclass(frozen=True)
class Either(Kind):
    """A value that may be written in one of two ways, each with its fields.

    Attributes:
        usual: what is not a mapping or the word.
        other: a mapping (`Nested`), or a word (`Word`).
    """

    usual: Kind
    other: Kind

    @property
    def slots(self) -> tuple[str, ...]:
        """The fields of both ways."""
        return (*self.usual.slots, *self.other.slots)

    def write(self, value: object, path: str) -> dict[str, object]:
        """Return the fields of the way that the value is written in."""
        is_other = isinstance(value, Mapping if isinstance(self.other, Nested) else str)
        return (self.other if is_other else self.usual).write(value, path)

    def read(self, message: Message, path: str) -> object:
        """Return what is given, refused if it is given in both ways."""
        if self.usual.given(message) and self.other.given(message):
            both = " and ".join((*self.usual.slots, *self.other.slots))
            raise ObjectiveError(path, both, "one of them, not both")
        way = self.usual if self.usual.given(message) else self.other
        return way.read(message, path)


@dataclass(frozen=True)
class Switched(Kind):
    """True for something with all of its defaults, or a mapping with some of them changed.

    Attributes:
        flag: field that is true for both.
        keys: what the mapping may hold, fields of the same message.
    """

    flag: str
    keys: Keys

    @property
    def slots(self) -> tuple[str, ...]:
        """The flag, and the fields of all keys."""
        return (self.flag, *Nested(self.keys).slots)

    def write(self, value: object, path: str) -> dict[str, object]:
        """Return the flag and the fields of the keys."""
        if isinstance(value, Mapping):
            return {self.flag: True, **_write(self.keys, value, path)}
        return Flag(self.flag).write(value, path)

    def read(self, message: Message, path: str) -> object:
        """Return true or a mapping, refused if there are keys without the flag."""
        values = _read(self.keys, message, path)
        if not getattr(message, self.flag):
            raise ObjectiveError(path, False, f"true beside {', '.join(values)}")
        return values or True


@dataclass(frozen=True)
class Joints(Kind):
    """A mapping from joint names to values [rad or m], as two lists.

    Attributes:
        names: field with the names.
        positions: field with the values.
    """

    names: str
    positions: str

    @property
    def slots(self) -> tuple[str, ...]:
        """Both lists."""
        return (self.names, self.positions)

    def write(self, value: object, path: str) -> dict[str, object]:
        """Return both lists."""
        joints = {str(name): entry for name, entry in mapping(value, path).items()}
        for name, entry in joints.items():
            if not is_number(entry):
                raise ObjectiveError(f"{path}.{name}", entry, "a finite number")
        names = [sendable_text(name, path) for name in joints]
        return {self.names: names, self.positions: [float(joints[name]) for name in names]}

    def read(self, message: Message, path: str) -> dict[str, object]:
        """Return the mapping, refused unless there is one value for each joint."""
        names, positions = getattr(message, self.names), getattr(message, self.positions)
        if len(names) != len(positions):
            counts = f"{len(names)} joints, {len(positions)} positions"
            raise ObjectiveError(path, counts, "one position for each joint")
        if len(set(names)) != len(names):
            raise ObjectiveError(path, ", ".join(names), "each joint once")
        pairs = zip(names, positions, strict=True)
        return {name: finite(position, f"{path}.{name}") for name, position in pairs}


def _write(keys: Keys, values: Mapping, path: str) -> dict[str, object]:
    """Return the fields that hold the values of a mapping, unknown keys refused."""
    place = Fields(values, path)
    place.allow(*keys)
    fields: dict[str, object] = {}
    for key, value in values.items():
        fields |= keys[key].write(value, place.at(key))
    return fields


def _read(keys: Keys, message: Message, path: str) -> dict[str, object]:
    """Return the keys that the fields of a message give."""
    place = Fields({}, path)
    return {
        key: kind.read(message, place.at(key)) for key, kind in keys.items() if kind.given(message)
    }
