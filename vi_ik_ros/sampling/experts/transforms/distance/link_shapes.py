# SPDX-License-Identifier: Apache-2.0
"""Spheres and capsules that stand for the links of a robot."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.kinematic_state import KinematicState


@dataclass(frozen=True)
class LinkShape:
    """All points within a radius of a segment fixed to a frame: a capsule, or a sphere.

    Attributes:
        frame: the frame.
        start: one end of the segment in the frame [m].
        end: the other end [m]; that of a sphere is its start, the centre.
        radius: [m], 0 for the segment or point itself.
    """

    frame: str
    start: tuple[float, ...]
    end: tuple[float, ...]
    radius: float


def read_spheres(fields: Fields, robot: RobotModel) -> tuple[LinkShape, ...]:
    """Read the list `spheres` of {frame, offset (zero by default), radius}, if it is there."""
    return tuple(_read_sphere(item, robot) for item in fields.children("spheres"))


def read_capsules(fields: Fields, robot: RobotModel) -> tuple[LinkShape, ...]:
    """Read the list `capsules` of {frame, start (zero by default), end, radius}, if it is there."""
    return tuple(_read_capsule(item, robot) for item in fields.children("capsules"))


def _read_sphere(item: Fields, robot: RobotModel) -> LinkShape:
    """Read one sphere."""
    item.allow("frame", "offset", "radius")
    frame = item.name("frame", robot.frame_names)
    center = item.numbers("offset", 3) or (0.0, 0.0, 0.0)
    return LinkShape(frame, center, center, _read_radius(item))


def _read_capsule(item: Fields, robot: RobotModel) -> LinkShape:
    """Read one capsule."""
    item.allow("frame", "start", "end", "radius")
    frame = item.name("frame", robot.frame_names)
    start, end = item.numbers("start", 3) or (0.0, 0.0, 0.0), item.numbers("end", 3)
    if end is None or end == start:
        item.fail("end", f"3 numbers other than those of start, {list(start)}; or a sphere")
    return LinkShape(frame, start, end, _read_radius(item))


def _read_radius(item: Fields) -> float:
    """Read `radius`."""
    radius = item.numbers("radius", 1)
    if radius is None or radius[0] < 0.0:
        item.fail("radius", "a number of metres, 0 or more")
    return radius[0]


def segments_in_root(shapes: Sequence[LinkShape], state: KinematicState) -> tuple[Tensor, Tensor]:
    """Return starts and ends of the segments in the root frame, each (B, n, 3) [m].

    Both are one tensor where all of the shapes are spheres.
    """
    T_root_frame = torch.stack([state.T_root_frame[shape.frame] for shape in shapes], dim=-3)
    R, p = T_root_frame[..., :3, :3], T_root_frame[..., :3, 3]

    def placed(points: Sequence[tuple[float, ...]]) -> Tensor:
        return p + (R @ R.new_tensor(points).unsqueeze(-1)).squeeze(-1)

    starts = placed([shape.start for shape in shapes])
    if all(shape.start == shape.end for shape in shapes):
        return starts, starts
    return starts, placed([shape.end for shape in shapes])


def self_pairs(shapes: Sequence[LinkShape], robot: RobotModel) -> tuple[tuple[int, int], ...]:
    """List the pairs that can come near: not on one link, not on links with a joint in common."""
    joints = [robot.frame(shape.frame)[0] for shape in shapes]
    parents = [robot.tree.joints[joint].parent if joint >= 0 else None for joint in joints]
    return tuple(
        (i, j)
        for i in range(len(shapes))
        for j in range(i + 1, len(shapes))
        if joints[i] != joints[j] and parents[i] != joints[j] and parents[j] != joints[i]
    )
