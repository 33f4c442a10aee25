# SPDX-License-Identifier: Apache-2.0
"""One form for mappings that an objectives file may write in several ways."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path

from vi_ik_ros.sampling.experts.fields import is_list, is_number

_BOUNDS = {"lower", "upper"}  # null is no bound, as is leaving out one of them, but not both


def normal_form(values: Mapping[str, object]) -> dict[str, object]:
    """Return a mapping of a valid file as plain values, equal for all that read as the same.

    Numbers are floats, [x] is x, an infinite bound is null; what says nothing is left out: null,
    false, empty lists and mappings. The result reads as the mapping itself does.
    """
    plain = {str(key): _plain(str(key), value) for key, value in values.items()}
    kept = {key: value for key, value in plain.items() if not _says_nothing(value)}
    if plain.keys() & _BOUNDS and not kept.keys() & _BOUNDS:
        kept["lower"] = None
    return kept


def _plain(key: str, value: object) -> object:
    """Return the value of a key in its normal form."""
    if key in _WRITTEN_OUT:
        value = _WRITTEN_OUT[key](value)
    entries = _copy(value)
    if not isinstance(entries, list) or not entries:
        return entries
    if all(entry is None for entry in entries):
        return None
    return entries[0] if len(entries) == 1 and is_number(entries[0]) else entries


def _copy(value: object) -> object:
    """Copy nested values as dictionaries, lists, texts, floats, truth values and None."""
    if isinstance(value, Mapping):
        return normal_form(value)
    if is_list(value):
        return [_copy(entry) for entry in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) + 0.0 if math.isfinite(value) else None  # no -0.0, JSON has no inf
    return str(value) if isinstance(value, Path) else value


def _says_nothing(value: object) -> bool:
    """Tell whether a key with this value reads as if it were not there."""
    return value is None or value is False or value in ([], {})


def _rows(value: object) -> object:
    """Return rows as lists: a row of one number may stand without brackets."""
    return [row if is_list(row) else [row] for row in value] if is_list(value) else value


def _chosen(value: object) -> object:
    """Return true for an empty mapping, which chooses a thing with all of its defaults."""
    return True if isinstance(value, Mapping) and not value else value


_WRITTEN_OUT: Mapping[str, Callable[[object], object]] = {
    "directions": _rows,
    "floating_base": _chosen,
}
