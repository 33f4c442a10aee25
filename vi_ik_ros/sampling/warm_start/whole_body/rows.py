# SPDX-License-Identifier: Apache-2.0
"""Compiled: Levenberg-Marquardt of a whole tree, row after row."""

import math

import numpy as np

from vi_ik_ros.compiled import compiled, inner
from vi_ik_ros.sampling.warm_start.whole_body import layout, motion, step, tasks
from vi_ik_ros.sampling.warm_start.whole_body.layout import SLACK, STEP, Q

ORIENTATION_WEIGHT = 0.3  # [m per rad], of the orientation residuals against the positions'
DAMPING = 0.05  # of the squared residual, in the units of J J^T
MIN_DAMPING = 1e-8  # [m^2], keeps singular postures solvable
STALL = 10  # iterations without progress that end a start
PROGRESS = 0.9  # of the squared residual; a smaller fall is no progress
CENTRING = 1.0  # strength of the pull to mid-range of a start that has stalled
CENTRING_FADE = 30.0  # [1/m^2] the pull fades once the squared residual is below its inverse


@inner
def measure(tree, num_base, target, r, errors):
    """Move the tree and write all residuals; return rows, squared residual and least slack."""
    c, b, f, parents, carriers, _, planes = tree
    motion.run(c, b, f, parents, carriers, num_base)
    m = tasks.frame_residuals(f, target, ORIENTATION_WEIGHT, r, errors)
    slack = tasks.plane_slacks(b, f, planes)
    squared = 0.0
    for a in range(m):
        squared += r[a] * r[a]
    for h in range(planes.shape[0]):
        squared += min(planes[h, SLACK], 0.0) ** 2
    return m, squared, slack


@inner
def fits(f, errors, slack, limits):
    """Tell whether all tasks are met."""
    fine = slack >= 0.0
    for k in range(f.shape[0]):
        fine = fine and errors[k, 0] < limits[0] and not errors[k, 1] >= limits[1]
    return fine


@inner
def write_system(tree, num_base, work, gain, margin, m):
    """Write Jacobian and residual of the free coordinates and violated half-planes; count rows."""
    c, b, f, _, _, moves, planes = tree
    J, A, _, v, center = work
    tasks.frame_jacobian(c, f, moves, ORIENTATION_WEIGHT, J)
    step.release(c, J, A, v[0], v[1], gain, m)
    if planes.shape[0] > 0:
        tasks.center_jacobian(c, b, f, moves, num_base, center)
    for h in range(planes.shape[0]):
        if planes[h, SLACK] < 0.0:
            step.activate(c, J, A, v[1], center, planes, h, margin, m)
            m += 1
    return m


@inner
def take_step(tree, work, damping, margin, m):
    """Move the coordinates by the damped step, solved again while it would cross a bound."""
    c, planes = tree[0], tree[6]
    J, A, L, v, center = work
    scale = step.attempt(c, J, A, L, v[1], v[2], damping, m)
    for _ in range(step.PASSES - 1):
        crossed, m = step.crossings(c, J, A, v[1], center, planes, scale, margin, m)
        if crossed == 0:
            break
        scale = step.attempt(c, J, A, L, v[1], v[2], damping, m)
    for i in range(c.shape[0]):
        c[i, Q] = step.inside(c, i, c[i, Q] + scale * c[i, STEP])


@inner
def refine_row(tree, num_base, work, target, limits, best, errors, now):
    """Refine the configuration in the tree; write the best one, return slack and iterations.

    The damping is proportional to the squared residual and every step is taken, so the residual
    may rise; the best configuration is kept. A start that makes no more progress is pulled to the
    middle of its ranges, the harder the larger its residual, and given up after STALL iterations
    without progress.
    """
    c, f, v = tree[0], tree[2], work[3]
    lowest, mark, best_slack, since, stalled, k = math.inf, math.inf, -math.inf, 0, False, 0
    while True:
        m, squared, slack = measure(tree, num_base, target, v[0], now)
        k += 1
        since = 0 if squared < PROGRESS * mark else since + 1
        mark = squared if since == 0 else mark
        done = fits(f, now, slack, limits)
        if squared < lowest or done:
            lowest, best_slack = squared, slack
            for i in range(best.shape[0]):
                best[i] = c[i, Q]
            for i in range(now.shape[0]):
                errors[i, 0], errors[i, 1] = now[i, 0], now[i, 1]
        if done or k >= limits[2] or since > STALL or not squared < math.inf:
            return best_slack, k
        if since > 0 and not stalled:
            stalled, since = True, 0
        gain = CENTRING * min(1.0, CENTRING_FADE * squared) if stalled else 0.0
        m = write_system(tree, num_base, work, gain, limits[0], m)
        take_step(tree, work, DAMPING * squared + MIN_DAMPING, limits[0], m)


@compiled(
    "void(float64[:,::1], float64[:,::1], float64[:,::1], int64[::1], int64[::1], float64[:,::1],"
    " float64[:,::1], int64, float64[:,:,::1], float64[:,::1], float64[::1], float64[:,::1],"
    " float64[:,:,::1], float64[::1], int64[::1])",
    layout,
    motion,
    step,
    tasks,
)
def refine_rows(
    coordinates, bodies, frames, parents, carriers, moves, half_planes, num_rows, targets, q,
    limits, out, errors, slacks, used,
):  # fmt: skip
    """Refine each row of q (N, D) against the targets of its frames and the half-planes.

    Args:
        coordinates: (D, COLUMNS); this and the next seven as `layout` says.
        bodies: (J + 1, BODY_COLUMNS).
        frames: (F, FRAME_COLUMNS).
        parents: (J,) joint before each joint, -1 for the base.
        carriers: (F,) row of `bodies` that carries each frame.
        moves: (F, D) 1 where a coordinate moves a frame, else 0.
        half_planes: (H, PLANE_COLUMNS).
        num_rows: residual entries of all frames.
        targets: (N, F, 12) or (1, F, 12) T_root_frame, 3 x 4 row-major.
        q: (N, D) starts; clipped to the limits first.
        limits: position tolerance [m], orientation tolerance [rad], most iterations.
        out: (N, D) the best configuration of each row.
        errors: (N, F, 2) its position [m] and orientation errors [rad].
        slacks: (N,) its least distance to a half-plane, negative outside [m].
        used: (N,) iterations of each row.
    """
    D, F, M = q.shape[1], frames.shape[0], num_rows + half_planes.shape[0]
    c, planes = coordinates.copy(), half_planes.copy()
    tree = (c, bodies.copy(), frames.copy(), parents, carriers, moves, planes)
    work = (
        np.zeros((M, D)),
        np.zeros((M, M)),
        np.zeros((M, M)),
        np.zeros((3, M)),
        np.zeros((3, D)),
    )
    now, num_base = np.zeros((F, 2)), D - parents.shape[0]
    for n in range(q.shape[0]):
        for i in range(D):
            c[i, Q] = step.inside(c, i, q[n, i])
        target = targets[n if targets.shape[0] > 1 else 0]
        slacks[n], used[n] = refine_row(
            tree, num_base, work, target, limits, out[n], errors[n], now
        )
