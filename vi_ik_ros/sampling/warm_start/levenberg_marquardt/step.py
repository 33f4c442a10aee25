# SPDX-License-Identifier: Apache-2.0
"""Compiled: one damped step inside the joint limits, first and second order."""

import math

from vi_ik_ros.compiled import inner
from vi_ik_ros.sampling.warm_start.levenberg_marquardt.tip import (
    AXIS,
    BEND,
    DUAL,
    ENDLESS,
    FACTOR,
    FREE,
    JACOBIAN,
    LOWER,
    PULL,
    RESIDUAL,
    REST,
    STEP,
    STOPS,
    TURNS,
    UPPER,
    WIDE,
    Q,
)

MAX_STEP = 1.0  # [rad or m], largest change of one joint in one iteration
MAX_CURVATURE = 0.5  # largest second-order correction, as a part of the first-order step
BOUND_PASSES = 3  # how often a step is solved again with joints held at the bounds it hits
BOUND_RELEASE = 0.5  # part of the pull on joints that stand at a bound


@inner
def _factorise(j, s, damping, m):
    """Factor the first m rows of J J^T + damping I over the free joints, diagonal inverted."""
    for a in range(m):
        for b in range(a):
            s[FACTOR + a, b] = 0.0
        s[FACTOR + a, a] = damping
    for i in range(j.shape[0] - 1):
        if j[i, FREE] > 0.0:
            for a in range(m):
                for b in range(a + 1):
                    s[FACTOR + a, b] += j[i, JACOBIAN + a] * j[i, JACOBIAN + b]
    for a in range(m):
        for b in range(a + 1):
            total = s[FACTOR + a, b]
            for c in range(b):
                total -= s[FACTOR + a, c] * s[FACTOR + b, c]
            if b < a:
                s[FACTOR + a, b] = total * s[FACTOR + b, b]
            else:
                s[FACTOR + a, a] = 1.0 / math.sqrt(max(total, 1e-30))  # rounding near a singularity


@inner
def _solve(s, m):
    """Solve for the dual unknowns in place, with the factor of `_factorise`."""
    for a in range(m):
        for c in range(a):
            s[DUAL, a] -= s[FACTOR + a, c] * s[DUAL, c]
        s[DUAL, a] *= s[FACTOR + a, a]
    for a in range(m - 1, -1, -1):
        for c in range(a + 1, m):
            s[DUAL, a] -= s[FACTOR + c, a] * s[DUAL, c]
        s[DUAL, a] *= s[FACTOR + a, a]


@inner
def _along(j, s, i, row, m):
    """Multiply joint i's Jacobian with a row of s."""
    total = 0.0
    for a in range(m):
        total += j[i, JACOBIAN + a] * s[row, a]
    return total


@inner
def _hold(j, s, i, value, m):
    """Take joint i out of the step's unknowns, moving it by a value."""
    j[i, FREE], j[i, STEP] = 0.0, value
    for a in range(m):
        s[REST, a] -= j[i, JACOBIAN + a] * value


@inner
def release(j, s, gain, m):
    """Free every joint but those at a bound that the gradient pushes outward; set the pull."""
    for a in range(m):
        s[REST, a] = s[RESIDUAL, a]
    for i in range(j.shape[0] - 1):
        j[i, FREE], j[i, STEP], j[i, PULL] = 1.0, 0.0, 0.0
        if j[i, TURNS] != STOPS:
            continue
        half = 0.5 * (j[i, UPPER] - j[i, LOWER])
        if gain > 0.0 and half > 0.0:
            u = (j[i, Q] - j[i, LOWER]) / half - 1.0
            j[i, PULL] = -gain * half * u * u * u
        slope = _along(j, s, i, RESIDUAL, m)
        outward = (j[i, Q] >= j[i, UPPER] and slope > 0.0) or (
            j[i, Q] <= j[i, LOWER] and slope < 0.0
        )
        if outward or half <= 0.0:
            _hold(j, s, i, BOUND_RELEASE * j[i, PULL], m)


