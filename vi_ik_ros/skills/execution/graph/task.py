# SPDX-License-Identifier: Apache-2.0
"""The frame that forces and motions of a skill are along, and the poses that it names."""

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.plants.scene.reading import Within
from vi_ik_ros.skills.plants.vectors.rotation_vectors import exp_so3

Direction = Annotated[tuple[float, float, float], Within(-1.0, 1.0, "")]
TARGETS = ("start", "hover", "aligned")


@dataclass(frozen=True)
class Task:
    """Directions in base_link.

    Attributes:
        z: the pushing direction, against the surface normal.
        x: the search direction, along the surface.
        hover: where the approach leads, from the start, along the task frame [m].
    """

    z: Direction
    x: Direction
    hover: Annotated[tuple[float, float, float], Within(-1.0, 1.0, "m")]

    def __post_init__(self) -> None:
        """Refuse directions that span no frame."""
        for name, vector in (("z", self.z), ("x", self.x)):
            if abs(math.hypot(*vector) - 1.0) > 1e-3:
                raise InvalidInput(f"task.{name}", list(vector), "a vector of length 1")
        if abs(np.dot(self.x, self.z)) > 1e-3:
            raise InvalidInput("task.x", list(self.x), "a direction at right angles to z")

    @property
    def R_base_task(self) -> np.ndarray:
        """Return the orientation (3, 3) of the task frame in base_link."""
        z = np.array(self.z) / math.hypot(*self.z)
        x = np.array(self.x) - z * np.dot(self.x, z)
        x /= np.linalg.norm(x)
        return np.column_stack([x, np.cross(z, x), z])

    def targets(self, T_base_start: np.ndarray) -> dict[str, np.ndarray]:
        """Return the poses (4, 4) in base_link that primitives may lead to, by name.

        Args:
            T_base_start: (4, 4) pose of the tool centre point where the episode begins.
        """
        R_base_task = self.R_base_task
        hover, aligned = T_base_start.copy(), T_base_start.copy()
        hover[:3, 3] += R_base_task @ self.hover
        turn = _shortest_turn(T_base_start[:3, 2], R_base_task[:, 2])
        aligned[:3, :3] = exp_so3(turn) @ T_base_start[:3, :3]
        return {"start": T_base_start.copy(), "hover": hover, "aligned": aligned}


def _shortest_turn(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the rotation vector (3,) that takes one unit vector to another."""
    axis, cosine = np.cross(a, b), float(a @ b)
    sine = float(np.linalg.norm(axis))
    if sine < 1e-12:  # parallel; a tool that points away from the surface is turned back about any
        other = np.cross(a, np.eye(3)[np.argmin(np.abs(a))])
        return np.zeros(3) if cosine > 0.0 else math.pi * other / np.linalg.norm(other)
    return axis * (math.atan2(sine, cosine) / sine)
