# SPDX-License-Identifier: Apache-2.0
"""The least force gain from which a loop is unstable, found by trying."""

import math
from collections.abc import Callable
from itertools import islice

import numpy as np

from vi_ik_ros.benchmarks.control_law.pressing import FORCE, Pressing

HALVINGS = 12  # of the range of gains
EARLY, LATE = slice(70, 140), slice(560, 630)  # [ticks]; 70 are whole swings for delays up to 3
DIVERGED = 1e6  # [N]
SETTLED = 0.5  # [N], deviation of the force in the last second that still counts as stable


def least_unstable(
    is_unstable: Callable[[float], bool],
    guess: float,
    *,
    span: float = 4.0,
    halvings: int = HALVINGS,
) -> float:
    """Return the gain between the stable and the unstable ones, by bisection of its logarithm.

    Args:
        is_unstable: of a gain.
        guess: where the answer is looked for.
        span: factor by which it may be off, up or down.
        halvings: of the range.

    Returns:
        NaN if it is not in that range.
    """
    low, high = guess / span, guess * span
    if is_unstable(low) or not is_unstable(high):
        return math.nan
    for _ in range(halvings):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if is_unstable(middle) else (middle, high)
    return math.sqrt(low * high)


def grows(pressing: Pressing) -> bool:
    """Tell whether the missing force of a linear loop grows."""
    errors = []
    for force in pressing.forces(LATE.stop):
        errors.append(abs(force - FORCE))
        if errors[-1] > DIVERGED:
            return True
    return max(errors[LATE]) > max(errors[EARLY])


def swings(pressing: Pressing, ticks_per_second: int) -> bool:
    """Tell whether the force of a loop that may lose contact still swings after 5 seconds."""
    forces = islice(pressing.forces(5 * ticks_per_second), 4 * ticks_per_second, None)
    return bool(np.std(list(forces)) > SETTLED)
