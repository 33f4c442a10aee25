# SPDX-License-Identifier: Apache-2.0
"""The compiled loop of the E-step: components side by side, so that they share an instruction."""

import math

import numpy as np

from vi_ik_ros.compiled import compiled


@compiled(
    "int64(float64[:, ::1], int64, float64[:, :, ::1], float64[:, ::1], float64[::1],"
    " float64[:, :, :, ::1], float64[:, ::1], float64[:, :, ::1], float64,"
    " float64[::1], int64[::1], int64[::1], float64[::1])"
)
def expect(
    x: np.ndarray,
    first_row: int,
    W: np.ndarray,
    shift: np.ndarray,
    constant: np.ndarray,
    bends: np.ndarray,
    mean_bends: np.ndarray,
    unbend: np.ndarray,
    negligible: float,
    log_model: np.ndarray,
    rows: np.ndarray,
    owners: np.ndarray,
    shares: np.ndarray,
) -> int:
    """Fill log q of rows x (n, D) and the shares that are not negligible; return their number.

    A component's whitened coordinates are w = W x - shift. The last J of them are bent back by
    quadratics of the others: w_(D-J+j) -= sum_i unbend_ji (w^T bends_i w - mean_bends_i). Its log
    density is constant - |w|^2 / 2.

    Args:
        x: (n, D).
        first_row: index of x[0] among all rows.
        W: (D, D, K).
        shift: (D, K).
        constant: (K,), with the log weight.
        bends: (J, D - J, D - J, K), upper triangles with doubled entries off the diagonal.
        mean_bends: (J, K).
        unbend: (J, J, K), lower triangles.
        negligible: share below which a component is left out.
        log_model: (n,), filled.
        rows: (n K,), filled from the front with indices of points.
        owners: (n K,), filled with components.
        shares: (n K,), filled with their shares.
    """
    D, K, J = W.shape[0], W.shape[2], bends.shape[0]
    d = D - J
    w, s = np.empty((D, K)), np.empty((J, K))
    log_joint, product = np.empty(K), np.empty(K)
    found = 0
    for n in range(len(x)):
        for i in range(D):
            for k in range(K):
                w[i, k] = -shift[i, k]
            for j in range(D):
                value = x[n, j]
                for k in range(K):
                    w[i, k] += W[i, j, k] * value
        for j in range(J):
            for k in range(K):
                s[j, k] = -mean_bends[j, k]
        if J > 0:
            for a in range(d):
                for b in range(a, d):
                    for k in range(K):
                        product[k] = w[a, k] * w[b, k]
                    for j in range(J):
                        for k in range(K):
                            s[j, k] += bends[j, a, b, k] * product[k]
        for j in range(J):
            for i in range(j + 1):
                for k in range(K):
                    w[d + j, k] -= unbend[j, i, k] * s[i, k]
        for k in range(K):
            log_joint[k] = constant[k]
        for i in range(D):
            for k in range(K):
                log_joint[k] -= 0.5 * w[i, k] * w[i, k]
        best = log_joint[0]
        for k in range(1, K):
            best = max(best, log_joint[k])
        if best == -math.inf:
            log_model[n] = best
            continue
        total = 0.0
        for k in range(K):
            if log_joint[k] >= best - 40.0:  # where both round to one number, too
                total += math.exp(log_joint[k] - best)
        log_sum = best + math.log(total)
        log_model[n] = log_sum
        least = log_sum + math.log(negligible)
        for k in range(K):
            if log_joint[k] >= least:
                rows[found] = first_row + n
                owners[found] = k
                shares[found] = math.exp(log_joint[k] - log_sum)
                found += 1
    return found
