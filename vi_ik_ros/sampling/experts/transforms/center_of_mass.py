# SPDX-License-Identifier: Apache-2.0
"""The centre of mass of the robot, for balance."""

from dataclasses import dataclass
from typing import ClassVar, Self

import torch
from torch import Tensor

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.kinematic_state import KinematicState
from vi_ik_ros.sampling.experts.transforms.position import AXES
from vi_ik_ros.sampling.experts.transforms.transform import Transform


@dataclass(frozen=True)
class CenterOfMass(Transform):
    """Coordinates of the centre of mass of all moving links, in the axes of the root frame.

    Attributes:
        axes: which coordinates, of x, y, z.
        relative_to: frames from the middle of whose origins it is measured (both feet of a
            biped); empty to measure from the origin of the root frame.
    """

    unit: ClassVar[str] = "m"

    axes: tuple[str, ...] = AXES
    relative_to: tuple[str, ...] = ()

    def __call__(self, state: KinematicState) -> Tensor:
        """Return the coordinates, (B, len(axes)) [m]."""
        center = state.chain.center_of_mass(state.q)  # (B, 3)
        if self.relative_to:
            origins = [state.T_root_frame[frame][..., :3, 3] for frame in self.relative_to]
            center = center - torch.stack(origins).mean(dim=0)
        return center if self.axes == AXES else center[..., [AXES.index(a) for a in self.axes]]

    @classmethod
    def from_fields(cls, fields: Fields, robot: RobotModel) -> Self:
        """Read `axes` (all three by default) and `relative_to` (none by default)."""
        fields.allow("type", "axes", "relative_to")
        mass = robot.tree.base_mass + sum(joint.mass for joint in robot.tree.joints)
        if mass <= 0.0:
            fields.fail("type", f"a robot whose moving links have masses, unlike {robot.name}")
        axes = fields.names("axes", AXES, default=AXES)
        given = "relative_to" in fields.values
        return cls(axes, fields.names("relative_to", robot.frame_names) if given else ())

    @property
    def frames(self) -> tuple[str, ...]:
        """The frames that it is measured from."""
        return self.relative_to

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return len(self.axes)
