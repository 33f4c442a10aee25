# SPDX-License-Identifier: Apache-2.0
"""A simulation of a few lines of numpy: for tests, and as a cross-check of the one with MuJoCo."""

import cmath
import math

import numpy as np

from vi_ik_ros.kinematics.pose import pose_to_matrix
from vi_ik_ros.skills.plants.scene import Scene
from vi_ik_ros.skills.plants.scene.geometry.recess_profile import RecessProfile
from vi_ik_ros.skills.plants.scene.parts import Servo
from vi_ik_ros.skills.plants.simulated_plant import SimulatedPlant
from vi_ik_ros.skills.plants.vectors.rotation_vectors import exp_so3, log_so3

MOST_MOVES = 4  # of the tip along its profile, in one time step
LONGEST_MOVE = 2e-4  # [m]; a longer one could jump over an edge
HALVINGS = 12  # that a move ends with where its drive turns round, in a corner


class AnalyticPlant(SimulatedPlant):
    """A simulation without a physics engine.

    Args:
        scene: what is simulated.
        refinement: whole number by which the time step is divided.
    """

    def __init__(self, scene: Scene, *, refinement: int = 1) -> None:
        super().__init__(scene, SpringContact(), refinement=refinement)


class SpringContact:
    """A tip without mass, on springs, that rides along the profile of a recess with friction.

    The flange follows its reference with a second-order lag, and gives way to force like a mass
    on a servo of that lag. The tip moves across the recess in x and z of the plate; along y it
    only sticks and slides. The springs are taken along the axes of the plate, which is right while
    the tool stands upright.
    """

    def place(self, scene: Scene, time_step: float) -> None:
        """Put everything where it begins, at rest; see Contact."""
        self._T_base_start = pose_to_matrix(np.array(scene.start))
        self._T_base_plate = pose_to_matrix(np.array(scene.plate.pose))
        self._stiffness, self._friction = scene.tool.stiffness, scene.friction
        self._sensor_to_tip = scene.tool.sensor_to_tip
        self._recess = self._profile = RecessProfile.of(scene)
        self._lag = _lag(scene.servo, time_step)
        self._give = 1.0 / (scene.servo.mass * (2.0 * math.pi * scene.servo.frequency) ** 2)
        self._reference = np.zeros(6)  # from the start, in base: displacement, rotation vector
        self._flange, self._velocity = np.zeros(6), np.zeros(6)
        self._along: float | None = None  # arc length where the tip touches
        self._tip_y = self._pressed = 0.0
        self._force = np.zeros(3)  # of the plate on the tool, along the axes of the plate [N]

    def follow(self, displacement: np.ndarray, rotation: np.ndarray) -> None:
        """Take a new reference; see Contact."""
        self._reference[:3] = displacement
        self._reference[3:] = log_so3(rotation)

    def advance(self, num_steps: int) -> None:
        """Let time steps pass; see Contact."""
        (a, b), (c, d) = self._lag
        R, origin = self._T_base_plate[:3, :3], self._T_base_plate[:3, 3]
        start = (self._T_base_start[:3, 3] - origin) @ R
        for _ in range(num_steps):
            goal = self._reference.copy()
            goal[:3] += self._give * (R @ self._force)
            behind = self._flange - goal
            self._flange = goal + a * behind + b * self._velocity
            self._velocity = c * behind + d * self._velocity
            x, y, z = (start + self._flange[:3] @ R).tolist()
            self._touch(x, y, z)

    def wrench(self) -> np.ndarray:
        """Return force and torque of the plate on the tool; see Contact."""
        R_tcp_plate = self.T_base_tcp()[:3, :3].T @ self._T_base_plate[:3, :3]
        x, y, z = force = R_tcp_plate @ self._force
        lever = self._sensor_to_tip
        return np.array([x, y, z, -lever * force[1], lever * force[0], 0.0])

    def T_base_tcp(self) -> np.ndarray:
        """Return the pose that the robot knows; see Contact."""
        T = self._T_base_start.copy()
        T[:3, 3] += self._flange[:3]
        T[:3, :3] = exp_so3(self._flange[3:]) @ T[:3, :3]
        return T

    def _touch(self, x: float, y: float, z: float) -> None:
        """Find the force on a tip whose springs begin at a place of the plate's frame."""
        if self._along is None:
            fits = abs(y) <= self._recess.y_room or z < -self._recess.radius
            self._profile = self._recess if fits else self._recess.flat
            self._along, self._tip_y = self._profile.touch(x, z), y
        if self._along is not None:
            self._ride(x, z)
        if self._along is None:
            self._force = np.zeros(3)
            return
        kx, ky, kz = self._stiffness
        most = self._friction * self._pressed / ky  # of the spring along y, before the tip slides
        self._tip_y = min(y + most, max(y - most, self._tip_y))
        tip = self._profile.at(self._along)
        self._force = np.array([kx * (tip.x - x), ky * (self._tip_y - y), kz * (tip.z - z)])

    def _ride(self, x: float, z: float) -> None:
        """Move the tip along its profile until friction holds it, or it loses contact."""
        assert self._along is not None
        for _ in range(MOST_MOVES):
            drive, self._pressed = self._drive(self._along, x, z)
            if self._pressed < 0.0:
                self._along = None
                return
            if drive == 0.0:
                return
            softest = min(self._stiffness[0], self._stiffness[2])
            move = max(-LONGEST_MOVE, min(LONGEST_MOVE, drive / softest))
            self._along = self._until_it_turns(self._along, move, drive, (x, z))

    def _until_it_turns(
        self, along: float, move: float, drive: float, spring: tuple[float, float]
    ) -> float:
        """Return the end of a move, or where on it the drive changes its sign."""
        if self._drive(along + move, *spring)[0] * drive >= 0.0:
            return along + move
        for _ in range(HALVINGS):
            move *= 0.5
            if self._drive(along + move, *spring)[0] * drive >= 0.0:
                along += move
        return along

    def _drive(self, along: float, x: float, z: float) -> tuple[float, float]:
        """Return the force along the profile that friction cannot hold, and that into it [N]."""
        tip = self._profile.at(along)
        fx, fz = self._stiffness[0] * (x - tip.x), self._stiffness[2] * (z - tip.z)
        pressed = fx * tip.along_z - fz * tip.along_x
        pulled = fx * tip.along_x + fz * tip.along_z
        held = self._friction * max(0.0, pressed)
        return math.copysign(max(0.0, abs(pulled) - held), pulled), pressed


def _lag(servo: Servo, time_step: float) -> np.ndarray:
    """Return what maps distance to the reference and velocity to those a time step later."""
    omega, zeta = 2.0 * math.pi * servo.frequency, servo.damping_ratio
    tau, root = omega * time_step, cmath.sqrt(zeta * zeta - 1.0)
    sinh = (cmath.sinh(root * tau) / root).real if abs(root) > 1e-6 else tau
    cosh = cmath.cosh(root * tau).real
    rows = [[cosh + zeta * sinh, sinh / omega], [-omega * sinh, cosh - zeta * sinh]]
    return math.exp(-zeta * tau) * np.array(rows)
