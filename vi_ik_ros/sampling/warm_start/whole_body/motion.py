# SPDX-License-Identifier: Apache-2.0
"""Compiled: where joints, frames and the centre of mass of a tree are."""

import math

from vi_ik_ros.compiled import inner
from vi_ik_ros.sampling.warm_start.whole_body.layout import (
    AXIS,
    CARRIED,
    CARRIED_SHARE,
    CENTER,
    MOVED,
    NOMINAL,
    ORIGIN,
    PLACED,
    PLACEMENT,
    SHARE,
    STRAIGHT,
    Q,
)


@inner
def place_base(c, b, floating):
    """Put the base where its coordinates say, and write their axes and origins."""
    base = b.shape[0] - 1
    if not floating:
        for k in range(12):
            b[base, MOVED + k] = b[base, PLACEMENT + k]
        return
    rx, ry, rz = c[3, Q], c[4, Q], c[5, Q]
    square = rx * rx + ry * ry + rz * rz
    sinc, versine, cubic = 1.0 - square / 6.0, 0.5 - square / 24.0, 1.0 / 6.0 - square / 120.0
    if square > 1e-6:
        angle = math.sqrt(square)
        sinc, versine = math.sin(angle) / angle, (1.0 - math.cos(angle)) / square
        cubic = (1.0 - sinc) / square
    for a in range(3):
        x, y, z = (
            b[base, NOMINAL + 3 * a],
            b[base, NOMINAL + 3 * a + 1],
            b[base, NOMINAL + 3 * a + 2],
        )
        # row a of R_nominal times S and S^2, S = [r]x
        sx, sy, sz = y * rz - z * ry, z * rx - x * rz, x * ry - y * rx
        along = x * rx + y * ry + z * rz
        ssx, ssy, ssz = along * rx - square * x, along * ry - square * y, along * rz - square * z
        b[base, MOVED + 4 * a] = x + sinc * sx + versine * ssx
        b[base, MOVED + 4 * a + 1] = y + sinc * sy + versine * ssy
        b[base, MOVED + 4 * a + 2] = z + sinc * sz + versine * ssz
        b[base, MOVED + 4 * a + 3] = c[a, Q]
        # R_nominal times the left Jacobian I + versine S + cubic S^2: columns are the axes
        c[3, AXIS + a] = x + versine * sx + cubic * ssx
        c[4, AXIS + a] = y + versine * sy + cubic * ssy
        c[5, AXIS + a] = z + versine * sz + cubic * ssz
        for i in range(3):
            c[i, AXIS + a] = 1.0 if i == a else 0.0
            c[3 + i, ORIGIN + a] = c[a, Q]
            c[i, ORIGIN + a] = c[a, Q]


@inner
def move_joints(c, b, parents, num_base):
    """Walk the tree from the base: axes and origins of the joints, and what they carry along."""
    for i in range(parents.shape[0]):
        parent, k = parents[i], i + num_base
        parent = b.shape[0] - 1 if parent < 0 else parent
        cosine, sine, shift = 1.0, 0.0, 0.0
        if c[k, STRAIGHT] > 0.0:
            shift = c[k, Q]
        else:
            cosine, sine = math.cos(c[k, Q]), math.sin(c[k, Q])
        for a in range(3):
            m = MOVED + 4 * a
            x, y, z = b[parent, m], b[parent, m + 1], b[parent, m + 2]
            bx = x * b[i, PLACEMENT] + y * b[i, PLACEMENT + 4] + z * b[i, PLACEMENT + 8]
            by = x * b[i, PLACEMENT + 1] + y * b[i, PLACEMENT + 5] + z * b[i, PLACEMENT + 9]
            bz = x * b[i, PLACEMENT + 2] + y * b[i, PLACEMENT + 6] + z * b[i, PLACEMENT + 10]
            p = x * b[i, PLACEMENT + 3] + y * b[i, PLACEMENT + 7] + z * b[i, PLACEMENT + 11]
            p += b[parent, m + 3] + shift * bz
            b[i, m], b[i, m + 1] = cosine * bx + sine * by, cosine * by - sine * bx
            b[i, m + 2], b[i, m + 3] = bz, p
            c[k, AXIS + a], c[k, ORIGIN + a] = bz, p


@inner
def gather_masses(b, parents):
    """Sum the shares of the mass and their centres from the leaves to the base, in the root."""
    for i in range(b.shape[0]):
        b[i, CARRIED_SHARE] = b[i, SHARE]
        for a in range(3):
            m = MOVED + 4 * a
            b[i, CARRIED + a] = (
                b[i, m] * b[i, CENTER]
                + b[i, m + 1] * b[i, CENTER + 1]
                + b[i, m + 2] * b[i, CENTER + 2]
                + b[i, m + 3] * b[i, SHARE]
            )
    for i in range(parents.shape[0] - 1, -1, -1):
        parent = parents[i]
        parent = b.shape[0] - 1 if parent < 0 else parent
        b[parent, CARRIED_SHARE] += b[i, CARRIED_SHARE]
        for a in range(3):
            b[parent, CARRIED + a] += b[i, CARRIED + a]


@inner
def place_frames(b, f, carriers):
    """Write T_root_frame of every frame."""
    for k in range(f.shape[0]):
        joint = carriers[k]
        for a in range(3):
            m = MOVED + 4 * a
            x, y, z = b[joint, m], b[joint, m + 1], b[joint, m + 2]
            for j in range(4):
                f[k, PLACED + 4 * a + j] = x * f[k, j] + y * f[k, 4 + j] + z * f[k, 8 + j]
            f[k, PLACED + 4 * a + 3] += b[joint, m + 3]


@inner
def run(c, b, f, parents, carriers, num_base):
    """Move the whole tree to the configuration in c."""
    place_base(c, b, num_base > 0)
    move_joints(c, b, parents, num_base)
    gather_masses(b, parents)
    place_frames(b, f, carriers)
