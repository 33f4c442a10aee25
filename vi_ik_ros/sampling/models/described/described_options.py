# SPDX-License-Identifier: Apache-2.0
"""The options of a model with a context: limits, context entries, and the shapes of its arrays."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from vi_ik_ros.exceptions import InvalidInput

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class DescribedOptions(ABC):
    """Everything of a model that is not a number in one of its arrays.

    Attributes:
        entries: kind and number of columns of each context entry.
        lower, upper: joint limits (D,) [rad or m].
    """

    rows: ClassVar[tuple[str, ...]] = ("lower", "upper")  # fields that are rows of numbers

    entries: tuple[tuple[str, int], ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, object]) -> Self:
        """Rebuild from the JSON form of `dataclasses.asdict`.

        Raises:
            InvalidInput: a key is missing, unknown, or holds something else.
        """
        values = dict(mapping)
        try:
            values["entries"] = tuple((kind, size) for kind, size in values["entries"])  # type: ignore[attr-defined]
            for name in cls.rows:
                values[name] = tuple(float(number) for number in values[name])  # type: ignore[attr-defined]
            read = cls(**values)  # type: ignore[arg-type]
            read.tensor_shapes()
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            names = ", ".join(cls.__dataclass_fields__)
            raise InvalidInput("options", dict(mapping), f"the keys {names}") from error
        return read

    @property
    def num_dims(self) -> int:
        """D, length of a configuration."""
        return len(self.lower)

    @property
    def context_size(self) -> int:
        """Length dc of a context row."""
        return sum(size for _, size in self.entries)

    @abstractmethod
    def tensor_shapes(self) -> Shapes:
        """Return the name and shape of every array."""
