# SPDX-License-Identifier: Apache-2.0
"""What a sweep tries for one setting: some numbers, or a range of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.sampling.experts.fields import Fields, is_list
from vi_ik_ros.sampling.training.settings import RANGES
from vi_ik_ros.sampling.training.settings import Range as Bounds

SEARCHED = {  # fields of `FitSettings` that a sweep can try
    **{name: bounds for name, bounds in RANGES.items() if name != "time_limit"},
    "learning_rate": Bounds(1e-6, 1.0, whole=False),
    "sharpen_from": Bounds(0.0, 1.0, whole=False),
    "elbo_weight": Bounds(0.0, 10.0, whole=False),
}


@dataclass(frozen=True)
class Choice:
    """Numbers of which each trial takes one."""

    values: tuple[int | float, ...]


@dataclass(frozen=True)
class Range:
    """All numbers between two, of which each trial takes one.

    Attributes:
        low, high: both may be taken; whole numbers make a range of whole numbers.
        log: whether factors, not differences, are equally likely.
    """

    low: int | float
    high: int | float
    log: bool = False


Axis = Choice | Range


def read_names(fields: Fields, key: str, valid: Sequence[str]) -> tuple[str, ...]:
    """Read one name, or a list of different ones."""
    if is_list(fields.values[key]):
        return fields.names(key, valid)
    return (fields.name(key, valid),)


def read_numbers(fields: Fields, key: str) -> Axis:
    """Read the numbers that are tried for a setting of a fit.

    They stand there as one number, as a list, or as `{low: 2, high: 20, log: true}`.

    Args:
        fields: the mapping that holds them.
        key: one of `SEARCHED`.
    """
    value = fields.values[key]
    if isinstance(value, dict):
        return _range(fields.child(key), key)
    if not is_list(value):
        return Choice((SEARCHED[key].checked(fields.at(key), value),))
    if not value:
        fields.fail(key, "one number or more")
    places = (f"{fields.at(key)}[{index}]" for index in range(len(value)))
    numbers = [
        SEARCHED[key].checked(place, item) for place, item in zip(places, value, strict=True)
    ]
    if len(set(numbers)) < len(numbers):
        fields.fail(key, "each number once")
    return Choice(tuple(numbers))


def _range(bounds: Fields, key: str) -> Range:
    """Read a range."""
    bounds.allow("low", "high", "log")
    if "low" not in bounds.values or "high" not in bounds.values:
        raise ObjectiveError(bounds.path, dict(bounds.values), "low and high")
    ends = ("low", "high")
    low, high = (SEARCHED[key].checked(bounds.at(end), bounds.values[end]) for end in ends)
    if not low < high:
        bounds.fail("high", f"a number above low, which is {low:g}")
    log = bounds.values.get("log", False)
    if not isinstance(log, bool):
        bounds.fail("log", "true or false")
    if log and low == 0:
        bounds.fail("low", "a number above 0, as log is true")
    return Range(low, high, log)
