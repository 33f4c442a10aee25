# SPDX-License-Identifier: Apache-2.0
"""How a fit went, in a few hundred points however long it was."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

MOST = 400  # points, but for the first and the last one
UNITS = {  # of figures that have one
    "ELBO": "nat",
    "log-likelihood": "nat",
    "joint log-likelihood": "nat",
    "log-affinity": "nat",
}


@dataclass(frozen=True)
class CurvePoint:
    """Where a fit stood after an update.

    Attributes:
        step: updates done.
        fraction: of the run, 0 to 1.
        seconds: of training so far.
        processor_seconds: the same of processor time; NaN where it is not known.
        num_components: active components; 0 where it is not known.
        figures: what the algorithm watches, by name, in the units of `UNITS`; NaN for no number.
    """

    step: int
    fraction: float
    seconds: float
    processor_seconds: float
    num_components: int
    figures: Mapping[str, float]


@dataclass(frozen=True)
class TrainingCurve:
    """Points of a fit, the earliest one first.

    Which updates are kept follows from how many there were, so that a fit that was interrupted
    has the points of one that was not.

    Attributes:
        points: at steps that increase.
    """

    points: tuple[CurvePoint, ...] = ()

    def after(self, point: CurvePoint) -> Self:
        """Return the curve with a point of a later update, thinned."""
        stride, kept = _stride(point.step), self.points
        if len(kept) > 1 and _stride(kept[-1].step) != stride:
            kept = (kept[0], *(one for one in kept[1:] if one.step % stride == 0))
        elif len(kept) > 1 and kept[-1].step % stride:  # It was the last one only.
            kept = kept[:-1]
        return type(self)((*kept, point))

    def until(self, step: int) -> Self:
        """Return the points up to an update."""
        return type(self)(tuple(point for point in self.points if point.step <= step))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all figures, in the order in which they appeared."""
        return tuple(dict.fromkeys(name for point in self.points for name in point.figures))

    def figure(self, name: str) -> np.ndarray:
        """Return the values of a figure (n,), NaN where there is none."""
        return np.array([point.figures.get(name, math.nan) for point in self.points])

    def times(self) -> np.ndarray:
        """Return the time of each point (n,) [s]."""
        return np.array([point.seconds for point in self.points])


def with_unit(name: str) -> str:
    """Return the name of a figure with its unit in brackets, if it has one."""
    return f"{name} [{UNITS[name]}]" if name in UNITS else name


def _stride(step: int) -> int:
    """Return the least power of two of which at most MOST multiples are passed at an update."""
    return 1 << (-(-step // MOST) - 1).bit_length() if step > 0 else 1
