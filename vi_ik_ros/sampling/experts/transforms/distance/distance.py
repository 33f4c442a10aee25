# SPDX-License-Identifier: Apache-2.0
"""Signed distances of the robot to obstacles and to itself, as one vector."""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import torch
from torch import Tensor

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.kinematic_state import KinematicState
from vi_ik_ros.sampling.experts.transforms.distance.link_spheres import (
    LinkSphere,
    read_spheres,
    self_pairs,
    sphere_centers,
)
from vi_ik_ros.sampling.experts.transforms.distance.obstacles import (
    Obstacle,
    read_obstacles,
)
from vi_ik_ros.sampling.experts.transforms.transform import Transform


@dataclass(frozen=True)
class Distance(Transform):
    """Distances of all link spheres to one obstacle after another, then between link spheres.

    Negative where two overlap. A `normal_cdf` with `lower: 0` keeps all of them apart.

    Attributes:
        spheres: n spheres on links.
        obstacles: m solids in the root frame.
        pairs: spheres whose distance from each other counts too.
        num_random: how many distances a random subset has; None where there is no such wish.
        columns: the distances to compute, ascending; None for all of them.
    """

    unit: ClassVar[str] = "m"

    spheres: tuple[LinkSphere, ...]
    obstacles: tuple[Obstacle, ...] = ()
    pairs: tuple[tuple[int, int], ...] = ()
    num_random: int | None = None
    columns: tuple[int, ...] | None = None

    def __call__(self, state: KinematicState) -> Tensor:
        """Return the distances, (B, size) [m]."""
        centers = sphere_centers(self.spheres, state)  # (B, n, 3)
        radii = centers.new_tensor([sphere.radius for sphere in self.spheres])
        n, distances = len(self.spheres), []
        for index, obstacle in enumerate(self.obstacles):
            rows = self._chosen(index * n, n)
            if rows:
                distances.append(obstacle.distance(centers[:, rows]) - radii[rows])
        pairs = [self.pairs[i] for i in self._chosen(len(self.obstacles) * n, len(self.pairs))]
        if pairs:
            first, second = (list(column) for column in zip(*pairs, strict=True))
            apart = (centers[:, first] - centers[:, second]).norm(dim=-1)
            distances.append(apart - radii[first] - radii[second])
        return torch.cat(distances, dim=-1)

    def selected(self, columns: tuple[int, ...]) -> Self:
        """Return the transform that computes some of the distances only."""
        return replace(self, columns=tuple(sorted(columns)))

    def _chosen(self, start: int, size: int) -> list[int]:
        """List which of `size` distances from `start` on are computed, counted from `start`."""
        if self.columns is None:
            return list(range(size))
        return [column - start for column in self.columns if start <= column < start + size]

    @classmethod
    def from_fields(cls, fields: Fields, robot: RobotModel) -> Self:
        """Read `spheres`, `obstacles`, `self_distance` (false by default) and `num_random`.

        Spheres on one link, or on links that a joint connects, are not compared.
        """
        fields.allow("type", "spheres", "obstacles", "self_distance", "num_random")
        spheres, obstacles = read_spheres(fields, robot), read_obstacles(fields)
        with_self = fields.values.get("self_distance", False)
        if not isinstance(with_self, bool):
            fields.fail("self_distance", "true or false")
        pairs = self_pairs(spheres, robot) if with_self else ()
        if with_self and not pairs:
            fields.fail("self_distance", "spheres on two links that are no neighbours, or false")
        if not obstacles and not pairs:
            fields.fail("obstacles", "at least one obstacle, or self_distance: true")
        transform = cls(spheres, obstacles, pairs)
        if "num_random" not in fields.values:
            return transform
        num_random = fields.integer("num_random", 0)
        if not 1 <= num_random <= transform.size:
            fields.fail("num_random", f"a whole number from 1 to {transform.size}, all distances")
        return replace(transform, num_random=num_random)

    @property
    def frames(self) -> tuple[str, ...]:
        """The frames of the spheres, each once."""
        return tuple(dict.fromkeys(sphere.frame for sphere in self.spheres))

    @property
    def size(self) -> int:
        """Number of distances."""
        if self.columns is not None:
            return len(self.columns)
        return len(self.spheres) * len(self.obstacles) + len(self.pairs)
