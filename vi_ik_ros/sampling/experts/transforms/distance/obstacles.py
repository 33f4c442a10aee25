# SPDX-License-Identifier: Apache-2.0
"""Convex obstacles in the root frame of the robot, each with its signed distance to points."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from vi_ik_ros.kinematics.rotation import matrix_from_quaternion
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.transforms.distance.segments import (
    nearest_to_box,
    nearest_to_point,
)


class Obstacle(ABC):
    """A convex solid in the root frame."""

    @abstractmethod
    def distance(self, points: Tensor) -> Tensor:
        """Return how far points (..., 3) are from the surface, negative inside, (...,) [m]."""

    @abstractmethod
    def nearest(self, start: Tensor, end: Tensor) -> Tensor:
        """Return t (...,) of the point of least `distance` on segments (..., 3)."""


@dataclass(frozen=True)
class Sphere(Obstacle):
    """A ball.

    Attributes:
        center: [m], or one for each row (B, 3); None until a context gives it.
        radius: [m].
    """

    center: tuple[float, ...] | Tensor | None
    radius: float

    def distance(self, points: Tensor) -> Tensor:
        """Return the distance from the centre less the radius."""
        return (points - self._center(points)).norm(dim=-1) - self.radius

    def nearest(self, start: Tensor, end: Tensor) -> Tensor:
        """Return t of the point nearest to the centre."""
        return nearest_to_point(start, end, self._center(start))

    def _center(self, points: Tensor) -> Tensor:
        """Return the centre as it compares with points (B, n, 3)."""
        assert self.center is not None, "a product fills every open centre"
        if isinstance(self.center, Tensor):
            return self.center.to(points).unsqueeze(-2)
        return points.new_tensor(self.center)

    @classmethod
    def from_fields(cls, fields: Fields) -> "Sphere":
        """Read `center` (a context gives it if it is absent) and `radius`."""
        fields.allow("type", "center", "radius")
        return cls(fields.numbers("center", 3), *fields.positive("radius", 1))


@dataclass(frozen=True)
class Box(Obstacle):
    """A cuboid.

    Attributes:
        pose: x y z qx qy qz qw of its middle [m, unit].
        size: whole lengths along its own axes [m].
    """

    pose: tuple[float, ...]
    size: tuple[float, ...]

    def distance(self, points: Tensor) -> Tensor:
        """Return the distance to the surface; inside, to the nearest face."""
        excess = self._local(points).abs() - 0.5 * points.new_tensor(self.size)
        return excess.clamp_min(0.0).norm(dim=-1) + excess.amax(dim=-1).clamp_max(0.0)

    def nearest(self, start: Tensor, end: Tensor) -> Tensor:
        """Return t of the point nearest to the box; of those inside, of the deepest."""
        half = 0.5 * start.new_tensor(self.size)
        return nearest_to_box(self._local(start), self._local(end), half)

    def _local(self, points: Tensor) -> Tensor:
        """Return points in the axes of the box, from its middle: R^T (p - center)."""
        pose = points.new_tensor(self.pose)
        return (points - pose[:3]) @ matrix_from_quaternion(pose[3:])

    @classmethod
    def from_fields(cls, fields: Fields) -> "Box":
        """Read `pose` (x y z, and qx qy qz qw unless aligned with the root) and `size`."""
        fields.allow("type", "pose", "size")
        value = fields.values.get("pose")
        short = isinstance(value, list | tuple) and len(value) == 3
        quaternion = None if short else slice(3, 7)
        pose = fields.numbers("pose", 3 if short else 7, quaternion=quaternion)
        if pose is None:
            fields.fail("pose", "x y z qx qy qz qw, or x y z")
        return cls((*pose, 0.0, 0.0, 0.0, 1.0)[:7], fields.positive("size", 3))


@dataclass(frozen=True)
class HalfSpace(Obstacle):
    """Everything on one side of a plane.

    Attributes:
        point: on the plane [m].
        normal: unit vector that points out of the solid.
    """

    point: tuple[float, ...]
    normal: tuple[float, ...]

    def distance(self, points: Tensor) -> Tensor:
        """Return the height above the plane."""
        return (points - points.new_tensor(self.point)) @ points.new_tensor(self.normal)

    def nearest(self, start: Tensor, end: Tensor) -> Tensor:
        """Return t of the lower end, 0 or 1."""
        with torch.no_grad():
            return (self.distance(end) < self.distance(start)).to(start.dtype)

    @classmethod
    def from_fields(cls, fields: Fields) -> "HalfSpace":
        """Read `point` and `normal` (of any length but 0)."""
        fields.allow("type", "point", "normal")
        normal = fields.numbers("normal", 3)
        length = 0.0 if normal is None else math.hypot(*normal)
        if normal is None or length == 0.0:
            fields.fail("normal", "a direction of 3 numbers that are not all 0")
        return cls(_point(fields, "point"), tuple(entry / length for entry in normal))


OBSTACLES: dict[str, type[Sphere] | type[Box] | type[HalfSpace]] = {
    "sphere": Sphere,
    "box": Box,
    "half_space": HalfSpace,
}


def read_obstacles(fields: Fields) -> tuple[Obstacle, ...]:
    """Read the list `obstacles`; none if it is absent."""
    return tuple(
        OBSTACLES[item.name("type", tuple(OBSTACLES))].from_fields(item)
        for item in fields.children("obstacles")
    )


def _point(fields: Fields, key: str) -> tuple[float, ...]:
    """Read a point."""
    point = fields.numbers(key, 3)
    if point is None:
        fields.fail(key, "3 finite numbers")
    return point
