# SPDX-License-Identifier: Apache-2.0
"""Spheres that stand for the links of a robot."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.kinematic_state import KinematicState


@dataclass(frozen=True)
class LinkSphere:
    """A sphere fixed to a frame.

    Attributes:
        frame: the frame.
        offset: centre in the frame [m].
        radius: its radius [m], 0 for a point.
    """

    frame: str
    offset: tuple[float, ...]
    radius: float


def read_spheres(fields: Fields, robot: RobotModel) -> tuple[LinkSphere, ...]:
    """Read the list `spheres`, at least one {frame, offset (zero by default), radius}."""
    items = fields.children("spheres")
    if not items:
        fields.fail("spheres", "a list of at least one {frame, offset, radius}")
    return tuple(_read_sphere(item, robot) for item in items)


def _read_sphere(item: Fields, robot: RobotModel) -> LinkSphere:
    """Read one sphere."""
    item.allow("frame", "offset", "radius")
    frame = item.name("frame", robot.frame_names)
    offset, radius = item.numbers("offset", 3), item.numbers("radius", 1)
    if radius is None or radius[0] < 0.0:
        item.fail("radius", "a number of metres, 0 or more")
    return LinkSphere(frame, (0.0, 0.0, 0.0) if offset is None else offset, radius[0])


def sphere_centers(spheres: Sequence[LinkSphere], state: KinematicState) -> Tensor:
    """Return the centres in the root frame, (B, n, 3) [m]."""
    centers = []
    for sphere in spheres:
        T_root_frame = state.T_root_frame[sphere.frame]
        offset = T_root_frame[..., :3, :3] @ T_root_frame.new_tensor(sphere.offset)
        centers.append(T_root_frame[..., :3, 3] + offset)
    return torch.stack(centers, dim=-2)


def self_pairs(spheres: Sequence[LinkSphere], robot: RobotModel) -> tuple[tuple[int, int], ...]:
    """List the pairs that can come near: not on one link, not on links with a joint in common."""
    joints = [robot.frame(sphere.frame)[0] for sphere in spheres]
    parents = [robot.tree.joints[joint].parent if joint >= 0 else None for joint in joints]
    return tuple(
        (i, j)
        for i in range(len(spheres))
        for j in range(i + 1, len(spheres))
        if joints[i] != joints[j] and parents[i] != joints[j] and parents[j] != joints[i]
    )
