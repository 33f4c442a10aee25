# SPDX-License-Identifier: Apache-2.0
"""Which part of a step may be gone: factors from 0 to 1 that keep its direction."""

import math
from collections.abc import Sequence

Vector = Sequence[float]  # (3,)
_INSIDE = 1.0 - 1e-12  # so that rounding leaves nothing beyond a limit


def length(vector: Vector) -> float:
    """Return the Euclidean norm, without overflow; infinite only if it is beyond floats."""
    return math.hypot(*vector)


def within_length(vector: Vector, limit: float) -> tuple[float, float, float]:
    """Return the vector, scaled down to a length of `limit` if it is longer.

    Args:
        vector: finite, of any size.
        limit: of its length.
    """
    x, y, z = vector
    largest = max(abs(x), abs(y), abs(z))
    if largest <= limit and length(vector) <= limit:
        return x, y, z
    unit = (x / largest, y / largest, z / largest)  # its own norm may be beyond floats
    factor = _INSIDE * limit / length(unit)
    return unit[0] * factor, unit[1] * factor, unit[2] * factor


def part_in_ball(start: Vector, step: Vector, radius: float) -> float:
    """Return how much of a step from inside a ball about the origin stays in it.

    Args:
        start: where the step begins; outside of the ball only inward steps are let through.
        step: the displacement.
        radius: of the ball.
    """
    end = [a + b for a, b in zip(start, step, strict=True)]
    if length(end) <= max(radius, length(start) * _INSIDE):
        return 1.0
    square = sum(b * b for b in step)
    along = sum(a * b for a, b in zip(start, step, strict=True))
    room = radius * radius - sum(a * a for a in start)
    if room <= 0.0 or square == 0.0:
        return 0.0
    root = math.sqrt(along * along + square * room)
    part = room / (along + root) if along > 0.0 else (root - along) / square
    return max(0.0, min(1.0, _INSIDE * part))


def part_in_box(start: Vector, step: Vector, lower: Vector, upper: Vector) -> float:
    """Return how much of a step stays in a box.

    Args:
        start: where the step begins; beyond a side only steps that come nearer to it are let
            through.
        step: the displacement.
        lower: corner of the box.
        upper: the other one.
    """
    part = 1.0
    for a, d, low, high in zip(start, step, lower, upper, strict=True):
        room = high - a if d > 0.0 else a - low
        if abs(d) > room:
            part = min(part, max(0.0, _INSIDE * room / abs(d)))
    return part


def part_in_cap(R: Vector, rotation: Vector, angle: float) -> float:
    """Return how much of a rotation keeps an orientation within an angle of the identity.

    Args:
        R: quaternion x y z w of the orientation that is turned, of norm 1.
        rotation: vector of the rotation that is applied on its left [rad].
        angle: that the result may have [rad], below pi.
    """
    turn = length(rotation)
    if turn == 0.0:
        return 1.0
    x, y, z, w = R if R[3] >= 0.0 else [-entry for entry in R]
    s = (x * rotation[0] + y * rotation[1] + z * rotation[2]) / turn
    # The scalar part on the way is w cos(b) - s sin(b) = r cos(b + phase), b the half angle.
    r, phase = math.hypot(w, s), math.atan2(s, w)
    least = math.cos(0.5 * angle)
    if r * math.cos(0.5 * turn + phase) >= min(least, w) and turn < math.pi:
        return 1.0
    if w <= least:
        return 0.0
    half = math.acos(min(1.0, least / r)) - phase
    return max(0.0, min(1.0, _INSIDE * 2.0 * half / turn))
