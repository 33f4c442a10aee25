# SPDX-License-Identifier: Apache-2.0
"""Which configuration an arm has while its tool moves in small steps."""

import numpy as np

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.skills.plants.vectors.rotation_vectors import log_so3

MOST_ITERATIONS = 30
ENOUGH = 1e-10  # [m, rad], of a residual: nearer is of no use
DAMPING = 1e-5  # far below the singular values of a configuration that is usable
LONGEST_STEP = 0.3  # [rad], of one iteration: a longer one might end on another branch


class JointTracker:
    """Follows a flange by damped Gauss-Newton steps, each time from the configuration before.

    Args:
        robot: the arm; its tip is the flange.
        q: (nq,) where it begins [rad].

    Attributes:
        q: (nq,) the configuration now [rad].
    """

    def __init__(self, robot: RobotModel, q: np.ndarray) -> None:
        self._robot = robot
        self.q = np.array(q, dtype=np.float64)

    def follow(self, T_base_flange: np.ndarray) -> tuple[float, float]:
        """Move to where the flange is (4, 4).

        Returns:
            What is left of the distance [m] and of the angle [rad].
        """
        for _ in range(MOST_ITERATIONS):
            residual = self._residual(T_base_flange)
            if float(np.abs(residual).max()) < ENOUGH:
                break
            J = self._robot.jacobian(self.q)
            H = J @ J.T + DAMPING**2 * np.eye(6)
            step = J.T @ np.linalg.solve(H, residual)
            self.q += step * min(1.0, LONGEST_STEP / max(float(np.abs(step).max()), 1e-12))
        residual = self._residual(T_base_flange)
        return float(np.linalg.norm(residual[:3])), float(np.linalg.norm(residual[3:]))

    def least_singular_value(self) -> float:
        """Return the smallest singular value of the Jacobian (6, nq) in m and rad; 0: singular."""
        return float(np.linalg.svd(self._robot.jacobian(self.q), compute_uv=False)[-1])

    def beyond_limit(self) -> str | None:
        """Name a joint that is beyond a limit, with its angle and the limits."""
        robot = self._robot
        if robot.within_limits(self.q)[0]:
            return None
        limits = zip(robot.joint_names, self.q, robot.lower, robot.upper, strict=True)
        beyond = [
            f"{name} at {angle:.4f} rad, limits {low:g} to {high:g} rad"
            for name, angle, low, high in limits
            if not low <= angle <= high
        ]
        return beyond[0] if beyond else None

    def _residual(self, T_base_flange: np.ndarray) -> np.ndarray:
        """Return displacement and rotation vector (6,) that are missing, in base axes."""
        T = self._robot.forward(self.q)
        turn = log_so3(T_base_flange[:3, :3] @ T[:3, :3].T)
        return np.concatenate([T_base_flange[:3, 3] - T[:3, 3], turn])