@inner
def _attempt(j, s, damping, m):
    """Solve for the step of the free joints; return the factor that keeps it within MAX_STEP."""
    for a in range(m):
        s[DUAL, a] = s[REST, a]
    for i in range(j.shape[0] - 1):
        if j[i, FREE] > 0.0 and j[i, PULL] != 0.0:
            for a in range(m):
                s[DUAL, a] -= j[i, JACOBIAN + a] * j[i, PULL]
    _factorise(j, s, damping, m)
    _solve(s, m)
    largest = MAX_STEP
    for i in range(j.shape[0] - 1):
        if j[i, FREE] > 0.0:
            j[i, STEP] = j[i, PULL] + _along(j, s, i, DUAL, m)
        largest = max(largest, abs(j[i, STEP]))
    return MAX_STEP / largest


@inner
def first_order(j, s, damping, m):
    """Solve for the damped step, again with joints held at the bounds that it would cross."""
    scale = _attempt(j, s, damping, m)
    for _ in range(BOUND_PASSES - 1):
        hit = False
        for i in range(j.shape[0] - 1):
            x = j[i, Q] + scale * j[i, STEP]
            outside = x > j[i, UPPER] + 1e-12 or x < j[i, LOWER] - 1e-12
            if outside and j[i, FREE] > 0.0 and j[i, TURNS] == STOPS:
                _hold(j, s, i, min(max(x, j[i, LOWER]), j[i, UPPER]) - j[i, Q], m)
                hit = True
        if not hit:
            break
        scale = _attempt(j, s, damping, m)
    for i in range(j.shape[0] - 1):
        j[i, STEP] *= scale


@inner
def second_order(j, s, weight, m):
    """Add to the step what cancels the curvature of the tip's path along it."""
    tx, ty, tz, vx, vy, vz = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0  # turn and shift by the joints beyond
    for a in range(6):
        s[DUAL, a] = 0.0
    for i in range(j.shape[0] - 2, -1, -1):
        step = j[i, STEP]
        x, y, z = step * j[i, AXIS], step * j[i, AXIS + 1], step * j[i, AXIS + 2]
        px, py, pz = step * j[i, JACOBIAN], step * j[i, JACOBIAN + 1], step * j[i, JACOBIAN + 2]
        s[DUAL, 0] -= y * (vz + 0.5 * pz) - z * (vy + 0.5 * py)
        s[DUAL, 1] -= z * (vx + 0.5 * px) - x * (vz + 0.5 * pz)
        s[DUAL, 2] -= x * (vy + 0.5 * py) - y * (vx + 0.5 * px)
        s[DUAL, 3] -= 0.5 * weight * (y * tz - z * ty)
        s[DUAL, 4] -= 0.5 * weight * (z * tx - x * tz)
        s[DUAL, 5] -= 0.5 * weight * (x * ty - y * tx)
        tx, ty, tz, vx, vy, vz = tx + x, ty + y, tz + z, vx + px, vy + py, vz + pz
    _solve(s, m)
    first, second = 1e-300, 1e-300
    for i in range(j.shape[0] - 1):
        j[i, BEND] = _along(j, s, i, DUAL, m) if j[i, FREE] > 0.0 else 0.0
        first, second = first + j[i, STEP] ** 2, second + j[i, BEND] ** 2
    scale = min(1.0, MAX_CURVATURE * math.sqrt(first / second))
    for i in range(j.shape[0] - 1):
        j[i, STEP] += scale * j[i, BEND]


@inner
def inside(j, i, value):
    """Clip joint i's value to its limits, or take whole turns off it if the joint can turn."""
    turn = 2.0 * math.pi
    if j[i, TURNS] == ENDLESS:
        value -= turn * math.floor((value + math.pi) / turn)
        return value if value < math.pi else -math.pi
    if j[i, TURNS] == WIDE and value > j[i, UPPER]:
        value -= turn * math.ceil((value - j[i, UPPER]) / turn)
    elif j[i, TURNS] == WIDE and value < j[i, LOWER]:
        value += turn * math.ceil((j[i, LOWER] - value) / turn)
    return min(max(value, j[i, LOWER]), j[i, UPPER])
