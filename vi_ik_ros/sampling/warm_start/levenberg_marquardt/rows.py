# SPDX-License-Identifier: Apache-2.0
"""Compiled: Levenberg-Marquardt with joint limits, row after row."""

import math

import numpy as np

from vi_ik_ros.compiled import compiled, inner
from vi_ik_ros.sampling.warm_start.levenberg_marquardt import step, tip

# Tuned on development poses that no benchmark uses; lengths are relative to the chain's reach.
ORIENTATION_WEIGHT = 0.3  # [reach per rad], of the orientation residual against the position's
DAMPING = 0.1  # of the squared residual, in the units of J J^T
MIN_DAMPING = 1e-6  # [reach^2], keeps singular postures solvable
STALL = 10  # iterations without progress that end a start
PROGRESS = 0.9  # of the squared residual; a smaller fall is no progress
CENTRING = 4.0  # strength of the pull to mid-range of a start that has stalled
CENTRING_FADE = 30.0  # the pull fades once the squared residual is below reach^2 / this


@inner
def _refine_row(j, s, target, reach, limits, best):
    """Refine the configuration in j; write the best one found, return its errors and iterations.

    The damping is proportional to the squared residual and every step is taken, so the residual
    may rise; the best configuration is kept. A start that makes no more progress is pulled to the
    middle of its joint ranges, the harder the larger its residual, and given up after STALL
    iterations without a new best.
    """
    position_tolerance, orientation_tolerance, weight, m, max_iterations = limits
    area = reach * reach
    lowest, best_position, best_orientation = math.inf, math.inf, math.nan
    mark, since, stalled, k = math.inf, 0, False, 0
    while True:
        tip.tip_forward(j, s)
        position, orientation = tip.tip_residual(target, s, weight)
        k += 1
        squared = 0.0
        for a in range(m):
            squared += s[tip.RESIDUAL, a] ** 2
        since = 0 if squared < PROGRESS * mark else since + 1
        mark = squared if since == 0 else mark
        if squared < lowest:
            lowest, best_position, best_orientation = squared, position, orientation
            for i in range(best.shape[0]):
                best[i] = j[i, tip.Q]
        done = position < position_tolerance and (m == 3 or orientation < orientation_tolerance)
        if done or k >= max_iterations or since > STALL:
            return best_position, best_orientation, k
        if since > 0 and not stalled:
            stalled, since = True, 0
        tip.tip_jacobian(j, s, weight)
        gain = CENTRING * min(1.0, CENTRING_FADE * squared / area) if stalled else 0.0
        step.release(j, s, gain, m)
        step.first_order(j, s, DAMPING * squared + MIN_DAMPING * area, m)
        step.second_order(j, s, weight, m)
        for i in range(best.shape[0]):
            j[i, tip.Q] = step.inside(j, i, j[i, tip.Q] + j[i, tip.STEP])


@compiled(
    "int64(float64[:,::1], float64, float64[:,:,::1], float64[:,::1], float64[::1], float64[:,::1],"
    " float64[:,::1], int64[::1])",
    step,
    tip,
)
def refine_rows(chain, reach, targets, q, limits, out, errors, used):
    """Refine each row of q (N, n) against its target, or all against one.

    Args:
        chain: (n + 1, COLUMNS) the chain's columns of the array j in `tip`.
        reach: [m] the scale of lengths.
        targets: (N, 4, 4) or (1, 4, 4) T_root_tip.
        q: (N, n) starts; clipped to the limits first.
        limits: position tolerance [m], orientation tolerance [rad], position only (0 or 1), the
            largest number of iterations, number of converged rows to stop at (0: never).
        out: (N, n) the best configuration of each row.
        errors: (N, 2) its position [m] and orientation error [rad].
        used: (N,) iterations of each row; rows that were not reached keep what was there.

    Returns:
        The number of converged rows.
    """
    j, s, converged = chain.copy(), np.zeros((tip.ROWS, 6)), 0
    weight = ORIENTATION_WEIGHT * reach
    for r in range(q.shape[0]):
        for i in range(q.shape[1]):
            j[i, tip.Q] = step.inside(j, i, q[r, i])
        target = targets[r if targets.shape[0] > 1 else 0]
        if limits[2] > 0.0:
            options = (limits[0], limits[1], 0.0, 3, limits[3])
            result = _refine_row(j, s, target, reach, options, out[r])
            converged += 1 if result[0] < limits[0] else 0
        else:
            options = (limits[0], limits[1], weight, 6, limits[3])
            result = _refine_row(j, s, target, reach, options, out[r])
            converged += 1 if result[0] < limits[0] and result[1] < limits[1] else 0
        errors[r, 0], errors[r, 1], used[r] = result
        if limits[4] > 0.0 and converged >= limits[4]:
            break
    return converged


@compiled(
    "void(float64[:,::1], float64[:,:,::1], float64[:,::1], boolean, float64[:,::1])", step, tip
)
def error_rows(chain, targets, q, position_only, errors):
    """Write the errors (N, 2) of configurations as they are, limits or not."""
    j, s = chain.copy(), np.zeros((tip.ROWS, 6))
    for r in range(q.shape[0]):
        for i in range(q.shape[1]):
            j[i, tip.Q] = q[r, i]
        tip.tip_forward(j, s)
        target = targets[r if targets.shape[0] > 1 else 0]
        errors[r, 0], errors[r, 1] = tip.tip_residual(target, s, 0.0 if position_only else 1.0)
