# SPDX-License-Identifier: Apache-2.0
"""Numbers of a skill file, some of which are names."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Annotated, Generic, TypeVar, get_origin, get_type_hints

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.parameters import ParameterSpace
from vi_ik_ros.skills.plants.scene.reading import nearest, read

Number = float | str  # a number, or the name of the parameter that it is
T = TypeVar("T")


def value_of(number: Number, values: Mapping[str, float]) -> float:
    """Return a number, given the values of the parameters."""
    return values[number] if isinstance(number, str) else number


@dataclass(frozen=True)
class Names:
    """What stands for a number.

    Attributes:
        space: the parameters, whose values are known later.
        constants: whose values are known now.
    """

    space: ParameterSpace
    constants: Mapping[str, float]

    def number(self, value: object, field: str) -> Number:
        """Return a number, that of a constant, or the name of a parameter.

        Raises:
            InvalidInput: it is neither.
        """
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise InvalidInput(field, value, "a number, a constant or a parameter")
        if not isinstance(value, str):
            if not math.isfinite(value):
                raise InvalidInput(field, value, "a finite number")
            return float(value)
        if value in self.space.names:
            return value
        if value not in self.constants:
            known = [*self.space.names, *self.constants]
            expected = nearest(value, known) if known else "a number"
            raise InvalidInput(field, value, f"a number, or {expected}")
        return self.constants[value]

    def ends(self, number: Number) -> tuple[float, ...]:
        """Return the number, or the bounds of the parameter that it is."""
        if not isinstance(number, str):
            return (number,)
        return self.space[number].lower, self.space[number].upper


@dataclass(frozen=True)
class Template(Generic[T]):
    """A dataclass some of whose numbers are parameters.

    Attributes:
        filled: with the lower bound of each parameter.
        parameters: name of the parameter by field.
    """

    filled: T
    parameters: Mapping[str, str]

    @classmethod
    def read(cls, kind: type[T], values: object, path: str, names: Names) -> "Template[T]":
        """Make one from a mapping, with both bounds of each parameter inside of the ranges.

        Args:
            kind: the dataclass.
            values: the mapping.
            path: where it stands, for errors.
            names: that may stand for its numbers.

        Raises:
            InvalidInput: a key, a name or a number is wrong.
        """
        if not isinstance(values, Mapping):
            return cls(read(kind, values, path), {})
        numbers = {
            key: names.number(values[key], f"{path}.{key}")
            for key in _number_fields(kind)
            if key in values
        }
        parameters = {key: one for key, one in numbers.items() if isinstance(one, str)}
        lower = {key: names.ends(one)[0] for key, one in numbers.items()}
        upper = {key: names.ends(one)[-1] for key, one in numbers.items()}
        read(kind, {**values, **upper}, path)
        return cls(read(kind, {**values, **lower}, path), parameters)

    def bind(self, values: Mapping[str, float]) -> T:
        """Return the dataclass, given the values of the parameters."""
        if not self.parameters:
            return self.filled
        known = {key: values[name] for key, name in self.parameters.items()}
        return replace(self.filled, **known)  # type: ignore[type-var]  # T is a dataclass


def _number_fields(kind: type) -> list[str]:
    """Return the fields of a dataclass that are numbers."""
    hints = get_type_hints(kind, include_extras=True)
    known = [one.name for one in fields(kind)]
    return [name for name in known if hints[name] is float or get_origin(hints[name]) is Annotated]
