# SPDX-License-Identifier: Apache-2.0
"""What a primitive asks of the controller: the output of a node of the Moore graph."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

AXES = ("x", "y", "z", "rx", "ry", "rz")  # of the task frame, linear first


@dataclass(frozen=True)
class SetValues:
    """Set-values along the axes of the task frame, at the tool centre point.

    An axis is tracked in velocity, regulated in force, or held: it keeps the pose that was
    commanded last. With a target, the velocity leads to it along the selected axes, `velocity`
    being the fastest.

    Attributes:
        velocity: (6,) [m/s, rad/s].
        wrench: (6,) that the tool is to exert on the environment [N, Nm].
        gain: (6,) K_P, velocity per missing force [m/(s N), rad/(s Nm)], at least 0.
        velocity_axes: (6,) bool, selected for velocity.
        force_axes: (6,) bool, selected for force. On an axis of both, which a skill must allow, the
            velocity is fed forward: both add up.
        T_base_target: (4, 4) pose to lead to, or None.
    """

    velocity: np.ndarray = field(default_factory=lambda: np.zeros(6))
    wrench: np.ndarray = field(default_factory=lambda: np.zeros(6))
    gain: np.ndarray = field(default_factory=lambda: np.zeros(6))
    velocity_axes: np.ndarray = field(default_factory=lambda: np.zeros(6, dtype=bool))
    force_axes: np.ndarray = field(default_factory=lambda: np.zeros(6, dtype=bool))
    T_base_target: np.ndarray | None = None

    @classmethod
    def hold(cls) -> Self:
        """Return the set-values that hold every axis."""
        return cls()
