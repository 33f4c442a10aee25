# SPDX-License-Identifier: Apache-2.0
"""Compiled: residuals of frames and half-planes, and their Jacobian."""

import math

from vi_ik_ros.compiled import inner
from vi_ik_ros.sampling.warm_start.whole_body.layout import (
    ACTIVE,
    AXIS,
    BOUND,
    CARRIED,
    CARRIED_SHARE,
    DIRECTION,
    ORIGIN,
    PLACED,
    REFERENCE,
    ROWS,
    SLACK,
    STRAIGHT,
)


@inner
def rotation_vector(f, k, target, weight, r, at):
    """Write weight * log(R* R^T) into r from entry `at`; return the angle [rad]."""
    m = PLACED
    t00 = target[0] * f[k, m] + target[1] * f[k, m + 1] + target[2] * f[k, m + 2]
    t01 = target[0] * f[k, m + 4] + target[1] * f[k, m + 5] + target[2] * f[k, m + 6]
    t02 = target[0] * f[k, m + 8] + target[1] * f[k, m + 9] + target[2] * f[k, m + 10]
    t10 = target[4] * f[k, m] + target[5] * f[k, m + 1] + target[6] * f[k, m + 2]
    t11 = target[4] * f[k, m + 4] + target[5] * f[k, m + 5] + target[6] * f[k, m + 6]
    t12 = target[4] * f[k, m + 8] + target[5] * f[k, m + 9] + target[6] * f[k, m + 10]
    t20 = target[8] * f[k, m] + target[9] * f[k, m + 1] + target[10] * f[k, m + 2]
    t21 = target[8] * f[k, m + 4] + target[9] * f[k, m + 5] + target[10] * f[k, m + 6]
    t22 = target[8] * f[k, m + 8] + target[9] * f[k, m + 9] + target[10] * f[k, m + 10]
    # the row of 4 q_i q with the largest q_i is far from zero
    trace = t00 + t11 + t22
    if trace >= max(t00, max(t11, t22)):
        x, y, z, w = t21 - t12, t02 - t20, t10 - t01, 1.0 + trace
    elif t00 >= t11 and t00 >= t22:
        x, y, z, w = 1.0 + t00 - t11 - t22, t01 + t10, t02 + t20, t21 - t12
    elif t11 >= t22:
        x, y, z, w = t01 + t10, 1.0 - t00 + t11 - t22, t12 + t21, t02 - t20
    else:
        x, y, z, w = t02 + t20, t12 + t21, 1.0 - t00 - t11 + t22, t10 - t01
    length = math.sqrt(x * x + y * y + z * z)
    angle = 2.0 * math.atan2(length, abs(w))
    scale = 0.5 * weight if length < 1e-150 else weight * angle / length
    scale = -scale if w < 0.0 else scale
    r[at], r[at + 1], r[at + 2] = scale * x, scale * y, scale * z
    return angle


@inner
def frame_residuals(f, targets, weight, r, errors):
    """Write the residual of every frame, and errors (F, 2) [m, rad]; return its length."""
    at = 0
    for k in range(f.shape[0]):
        errors[k, 0], errors[k, 1] = 0.0, math.nan
        if f[k, ROWS] == 0.0:
            continue
        square = 0.0
        for a in range(3):
            r[at + a] = targets[k, 4 * a + 3] - f[k, PLACED + 4 * a + 3]
            square += r[at + a] * r[at + a]
        errors[k, 0] = math.sqrt(square)
        at += 3
        if f[k, ROWS] == 6.0:
            errors[k, 1] = rotation_vector(f, k, targets[k], weight, r, at)
            at += 3
    return at


@inner
def plane_slacks(b, f, planes):
    """Write how far the centre of mass is inside every half-plane; return the least [m]."""
    base, least = b.shape[0] - 1, math.inf
    x, y, z = b[base, CARRIED], b[base, CARRIED + 1], b[base, CARRIED + 2]
    for k in range(f.shape[0]):
        x -= f[k, REFERENCE] * f[k, PLACED + 3]
        y -= f[k, REFERENCE] * f[k, PLACED + 7]
        z -= f[k, REFERENCE] * f[k, PLACED + 11]
    for h in range(planes.shape[0]):
        along = x * planes[h, DIRECTION] + y * planes[h, DIRECTION + 1]
        along += z * planes[h, DIRECTION + 2]
        planes[h, SLACK], planes[h, ACTIVE] = planes[h, BOUND] - along, -1.0
        least = min(least, planes[h, SLACK])
    return least


@inner
def frame_jacobian(c, f, moves, weight, J):
    """Write the rows of all frames; moves (F, D) tells which coordinates move which frame."""
    at = 0
    for k in range(f.shape[0]):
        if f[k, ROWS] == 0.0:
            continue
        turns = f[k, ROWS] == 6.0
        px, py, pz = f[k, PLACED + 3], f[k, PLACED + 7], f[k, PLACED + 11]
        for i in range(c.shape[0]):
            on = moves[k, i]
            ax, ay, az = on * c[i, AXIS], on * c[i, AXIS + 1], on * c[i, AXIS + 2]
            straight = c[i, STRAIGHT]
            x, y, z = px - c[i, ORIGIN], py - c[i, ORIGIN + 1], pz - c[i, ORIGIN + 2]
            turning = 1.0 - straight
            J[at, i] = straight * ax + turning * (ay * z - az * y)
            J[at + 1, i] = straight * ay + turning * (az * x - ax * z)
            J[at + 2, i] = straight * az + turning * (ax * y - ay * x)
            if turns:
                turning *= weight
                J[at + 3, i], J[at + 4, i], J[at + 5, i] = turning * ax, turning * ay, turning * az
        at += 6 if turns else 3


@inner
def center_jacobian(c, b, f, moves, num_base, center):
    """Write the Jacobian (3, D) of the centre of mass against the point it is measured from."""
    base = b.shape[0] - 1
    for i in range(c.shape[0]):
        body = i - num_base if i >= num_base else base
        share = b[body, CARRIED_SHARE]
        x, y, z = b[body, CARRIED], b[body, CARRIED + 1], b[body, CARRIED + 2]
        for k in range(f.shape[0]):
            part = f[k, REFERENCE] * moves[k, i]
            share -= part
            x -= part * f[k, PLACED + 3]
            y -= part * f[k, PLACED + 7]
            z -= part * f[k, PLACED + 11]
        ax, ay, az = c[i, AXIS], c[i, AXIS + 1], c[i, AXIS + 2]
        straight = c[i, STRAIGHT]
        turning = 1.0 - straight
        x, y = x - share * c[i, ORIGIN], y - share * c[i, ORIGIN + 1]
        z -= share * c[i, ORIGIN + 2]
        center[0, i] = straight * share * ax + turning * (ay * z - az * y)
        center[1, i] = straight * share * ay + turning * (az * x - ax * z)
        center[2, i] = straight * share * az + turning * (ax * y - ay * x)
