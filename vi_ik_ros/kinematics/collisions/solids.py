# SPDX-License-Identifier: Apache-2.0
"""Convex solids that stand in the root frame of a robot."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import coal
import numpy as np
import pinocchio as pin

from vi_ik_ros.kinematics.pose import pose_to_matrix


class Solid(ABC):
    """A convex solid in the root frame."""

    @abstractmethod
    def shape(self) -> coal.CollisionGeometry:
        """Return the shape about its own origin."""

    @abstractmethod
    def T_root_solid(self) -> pin.SE3:
        """Return where that origin is."""


@dataclass(frozen=True)
class Sphere(Solid):
    """A ball.

    Attributes:
        center: [m].
        radius: [m].
    """

    center: tuple[float, ...]
    radius: float

    def shape(self) -> coal.CollisionGeometry:
        """See `Solid`."""
        return coal.Sphere(self.radius)

    def T_root_solid(self) -> pin.SE3:
        """See `Solid`."""
        return pin.SE3(np.eye(3), np.array(self.center))


@dataclass(frozen=True)
class Box(Solid):
    """A cuboid.

    Attributes:
        pose: x y z qx qy qz qw of its middle [m, unit].
        size: whole lengths along its own axes [m].
    """

    pose: tuple[float, ...]
    size: tuple[float, ...]

    def shape(self) -> coal.CollisionGeometry:
        """See `Solid`."""
        return coal.Box(*self.size)

    def T_root_solid(self) -> pin.SE3:
        """See `Solid`."""
        pose = np.array(self.pose)
        pose[3:] /= np.linalg.norm(pose[3:])
        return pin.SE3(pose_to_matrix(pose))


@dataclass(frozen=True)
class HalfSpace(Solid):
    """Everything on one side of a plane.

    Attributes:
        point: on the plane [m].
        normal: points out of the solid; of any length but 0.
    """

    point: tuple[float, ...]
    normal: tuple[float, ...]

    def shape(self) -> coal.CollisionGeometry:
        """See `Solid`."""
        normal = np.array(self.normal) / np.linalg.norm(self.normal)
        return coal.Halfspace(normal, 0.0)

    def T_root_solid(self) -> pin.SE3:
        """See `Solid`."""
        return pin.SE3(np.eye(3), np.array(self.point))
