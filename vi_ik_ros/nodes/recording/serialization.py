# SPDX-License-Identifier: Apache-2.0
"""Serialised messages without what the middleware leaves behind them.

`rclpy.serialization.serialize_message` returns as many bytes as the message may need at most: the
last ones are whatever the memory held. Readers that are strict refuse such a message.
"""

import re

from rclpy.serialization import serialize_message

_HEADER = 4  # bytes before the first field; alignment counts from their end
_SIZES = {
    "boolean": 1, "octet": 1, "char": 1, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2,
    "int32": 4, "uint32": 4, "int64": 8, "uint64": 8, "float": 4, "double": 8,
}  # fmt: skip
_MANY = re.compile(r"sequence<(?P<item>[^,]+)(, \d+)?>|(?P<fixed>[^\[]+)\[\d+\]")


def exact_bytes(message: object) -> bytes:
    """Serialise a message (XCDR version 1) to no more bytes than it has."""
    return serialize_message(message)[: _HEADER + _end(message, 0)]


def _end(message: object, at: int) -> int:
    """Return where a message ends that starts at a place."""
    kinds = message.get_fields_and_field_types()  # type: ignore[attr-defined]
    if not kinds:
        return at + 1  # A structure has at least one member, a byte that no field names.
    for name, kind in kinds.items():
        at = _end_of_field(getattr(message, name), kind, at)
    return at


def _end_of_field(value: object, kind: str, at: int) -> int:
    """Return where a field ends that starts at a place."""
    many = _MANY.fullmatch(kind)
    if many is None:
        return _end_of_item(value, kind, at)
    if many["item"]:
        at = _aligned(at, 4) + 4  # their number
    item, count = many["item"] or many["fixed"], len(value)  # type: ignore[arg-type]
    if item in _SIZES:
        return _aligned(at, _SIZES[item]) + count * _SIZES[item] if count else at
    for one in value:  # type: ignore[attr-defined]
        at = _end_of_item(one, item, at)
    return at


def _end_of_item(value: object, kind: str, at: int) -> int:
    """Return where a number, a text or a nested message ends."""
    if kind in _SIZES:
        return _aligned(at, _SIZES[kind]) + _SIZES[kind]
    if kind.startswith("string"):
        return _aligned(at, 4) + 4 + len(str(value).encode()) + 1
    return _end(value, at)


def _aligned(at: int, size: int) -> int:
    """Return the next place that is a multiple of a size."""
    return -(-at // size) * size
