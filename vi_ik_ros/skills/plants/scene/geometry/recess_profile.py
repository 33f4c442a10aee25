# SPDX-License-Identifier: Apache-2.0
"""The path of a round tip across a plate and through its recess, by arc length."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from vi_ik_ros.kinematics.pose import pose_to_matrix
from vi_ik_ros.skills.plants.scene.scene import Scene


@dataclass(frozen=True)
class PathPoint:
    """A place of the tip's lowest point, in x and z of the plate.

    Attributes:
        x: across the recess, from its middle [m].
        z: above the surface [m].
        along_x: of the unit tangent, towards larger arc lengths.
        along_z: the same; the normal (-along_z, along_x) points away from the plate.
    """

    x: float
    z: float
    along_x: float
    along_z: float


@dataclass(frozen=True)
class RecessProfile:
    """Flat, round the edge, down the wall, along the floor, and the same up again.

    Arc length 0 is where the path begins to go round the first edge.

    Attributes:
        half_width: of the recess; 0: there is none [m].
        depth: of the recess [m].
        radius: of the tip [m].
        y_room: how far the tip may be from the middle, along the recess, to fit [m].
    """

    half_width: float
    depth: float
    radius: float
    y_room: float

    @classmethod
    def of(cls, scene: Scene) -> Self:
        """Return the profile that the tool of a drawn scene meets."""
        recess, tool = scene.recess, scene.tool
        R_base_plate = pose_to_matrix(np.array(scene.plate.pose))[:3, :3]
        R_base_tcp = pose_to_matrix(np.array(scene.start))[:3, :3]
        edge = R_base_plate.T @ R_base_tcp[:, 1]  # a turned blade is a wider one
        half_width = 0.5 * recess.width - 0.5 * tool.blade * abs(float(edge[0]))
        if recess.shape == "cross":  # the blade along x must meet the slot along x
            room = 0.5 * recess.width - tool.tip_radius
        else:
            room = 0.5 * (recess.length - tool.blade)
        return cls(max(0.0, half_width), recess.depth, tool.tip_radius, room)

    @property
    def flat(self) -> "RecessProfile":
        """The profile of a tip that misses the recess."""
        return RecessProfile(0.0, self.depth, self.radius, self.y_room)

    @cached_property
    def _pieces(self) -> tuple[float, float, float]:
        """Lengths of the arc round an edge, of a wall, and of half of the floor [m]."""
        if self.half_width <= self.radius:  # the tip rests on both edges
            return self.radius * math.asin(self.half_width / self.radius), 0.0, 0.0
        wall = max(0.0, self.depth - self.radius)
        return 0.5 * math.pi * self.radius, wall, self.half_width - self.radius

    def at(self, along: float) -> PathPoint:
        """Return the place at an arc length [m]."""
        middle = sum(self._pieces)
        if along > middle:  # the other half is its mirror image
            point = self._first_half(2.0 * middle - along)
            return PathPoint(-point.x, point.z, point.along_x, -point.along_z)
        return self._first_half(along)

    def touch(self, x: float, z: float) -> float | None:
        """Return the arc length where a tip at a place touches; None if it is free.

        Args:
            x: across the recess, from its middle [m].
            z: of the lowest point of the tip [m].
        """
        arc, wall, floor = self._pieces
        inside = self.half_width - abs(x)  # from the edge, towards the middle
        if inside <= 0.0 or self.half_width == 0.0:
            along, height = -max(0.0, -inside), 0.0
        elif inside >= self.radius:
            along, height = arc + wall + inside - self.radius, -self.depth
        elif z < -self.radius and floor > 0.0:  # pressed into a wall
            along, height = arc + min(wall, -self.radius - z), math.inf
        else:
            angle = math.asin(inside / self.radius)
            along, height = self.radius * angle, self.radius * (math.cos(angle) - 1.0)
        if self.half_width == 0.0:
            return None if z >= 0.0 else x
        if z >= height:
            return None
        return along if x <= 0.0 else 2.0 * (arc + wall + floor) - along

    def _first_half(self, along: float) -> PathPoint:
        """Return a place before the middle of the recess."""
        arc, wall, _ = self._pieces
        if along <= 0.0:
            return PathPoint(along - self.half_width, 0.0, 1.0, 0.0)
        if along <= arc:
            angle = along / self.radius
            s, c = math.sin(angle), math.cos(angle)
            return PathPoint(self.radius * s - self.half_width, self.radius * (c - 1.0), c, -s)
        x, z = self.radius - self.half_width, -self.radius
        if along <= arc + wall:
            return PathPoint(x, z - (along - arc), 0.0, -1.0)
        return PathPoint(x + along - arc - wall, -max(self.depth, self.radius), 1.0, 0.0)
