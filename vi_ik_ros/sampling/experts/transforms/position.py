# SPDX-License-Identifier: Apache-2.0
"""The position of a point that is fixed in a frame of the robot."""

from dataclasses import dataclass
from typing import ClassVar, Self

from torch import Tensor

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.kinematic_state import KinematicState
from vi_ik_ros.sampling.experts.transforms.transform import Transform

AXES = ("x", "y", "z")


@dataclass(frozen=True)
class Position(Transform):
    """Coordinates of a point in the root frame of the robot.

    Attributes:
        frame: the frame that carries the point.
        axes: which coordinates in the root frame, of x, y, z.
        offset: the point in `frame` [m].
    """

    unit: ClassVar[str] = "m"

    frame: str
    axes: tuple[str, ...] = AXES
    offset: tuple[float, ...] = (0.0, 0.0, 0.0)

    def __call__(self, state: KinematicState) -> Tensor:
        """Return the coordinates, (B, len(axes)) [m]."""
        T_root_frame = state.T_root_frame[self.frame]
        point = T_root_frame[..., :3, 3]
        if any(self.offset):
            point = point + T_root_frame[..., :3, :3] @ point.new_tensor(self.offset)
        return point if self.axes == AXES else point[..., [AXES.index(a) for a in self.axes]]

    @classmethod
    def from_fields(cls, fields: Fields, robot: RobotModel) -> Self:
        """Read `frame`, `axes` (all three by default) and `offset` (none by default)."""
        fields.allow("type", "frame", "axes", "offset")
        frame = fields.name("frame", robot.frame_names)
        axes = fields.names("axes", AXES, default=AXES)
        offset = fields.numbers("offset", 3)
        return cls(frame, axes, (0.0, 0.0, 0.0) if offset is None else offset)

    @property
    def kind(self) -> str:
        """`position` when all coordinates are there, otherwise `vector`."""
        return "position" if self.axes == AXES else "vector"

    @property
    def frames(self) -> tuple[str, ...]:
        """The one frame."""
        return (self.frame,)

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return len(self.axes)
