# SPDX-License-Identifier: Apache-2.0
"""The law that turns set-values and a measured wrench into a velocity."""

import numpy as np

from vi_ik_ros.skills.execution.control.check_set_values import check_set_values
from vi_ik_ros.skills.execution.control.control_settings import ControlSettings
from vi_ik_ros.skills.execution.control.set_values import SetValues
from vi_ik_ros.skills.execution.task_frame import require_rotation
from vi_ik_ros.skills.plants.plant import Twist
from vi_ik_ros.skills.plants.vectors.rotation_vectors import log_so3


class HybridForceVelocityController:
    """Tracks velocities on some axes of the task frame and regulates forces on others.

    v = S_v v_des + S_F K_P (F_des - F), Eq. (3.2), turned into base_link, Eq. (3.3). A plant adds
    the deviations that come of v to the pose commanded last. An axis that is in neither selection
    gets exactly 0, so it keeps that pose, whatever sensors say.

    New set-values come in over a linear ramp, beginning with the velocity and the wrench of the
    last command. An axis that is no longer selected for velocity stops at once.

    Args:
        R_base_task: (3, 3) columns are the axes of the task frame.
        control_period: between two commands [s].
        settings: ramp, and how fast a target pose is approached.
    """

    def __init__(
        self,
        R_base_task: np.ndarray,
        control_period: float,
        settings: ControlSettings | None = None,
    ) -> None:
        settings = settings or ControlSettings()
        self._R_base_task = require_rotation("R_base_task", R_base_task)
        self._rate = settings.pose_rate
        self._ramp_step = 1.0 / max(1, round(settings.ramp / control_period))
        self.reset()

    def reset(self) -> None:
        """Hold every axis; the next ramp begins at rest."""
        self._velocity, self._wrench = np.zeros(6), np.zeros(6)  # of the last command
        self.enter(SetValues.hold())

    def enter(self, set_values: SetValues) -> None:
        """Take new set-values.

        Raises:
            InvalidInput: they contradict themselves. A velocity and a force on one axis add up;
                who does not want that has `check_set_values` refuse it.
        """
        check_set_values(set_values, allow_feedforward=True)
        tracked, regulated = set_values.velocity_axes, set_values.force_axes
        self._tracked = tracked
        self._goal_velocity = np.where(tracked, set_values.velocity, 0.0)
        self._goal_wrench = np.where(regulated, set_values.wrench, 0.0)
        self._gain = np.where(regulated, set_values.gain, 0.0)
        self._T_base_target = set_values.T_base_target
        self._from_velocity = np.where(tracked, self._velocity, 0.0)
        self._from_wrench = np.where(regulated, self._wrench, 0.0)
        self._progress = 0.0  # along the ramp

    def command(self, T_base_tcp: np.ndarray, wrench: np.ndarray) -> Twist:
        """Return the velocity of the next control period, along the axes of base_link.

        Args:
            T_base_tcp: (4, 4) measured pose of the tool centre point.
            wrench: (6,) of the tool on the environment, in the task frame, fast-filtered [N, Nm].
        """
        velocity, force = self._goal_velocity, self._goal_wrench
        if self._T_base_target is not None:
            velocity = self._toward(self._T_base_target, T_base_tcp)
        if self._progress < 1.0:
            self._progress = share = min(1.0, self._progress + self._ramp_step)
            velocity = (1.0 - share) * self._from_velocity + share * velocity
            force = (1.0 - share) * self._from_wrench + share * force
        self._velocity, self._wrench = velocity, force
        v = velocity + self._gain * (force - wrench)
        return Twist(self._R_base_task @ v[:3], self._R_base_task @ v[3:])

    def _toward(self, T_base_target: np.ndarray, T_base_tcp: np.ndarray) -> np.ndarray:
        """Return the velocity (6,) along the tracked axes that leads to a pose."""
        R, tracked = self._R_base_task, self._tracked
        velocity = np.zeros(6)
        velocity[:3] = (T_base_target[:3, 3] - T_base_tcp[:3, 3]) @ R
        if tracked[3:].any():
            velocity[3:] = log_so3(T_base_target[:3, :3] @ T_base_tcp[:3, :3].T) @ R
        velocity = np.where(tracked, self._rate * velocity, 0.0)
        for triple in (slice(0, 3), slice(3, 6)):
            fastest = float(np.linalg.norm(self._goal_velocity[triple]))
            speed = float(np.linalg.norm(velocity[triple]))
            if speed > fastest:
                velocity[triple] *= fastest / speed
        return velocity
