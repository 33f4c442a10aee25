# SPDX-License-Identifier: Apache-2.0
"""Compiled: one damped step of all coordinates, inside the limits and the half-planes.

The system is solved in the space of the residuals, (J J^T + damping I) dual = rest: there are
fewer residuals than coordinates. Columns of held coordinates are taken out of J and J J^T.
"""

import math

from vi_ik_ros.compiled import inner
from vi_ik_ros.sampling.warm_start.whole_body.layout import (
    ACTIVE,
    CONTINUOUS,
    DIRECTION,
    FREE,
    LOWER,
    PULL,
    SLACK,
    STEP,
    UPPER,
    Q,
)

MAX_STEP = 0.7  # [rad or m], largest change of one coordinate in one iteration
PASSES = 4  # how often a step is solved with coordinates and half-planes held that it would cross
BOUND_RELEASE = 0.5  # part of the pull on coordinates that stand at a bound


@inner
def hold(c, J, A, rest, i, value, m):
    """Take coordinate i out of the step's unknowns, moving it by a value."""
    c[i, FREE], c[i, STEP], c[i, PULL] = 0.0, value, 0.0
    for a in range(m):
        rest[a] -= J[a, i] * value
        for b in range(a + 1):
            A[a, b] -= J[a, i] * J[b, i]
    for a in range(m):
        J[a, i] = 0.0


@inner
def activate(c, J, A, rest, center, planes, h, margin, m):
    """Add a half-plane as row m: the step ends inside it by a margin."""
    planes[h, ACTIVE], rest[m] = m, planes[h, SLACK] - margin
    for i in range(c.shape[0]):
        along = (
            planes[h, DIRECTION] * center[0, i]
            + planes[h, DIRECTION + 1] * center[1, i]
            + planes[h, DIRECTION + 2] * center[2, i]
        )
        rest[m] -= (1.0 - c[i, FREE]) * along * c[i, STEP]
        J[m, i] = along * c[i, FREE]
    gram_row(J, A, m)


@inner
def gram_row(J, A, a):
    """Write row a of the lower triangle of J J^T."""
    for b in range(a + 1):
        total = 0.0
        for i in range(J.shape[1]):
            total += J[a, i] * J[b, i]
        A[a, b] = total


@inner
def release(c, J, A, r, rest, gain, m):
    """Free all coordinates but those at a bound that the gradient pushes outward; set the pull."""
    for a in range(m):
        rest[a] = r[a]
        gram_row(J, A, a)
    for i in range(c.shape[0]):
        c[i, FREE], c[i, STEP], c[i, PULL] = 1.0, 0.0, 0.0
        if c[i, CONTINUOUS] > 0.0:
            continue
        half, pull = 0.5 * (c[i, UPPER] - c[i, LOWER]), 0.0
        if gain > 0.0 and half > 0.0:
            u = (c[i, Q] - c[i, LOWER]) / half - 1.0
            pull = -gain * half * u * u * u
        at_upper, at_lower = c[i, Q] >= c[i, UPPER], c[i, Q] <= c[i, LOWER]
        c[i, PULL] = pull
        if not (at_upper or at_lower):
            continue
        slope = 0.0
        for a in range(m):
            slope += J[a, i] * r[a]
        if half <= 0.0 or (at_upper and slope > 0.0) or (at_lower and slope < 0.0):
            hold(c, J, A, rest, i, BOUND_RELEASE * pull, m)


@inner
def factorise(A, L, damping, m):
    """Factor the first m rows of A + damping I, diagonal inverted."""
    for a in range(m):
        for b in range(a + 1):
            total = A[a, b]
            for k in range(b):
                total -= L[a, k] * L[b, k]
            if b < a:
                L[a, b] = total * L[b, b]
            else:
                L[a, a] = 1.0 / math.sqrt(max(total + damping, 1e-30))  # rounding


@inner
def solve(L, dual, m):
    """Solve in place with the factor of `factorise`."""
    for a in range(m):
        total = dual[a]
        for k in range(a):
            total -= L[a, k] * dual[k]
        dual[a] = total * L[a, a]
    for a in range(m - 1, -1, -1):
        value = dual[a] * L[a, a]
        dual[a] = value
        for k in range(a):
            dual[k] -= L[a, k] * value


@inner
def attempt(c, J, A, L, rest, dual, damping, m):
    """Solve for the step of the free coordinates; return the factor that keeps it small."""
    for a in range(m):
        total = rest[a]
        for i in range(c.shape[0]):
            total -= J[a, i] * c[i, PULL]
        dual[a] = total
    factorise(A, L, damping, m)
    solve(L, dual, m)
    for i in range(c.shape[0]):
        if c[i, FREE] > 0.0:
            c[i, STEP] = c[i, PULL]
    largest = MAX_STEP
    for i in range(c.shape[0]):
        total = 0.0
        for a in range(m):
            total += J[a, i] * dual[a]
        c[i, STEP] += total  # zero for a held coordinate
        largest = max(largest, abs(c[i, STEP]))
    return MAX_STEP / largest


@inner
def crossings(c, J, A, rest, center, planes, scale, margin, m):
    """Hold what the step would carry over a bound or half-plane; return how much, and the rows."""
    crossed = 0
    for i in range(c.shape[0]):
        if c[i, FREE] == 0.0 or c[i, CONTINUOUS] > 0.0:
            continue
        x = c[i, Q] + scale * c[i, STEP]
        if x > c[i, UPPER] + 1e-12:
            hold(c, J, A, rest, i, c[i, UPPER] - c[i, Q], m)
            crossed += 1
        elif x < c[i, LOWER] - 1e-12:
            hold(c, J, A, rest, i, c[i, LOWER] - c[i, Q], m)
            crossed += 1
    for h in range(planes.shape[0]):
        if planes[h, ACTIVE] >= 0.0:
            continue
        along = 0.0
        for i in range(c.shape[0]):
            dx = planes[h, DIRECTION] * center[0, i] + planes[h, DIRECTION + 1] * center[1, i]
            along += (dx + planes[h, DIRECTION + 2] * center[2, i]) * c[i, STEP]
        if scale * along > planes[h, SLACK]:
            activate(c, J, A, rest, center, planes, h, margin, m)
            m, crossed = m + 1, crossed + 1
    return crossed, m


@inner
def inside(c, i, value):
    """Clip coordinate i's value to its limits, or wrap it to [-pi, pi) if it is continuous."""
    if c[i, CONTINUOUS] > 0.0:
        value -= 2.0 * math.pi * math.floor((value + math.pi) / (2.0 * math.pi))
        return value if value < math.pi else -math.pi
    return min(max(value, c[i, LOWER]), c[i, UPPER])
