# SPDX-License-Identifier: Apache-2.0
"""Signed distances of the robot to obstacles and to itself, as one vector."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from vi_ik_ros.kinematics.chains.chain import Chain
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.kinematic_state import KinematicState, kinematic_state
from vi_ik_ros.sampling.experts.transforms.distance.collision_shapes import collision_shapes
from vi_ik_ros.sampling.experts.transforms.distance.link_shapes import (
    LinkShape,
    read_capsules,
    read_spheres,
    segments_in_root,
    self_pairs,
)
from vi_ik_ros.sampling.experts.transforms.distance.obstacles import (
    Obstacle,
    Sphere,
    read_obstacles,
)
from vi_ik_ros.sampling.experts.transforms.distance.segments import nearest_to_segment, point_at
from vi_ik_ros.sampling.experts.transforms.transform import Transform

COLLISION = "collision"  # the shapes of the URDF in place of a list of capsules
NUM_PROBES = 200  # random configurations that tell which of them always overlap


@dataclass(frozen=True)
class Distance(Transform):
    """Distances of link shapes to one obstacle after another, then between link shapes.

    Negative where two overlap. A `normal_cdf` with `lower: 0` keeps all of them apart. Where an
    obstacle reaches the middle line of a capsule, the deepest point of that line counts.

    Attributes:
        shapes: spheres and capsules on links.
        exposed: those that obstacles count for, n of them.
        obstacles: m solids in the root frame.
        pairs: shapes whose distance from each other counts too.
        num_random: how many distances a random subset has; None where there is no such wish.
        columns: the distances to compute, ascending; None for all of them.
    """

    unit: ClassVar[str] = "m"

    shapes: tuple[LinkShape, ...]
    exposed: tuple[int, ...]
    obstacles: tuple[Obstacle, ...] = ()
    pairs: tuple[tuple[int, int], ...] = ()
    num_random: int | None = None
    columns: tuple[int, ...] | None = None

    def __call__(self, state: KinematicState) -> Tensor:
        """Return the distances, (B, size) [m]."""
        starts, ends = segments_in_root(self.shapes, state)  # (B, n, 3)
        radii = starts.new_tensor([shape.radius for shape in self.shapes])
        n, distances = len(self.exposed), []
        for index, obstacle in enumerate(self.obstacles):
            rows = [self.exposed[i] for i in self._chosen(index * n, n)]
            if rows:
                points = starts[:, rows]
                if ends is not starts:
                    t = obstacle.nearest(points, ends[:, rows])
                    points = point_at(points, ends[:, rows], t)
                distances.append(obstacle.distance(points) - radii[rows])
        pairs = [self.pairs[i] for i in self._chosen(len(self.obstacles) * n, len(self.pairs))]
        if pairs:
            first, second = (list(column) for column in zip(*pairs, strict=True))
            apart = _gaps(starts, ends, first, second).norm(dim=-1)
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
        """Read `spheres`, `capsules`, `obstacles`, `self_distance` (false) and `num_random`.

        Shapes on one link, or on links that a joint connects, are not compared. With `capsules:
        collision` neither are the URDF's shapes that always overlap, nor obstacles with its base.
        """
        fields.allow("type", "spheres", "capsules", "obstacles", "self_distance", "num_random")
        shapes, obstacles = _read_shapes(fields, robot), read_obstacles(fields)
        with_self = fields.values.get("self_distance", False)
        if not isinstance(with_self, bool):
            fields.fail("self_distance", "true or false")
        pairs = self_pairs(shapes, robot) if with_self else ()
        exposed = tuple(range(len(shapes)))
        if fields.values.get("capsules") == COLLISION:
            pairs = _separable(cls(shapes, (), pairs=pairs), robot) if pairs else ()
            exposed = tuple(i for i in exposed if robot.frame(shapes[i].frame)[0] >= 0)
        if with_self and not pairs:
            fields.fail("self_distance", "shapes on two links that are no neighbours, or false")
        if not obstacles and not pairs:
            fields.fail("obstacles", "at least one obstacle, or self_distance: true")
        transform = cls(shapes, exposed, obstacles, pairs)
        if "num_random" not in fields.values:
            return transform
        num_random = fields.integer("num_random", 0)
        if not 1 <= num_random <= transform.size:
            fields.fail("num_random", f"a whole number from 1 to {transform.size}, all distances")
        return replace(transform, num_random=num_random)

    @property
    def conditionable(self) -> Mapping[str, int]:
        """The centres of spheres that the file leaves out."""
        return {
            f"obstacles[{index}].center": 3
            for index, obstacle in enumerate(self.obstacles)
            if isinstance(obstacle, Sphere) and obstacle.center is None
        }

    def conditioned(self, field: str, rows: Tensor) -> Self:
        """Return the transform with such a centre for each row, (B, 3) [m]."""
        filled = [
            replace(obstacle, center=rows)
            if isinstance(obstacle, Sphere) and field == f"obstacles[{index}].center"
            else obstacle
            for index, obstacle in enumerate(self.obstacles)
        ]
        return replace(self, obstacles=tuple(filled))

    @property
    def frames(self) -> tuple[str, ...]:
        """The frames of the shapes, each once."""
        return tuple(dict.fromkeys(shape.frame for shape in self.shapes))

    @property
    def size(self) -> int:
        """Number of distances."""
        if self.columns is not None:
            return len(self.columns)
        return len(self.exposed) * len(self.obstacles) + len(self.pairs)


def _read_shapes(fields: Fields, robot: RobotModel) -> tuple[LinkShape, ...]:
    """Read `spheres` and `capsules`, a list or the word for the shapes of the URDF."""
    shapes = read_spheres(fields, robot)
    if fields.values.get("capsules") == COLLISION:
        found = collision_shapes(robot)
        if not found:
            expected = "a list of {frame, start, end, radius}: the URDF has no cylinders and boxes"
            fields.fail("capsules", expected)
        return (*shapes, *found)
    shapes += read_capsules(fields, robot)
    if not shapes:
        fields.fail("spheres", f"at least one here or in capsules, or capsules: {COLLISION}")
    return shapes


def _separable(transform: Distance, robot: RobotModel) -> tuple[tuple[int, int], ...]:
    """Return the pairs that are apart in the ready posture and sometimes elsewhere."""
    uniform = np.random.default_rng(0).uniform(robot.lower, robot.upper, (NUM_PROBES, robot.nq))
    q = torch.from_numpy(np.concatenate([robot.ready[None], uniform]))
    with torch.no_grad():
        apart = transform(kinematic_state(Chain(robot, transform.frames), q)) > 0.0  # (N, p)
    kept = (apart[0] & apart[1:].any(0)).tolist()
    return tuple(pair for pair, keep in zip(transform.pairs, kept, strict=True) if keep)


def _gaps(starts: Tensor, ends: Tensor, first: list[int], second: list[int]) -> Tensor:
    """Return the shortest vectors (B, p, 3) between pairs of segments (B, n, 3)."""
    a, c = starts[:, first], starts[:, second]
    if ends is starts:
        return a - c
    b, d = ends[:, first], ends[:, second]
    s, t = nearest_to_segment(a, b, c, d)
    return point_at(a, b, s) - point_at(c, d, t)
