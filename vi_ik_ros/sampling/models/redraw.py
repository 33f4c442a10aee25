# SPDX-License-Identifier: Apache-2.0
"""Draw again what lies outside the joint limits."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

FIRST_BLOCK, LARGEST_BLOCK = 16, 65_536  # draws of one round
ENOUGH, LEAST_RATE = 20_000, 1e-3  # after so many draws, fewer than this inside are hopeless


@dataclass(frozen=True)
class Inside:
    """Rows inside the limits.

    Attributes:
        q: (m, D), m is less than wanted only if the draws were used up.
        component: (m,) uint32.
        redrawn: draws that lay outside.
    """

    q: np.ndarray
    component: np.ndarray
    redrawn: int


def draw_inside(
    draw: Callable[[int], tuple[np.ndarray, np.ndarray]],
    num_samples: int,
    lower: np.ndarray,
    upper: np.ndarray,
    *,
    max_draws: int,
) -> Inside:
    """Draw until so many rows lie inside the limits.

    Args:
        draw: maps a number n to rows (n, D) and their components (n,).
        num_samples: rows wanted.
        lower: (D,) limits.
        upper: (D,).
        max_draws: after so many draws it ends with what there is, or earlier where it is hopeless.
    """
    rows, components = np.empty((num_samples, len(lower))), np.empty(num_samples, np.uint32)
    found, drawn = 0, 0
    while found < num_samples and drawn < max_draws:
        if drawn >= ENOUGH and found < LEAST_RATE * drawn:
            break
        size = min(max(FIRST_BLOCK, num_samples - found, drawn), LARGEST_BLOCK)
        x, component = draw(size)
        inside = np.flatnonzero(((x >= lower) & (x <= upper)).all(-1))
        taken = inside[: num_samples - found]
        rows[found : found + len(taken)] = x[taken]
        components[found : found + len(taken)] = component[taken]
        found += len(taken)
        # What comes after the last row that was needed counts as never drawn.
        drawn += int(taken[-1]) + 1 if found == num_samples and len(taken) else size
    return Inside(rows[:found], components[:found], drawn - found)
