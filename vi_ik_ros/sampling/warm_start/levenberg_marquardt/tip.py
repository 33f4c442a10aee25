# SPDX-License-Identifier: Apache-2.0
"""Compiled: the tip of a chain, its errors against a target, its Jacobian.

Two arrays hold everything, because each array that a compiled function takes or cuts out costs
more than the arithmetic here: `j`, one row per joint and one more for the tip's placement, and
`s`, the small system that one step solves. The constants below name their columns and rows.
"""

import math

from vi_ik_ros.compiled import inner

# Columns of j, (n + 1, COLUMNS). The chain: placement in the frame before (3 x 4, row-major),
# limits [rad or m], kind.
PLACEMENT, LOWER, UPPER, PRISMATIC, TURNS = 0, 12, 13, 14, 15
# Values of TURNS: stops at its limits, has none, or can pass them by a whole turn back.
STOPS, ENDLESS, WIDE = 0.0, 1.0, 2.0
# The configuration, axis and origin of each joint in the root frame, weighted Jacobian.
Q, AXIS, ORIGIN, JACOBIAN = 16, 17, 20, 23
# One step: first order, pull to mid-range, second order, whether the joint is free.
STEP, PULL, BEND, FREE, COLUMNS = 29, 30, 31, 32, 33

# Rows of s, (ROWS, 6): [p* - p; weight * log(R* R^T)], what is left of it for the free joints, the
# unknowns of the dual system, its Cholesky factor (6 x 6), T_root_tip (3 x 4), R* R^T (3 x 3).
RESIDUAL, REST, DUAL, FACTOR, TIP, TURN, ROWS = 0, 1, 2, 3, 9, 12, 15


@inner
def tip_forward(j, s):
    """Walk the chain: axes, origins and T_root_tip of the configuration in j."""
    n = j.shape[0] - 1
    for a in range(3):
        for b in range(4):
            s[TIP + a, b] = 1.0 if a == b else 0.0
    for i in range(n + 1):
        cosine, sine, shift = 1.0, 0.0, 0.0
        if i < n and j[i, PRISMATIC] > 0.0:
            shift = j[i, Q]
        elif i < n:
            cosine, sine = math.cos(j[i, Q]), math.sin(j[i, Q])
        for a in range(3):
            x, y, z = s[TIP + a, 0], s[TIP + a, 1], s[TIP + a, 2]
            bx = x * j[i, PLACEMENT] + y * j[i, PLACEMENT + 4] + z * j[i, PLACEMENT + 8]
            by = x * j[i, PLACEMENT + 1] + y * j[i, PLACEMENT + 5] + z * j[i, PLACEMENT + 9]
            bz = x * j[i, PLACEMENT + 2] + y * j[i, PLACEMENT + 6] + z * j[i, PLACEMENT + 10]
            p = x * j[i, PLACEMENT + 3] + y * j[i, PLACEMENT + 7] + z * j[i, PLACEMENT + 11]
            s[TIP + a, 3] += p + shift * bz
            s[TIP + a, 0] = cosine * bx + sine * by
            s[TIP + a, 1] = cosine * by - sine * bx
            s[TIP + a, 2] = bz
            j[i, AXIS + a], j[i, ORIGIN + a] = bz, s[TIP + a, 3]


@inner
def tip_residual(target, s, weight):
    """Write the residual and return both errors, [m] and [rad]; weight 0 is position only."""
    for a in range(3):
        s[RESIDUAL, a], s[RESIDUAL, 3 + a] = target[a, 3] - s[TIP + a, 3], 0.0
    position = math.sqrt(s[RESIDUAL, 0] ** 2 + s[RESIDUAL, 1] ** 2 + s[RESIDUAL, 2] ** 2)
    if weight == 0.0:
        return position, math.nan
    for a in range(3):
        for b in range(3):
            s[TURN + a, b] = (
                target[a, 0] * s[TIP + b, 0]
                + target[a, 1] * s[TIP + b, 1]
                + target[a, 2] * s[TIP + b, 2]
            )
    trace = s[TURN, 0] + s[TURN + 1, 1] + s[TURN + 2, 2]
    x = 0.5 * (s[TURN + 2, 1] - s[TURN + 1, 2])
    y = 0.5 * (s[TURN, 2] - s[TURN + 2, 0])
    z = 0.5 * (s[TURN + 1, 0] - s[TURN, 1])
    sine, cosine = math.sqrt(x * x + y * y + z * z), 0.5 * (trace - 1.0)
    angle = math.atan2(sine, cosine)
    if cosine < -0.9999:
        x, y, z = _half_turn_axis(s, cosine, x, y, z)
        sine = 1.0
    k = weight * (angle / sine if sine > 1e-150 else 1.0)  # no turn left: x, y, z are zero
    s[RESIDUAL, 3], s[RESIDUAL, 4], s[RESIDUAL, 5] = k * x, k * y, k * z
    return position, angle


@inner
def _half_turn_axis(s, cosine, x, y, z):
    """Return the unit axis a of R* R^T near half a turn, from cos I + (1 - cos) a a^T."""
    c = 0
    for a in range(1, 3):
        c = a if s[TURN + a, a] > s[TURN + c, c] else c
    u = 0.5 * (s[TURN, c] + s[TURN + c, 0]) - (cosine if c == 0 else 0.0)
    v = 0.5 * (s[TURN + 1, c] + s[TURN + c, 1]) - (cosine if c == 1 else 0.0)
    w = 0.5 * (s[TURN + 2, c] + s[TURN + c, 2]) - (cosine if c == 2 else 0.0)
    k = 1.0 / math.sqrt(u * u + v * v + w * w)
    k = -k if u * x + v * y + w * z < 0.0 else k
    return k * u, k * v, k * w


@inner
def tip_jacobian(j, s, weight):
    """Write the weighted geometric Jacobian; a prismatic joint leaves its axis at zero."""
    for i in range(j.shape[0] - 1):
        ax, ay, az = j[i, AXIS], j[i, AXIS + 1], j[i, AXIS + 2]
        if j[i, PRISMATIC] > 0.0:
            j[i, JACOBIAN], j[i, JACOBIAN + 1], j[i, JACOBIAN + 2] = ax, ay, az
            j[i, AXIS], j[i, AXIS + 1], j[i, AXIS + 2] = 0.0, 0.0, 0.0
        else:
            x = s[TIP, 3] - j[i, ORIGIN]
            y = s[TIP + 1, 3] - j[i, ORIGIN + 1]
            z = s[TIP + 2, 3] - j[i, ORIGIN + 2]
            j[i, JACOBIAN] = ay * z - az * y
            j[i, JACOBIAN + 1] = az * x - ax * z
            j[i, JACOBIAN + 2] = ax * y - ay * x
        for a in range(3):
            j[i, JACOBIAN + 3 + a] = weight * j[i, AXIS + a]
