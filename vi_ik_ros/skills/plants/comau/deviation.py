# SPDX-License-Identifier: Apache-2.0
"""From commanded velocities to the deviations that the controller adds to where it stands."""

import numpy as np

from vi_ik_ros.skills.plants.comau.parameters import ComauParameters
from vi_ik_ros.skills.plants.comau.wire.units import deviation_to_controller
from vi_ik_ros.skills.plants.plant import Twist
from vi_ik_ros.skills.plants.vectors.rotation_vectors import exp_so3


class Deviation:
    """Adds up velocities of the tool centre point and tells the flange's displacement.

    Positions are those commanded, never those measured: noise of the measurement is not added up,
    and a held tool stays where it was sent. A relative deviation counts from the last message, an
    absolute one from where the tracking was armed.

    Attributes:
        T_base_tcp: (4, 4) where the tool centre point is sent to.
    """

    def __init__(self, parameters: ComauParameters, T_base_flange: np.ndarray) -> None:
        """Begin where the flange stands.

        Args:
            parameters: of the controller.
            T_base_flange: (4, 4) when the tracking was armed.
        """
        self._parameters = parameters
        self._T_tcp_flange = np.linalg.inv(parameters.T_flange_tcp)
        self._T_from = np.array(T_base_flange)
        self._held = np.zeros(6)
        self.T_base_tcp = self._T_from @ parameters.T_flange_tcp

    @property
    def T_base_flange(self) -> np.ndarray:
        """Where the flange (4, 4) is sent to."""
        return self.T_base_tcp @ self._T_tcp_flange

    def add(self, twist: Twist, duration: float) -> bool:
        """Move by a velocity.

        Args:
            twist: of the tool centre point, finite.
            duration: [s].

        Returns:
            Whether a part of it was cut off, because rotations are not sent.
        """
        R = self.T_base_tcp[:3, :3]
        twist = twist.in_base(R)
        turns = self._parameters.rotation_order != "none"
        self.T_base_tcp = self.T_base_tcp.copy()
        self.T_base_tcp[:3, 3] += duration * twist.linear
        if turns:
            self.T_base_tcp[:3, :3] = exp_so3(duration * twist.angular) @ R
        return not turns and bool(np.any(twist.angular))

    def next_numbers(self) -> np.ndarray:
        """Return the numbers (6,) of the next message, in the controller's units."""
        T_from, T_to = self._T_from, self.T_base_flange
        if not self._parameters.absolute:
            self._T_from = T_to
        delta = np.eye(4)
        if self._parameters.deviation_frame == "flange":
            delta = np.linalg.inv(T_from) @ T_to
        else:
            delta[:3, :3] = T_to[:3, :3] @ T_from[:3, :3].T
            delta[:3, 3] = T_to[:3, 3] - T_from[:3, 3]
        order, unit = self._parameters.rotation_order, self._parameters.rotation_unit
        numbers = deviation_to_controller(delta, order, unit)
        if self._parameters.absolute:
            self._held = numbers
        return numbers

    def held_numbers(self) -> np.ndarray:
        """Return the numbers (6,) that move nothing: zeros, or the last absolute deviation."""
        return self._held
