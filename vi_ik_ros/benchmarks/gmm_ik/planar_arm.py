# SPDX-License-Identifier: Apache-2.0
"""The arm of Satici 2021 by formulae: three links, every joint without limits."""

import numpy as np

LINKS = np.array([1.0, 1.0, 0.5])  # [m]
REACH = float(LINKS.sum())  # [m]; no point nearer is out of reach, since 1 - 1 - 0.5 < 0
DAMPING = 1.0  # of a step, times the squared error [m^2]: a target out of reach gives short steps
LEAST_DAMPING = 1e-9  # [m^2], where a straight arm would have none


def forward(theta: np.ndarray) -> np.ndarray:
    """Return tip positions (..., 2) [m] of joint angles (..., 3) [rad]."""
    angles = np.cumsum(theta, axis=-1)
    return np.stack([(LINKS * np.cos(angles)).sum(-1), (LINKS * np.sin(angles)).sum(-1)], -1)


def errors(theta: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the distances (...) [m] between tips of theta (..., 3) and targets (..., 2)."""
    return np.linalg.norm(forward(theta) - targets, axis=-1)


def refine(theta: np.ndarray, targets: np.ndarray, num_steps: int) -> np.ndarray:
    """Return theta (n, 3) after damped least-squares steps towards targets (n, 2)."""
    for _ in range(num_steps):
        residual = targets - forward(theta)
        J = _jacobian(theta)  # (n, 2, 3)
        damping = DAMPING * np.square(residual).sum(-1) + LEAST_DAMPING
        A = J @ J.transpose(0, 2, 1) + damping[:, None, None] * np.eye(2)
        multipliers = np.linalg.solve(A, residual[..., None])
        theta = theta + (J.transpose(0, 2, 1) @ multipliers)[..., 0]
    return theta


def _jacobian(theta: np.ndarray) -> np.ndarray:
    """Return d forward / d theta (n, 2, 3)."""
    angles = np.cumsum(theta, axis=-1)
    links = np.stack([-LINKS * np.sin(angles), LINKS * np.cos(angles)], axis=1)  # (n, 2, 3)
    return links[..., ::-1].cumsum(-1)[..., ::-1]
