# SPDX-License-Identifier: Apache-2.0
"""The contact that the equations of the controller are about."""

from dataclasses import replace

import numpy as np

from vi_ik_ros.kinematics.pose import pose_to_matrix
from vi_ik_ros.skills.plants.scene import Scene
from vi_ik_ros.skills.plants.simulated_plant import SimulatedPlant


class IdealSpring:
    """A spring along z of base_link that pulls as well as it pushes, without mass or friction.

    The tool centre point is where its reference is, at once; at the start the spring is relaxed.

    Args:
        stiffness: [N/m].

    Attributes:
        displacement: (3,) of the tool since the start, along the axes of base_link [m].
        rotation: (3, 3) about them.
    """

    def __init__(self, stiffness: float) -> None:
        self.stiffness = stiffness
        self.displacement, self.rotation = np.zeros(3), np.eye(3)

    @property
    def force(self) -> float:
        """The force of the tool on the spring, positive downwards, without noise [N]."""
        return -self.stiffness * float(self.displacement[2])

    def place(self, scene: Scene, time_step: float) -> None:
        """Put everything where it begins, at rest; see Contact."""
        self._T_base_start = pose_to_matrix(np.array(scene.start))
        self.follow(np.zeros(3), np.eye(3))

    def follow(self, displacement: np.ndarray, rotation: np.ndarray) -> None:
        """Take a new reference; see Contact."""
        self.displacement, self.rotation = displacement.copy(), rotation.copy()

    def advance(self, num_steps: int) -> None:
        """Let time pass, in which nothing happens; see Contact."""

    def wrench(self) -> np.ndarray:
        """Return force and torque of the spring on the tool; see Contact."""
        force = self.T_base_tcp()[:3, :3].T @ (0.0, 0.0, self.force)
        return np.array([*force, 0.0, 0.0, 0.0])

    def T_base_tcp(self) -> np.ndarray:
        """Return the pose of the tool centre point; see Contact."""
        T = self._T_base_start.copy()
        T[:3, 3] += self.displacement
        T[:3, :3] = self.rotation @ T[:3, :3]
        return T


class SpringPlant(SimulatedPlant):
    """A plant on an ideal spring as stiff as the tool, with one sample a control period.

    Args:
        scene: of start, control rate, stiffness and noise.
        delay_ticks: control periods until a command has an effect.
        noisy: whether the sensor has the scene's noise.
    """

    def __init__(self, scene: Scene, delay_ticks: int, *, noisy: bool) -> None:
        self.spring = IdealSpring(scene.tool.stiffness[2])
        share = 1.0 if noisy else 0.0
        sensor = replace(
            scene.force_torque,
            rate=scene.control_rate,
            force_noise=share * scene.force_torque.force_noise,
            torque_noise=share * scene.force_torque.torque_noise,
        )
        super().__init__(replace(scene, force_torque=sensor, delay_ticks=delay_ticks), self.spring)
