# SPDX-License-Identifier: Apache-2.0
"""Settings of methods by name: read from words, and checked against the fields they are for."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from difflib import get_close_matches
from typing import TypeVar, get_type_hints

from vi_ik_ros.exceptions import InvalidInput

FIELD = "settings"
EXPECTED = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}

Options = Mapping[str, object]
S = TypeVar("S")


def settings_from_words(names: Sequence[str], words: Sequence[str]) -> dict[str, object]:
    """Return settings that came as words; whether they are known is not looked at.

    Args:
        names: of the settings.
        words: one for each: a number, true, false or a word.

    Raises:
        InvalidInput: there are not as many of both, or a name comes twice.
    """
    if len(names) != len(words):
        raise InvalidInput(
            f"{FIELD}", f"{len(words)} values", f"one for each of {len(names)} names"
        )
    if len(set(names)) != len(names):
        raise InvalidInput(FIELD, ", ".join(names), "each setting once")
    return {name: _value(word.strip()) for name, word in zip(names, words, strict=True)}


def settings_of(kind: type[S], options: Options) -> S:
    """Return settings with options as their fields.

    Args:
        kind: a dataclass.
        options: by name of the field.

    Raises:
        InvalidInput: a name is unknown, or a value is not what its field takes.
    """
    refuse_unknown(options, names_of(kind))
    hints = get_type_hints(kind)
    for name, value in options.items():
        _check(name, value, hints[name])
    return kind(**options)


def names_of(kind: type) -> list[str]:
    """Return the names of the settings of a kind."""
    return [field.name for field in fields(kind)]


def refuse_unknown(options: Options, known: Sequence[str]) -> None:
    """Refuse names that are not known, with the nearest that is."""
    for name in options:
        if name not in known:
            raise InvalidInput(f"{FIELD}.{name}", "an unknown setting", nearest(name, known))


def nearest(name: str, known: Sequence[str]) -> str:
    """Say which names are valid, the nearest first."""
    near = get_close_matches(name, known, n=1, cutoff=0.4)
    listed = ", ".join(known)
    return f"{near[0]} (valid: {listed})" if near else f"one of {listed}"


def _value(word: str) -> bool | int | float | str:
    """Read a number, true or false; anything else stays a word."""
    if word in ("true", "false"):
        return word == "true"
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word


def _check(name: str, value: object, hint: object) -> None:
    """Refuse a value of another type; words and classes of ours are checked by their owners."""
    if not isinstance(hint, type) or hint not in EXPECTED:
        return
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if hint is float:
        fits = is_number and math.isfinite(value)  # type: ignore[arg-type]
    else:
        fits = type(value) is hint
    if not fits:
        raise InvalidInput(f"{FIELD}.{name}", value, EXPECTED[hint])
