# SPDX-License-Identifier: Apache-2.0
"""What of a skill is learned: named numbers in a box."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.plants.scene.reading import Within, nearest

Bound = Annotated[float, Within(-1e9, 1e9, "")]


@dataclass(frozen=True)
class SkillParameter:
    """One number that a skill leaves open.

    Attributes:
        name: of the parameter.
        unit: of its numbers, as text.
        lower: the least that is allowed.
        upper: the largest.
        scale: on which equal steps matter equally.
        default: what it is when nobody says.
    """

    name: str
    unit: str
    lower: Bound
    upper: Bound
    scale: Literal["linear", "log"]
    default: Bound

    def __post_init__(self) -> None:
        """Refuse an empty range, a logarithm of nothing, and a default outside."""
        field = f"parameters.{self.name}"
        if not self.lower < self.upper:
            raise InvalidInput(f"{field}.lower", self.lower, f"less than upper, {self.upper:g}")
        if self.scale == "log" and self.lower <= 0.0:
            raise InvalidInput(f"{field}.lower", self.lower, "more than 0 on a log scale")
        if not self.lower <= self.default <= self.upper:
            raise InvalidInput(f"{field}.default", self.default, self.accepted)

    @property
    def accepted(self) -> str:
        """Say which numbers are accepted."""
        return f"a number {Within(self.lower, self.upper, self.unit)}"


@dataclass(frozen=True)
class ParameterSpace:
    """The box of all parameters of a skill; columns of arrays are in the order of its names.

    Attributes:
        parameters: the sides of the box.
    """

    parameters: tuple[SkillParameter, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names in order."""
        return tuple(parameter.name for parameter in self.parameters)

    def __getitem__(self, name: str) -> SkillParameter:
        """Return the parameter of a name."""
        return self.parameters[self.names.index(name)]

    def checked(self, values: Mapping[str, float]) -> dict[str, float]:
        """Return a value for each parameter, the default for those that are missing.

        Args:
            values: by name, in the units of the parameters.

        Raises:
            InvalidInput: a name is unknown, or a value is no number or out of its bounds.
        """
        for name in values:
            if name not in self.names:
                expected = nearest(str(name), list(self.names)) if self.names else "no parameter"
                raise InvalidInput(f"parameters.{name}", "an unknown parameter", expected)
        return {p.name: _inside(p, values.get(p.name, p.default)) for p in self.parameters}

    def to_unit(self, values: np.ndarray) -> np.ndarray:
        """Map values (n, d) in their units into the unit cube (n, d)."""
        low, high = self._ends
        return (self._scaled(np.asarray(values, dtype=float)) - low) / (high - low)

    def from_unit(self, points: np.ndarray) -> np.ndarray:
        """Map points (n, d) of the unit cube to values (n, d) in their units, never outside."""
        low, high = self._ends
        scaled = low + np.asarray(points, dtype=float) * (high - low)
        values = np.where(self._is_log, np.exp(np.where(self._is_log, scaled, 0.0)), scaled)
        return np.clip(values, self._lower, self._upper)

    def named(self, point: np.ndarray) -> dict[str, float]:
        """Return the values of one point (d,) of the unit cube by name, in their units."""
        return dict(zip(self.names, self.from_unit(point[np.newaxis])[0].tolist(), strict=True))

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Draw values (n, d) in their units, uniform on the scale of each parameter."""
        return self.from_unit(rng.random((n, len(self.parameters))))

    def _scaled(self, values: np.ndarray) -> np.ndarray:
        """Take the logarithm of the columns on a log scale."""
        return np.where(self._is_log, np.log(np.where(self._is_log, values, 1.0)), values)

    @cached_property
    def _is_log(self) -> np.ndarray:
        return np.array([parameter.scale == "log" for parameter in self.parameters], dtype=bool)

    @cached_property
    def _lower(self) -> np.ndarray:
        return np.array([parameter.lower for parameter in self.parameters], dtype=float)

    @cached_property
    def _upper(self) -> np.ndarray:
        return np.array([parameter.upper for parameter in self.parameters], dtype=float)

    @cached_property
    def _ends(self) -> tuple[np.ndarray, np.ndarray]:
        return self._scaled(self._lower), self._scaled(self._upper)


def _inside(parameter: SkillParameter, value: object) -> float:
    """Return a value that is within the bounds of its parameter."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise InvalidInput(f"parameters.{parameter.name}", value, parameter.accepted)
    number = float(value)
    if not parameter.lower <= number <= parameter.upper:
        raise InvalidInput(f"parameters.{parameter.name}", number, parameter.accepted)
    return number
